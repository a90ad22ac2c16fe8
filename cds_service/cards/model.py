"""Cards, suggestions and links as CDS Hooks defines them; turning one into JSON leaves out whatever is empty."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from cds_service.engine import Indicator, Topic

LONGEST_SUMMARY = 139


class Coding(Struct, frozen=True):
    """A code with its system and what it means."""

    system: str
    code: str
    display: str

    def json(self) -> dict[str, str]:
        """As CDS Hooks writes it."""
        return {"system": self.system, "code": self.code, "display": self.display}


class Action(Struct, frozen=True):
    """One change that a suggestion makes: `create` or `update` with a whole resource, or `delete` with a reference."""

    type: str
    description: str
    resource: Mapping[str, Any] = field(default_factory=dict)
    resource_id: str = ""

    def json(self) -> dict[str, Any]:
        """As CDS Hooks writes it."""
        return _full(type=self.type, description=self.description, resource=self.resource, resourceId=self.resource_id)


class Suggestion(Struct, frozen=True):
    """A button of a card. `key` names it within its card, so that a repeated call gives it the same uuid."""

    key: str
    label: str
    actions: tuple[Action, ...] = ()
    recommended: bool = False
    uuid: str = ""

    def json(self) -> dict[str, Any]:
        """As CDS Hooks writes it."""
        actions = [action.json() for action in self.actions]
        recommended = {"isRecommended": True} if self.recommended else {}
        return _full(label=self.label, uuid=self.uuid, actions=actions) | recommended


class Link(Struct, frozen=True):
    """A page to open."""

    label: str
    url: str
    type: str = "absolute"
    app_context: str = ""

    def json(self) -> dict[str, str]:
        """As CDS Hooks writes it."""
        return _full(label=self.label, url=self.url, type=self.type, appContext=self.app_context)


class Source(Struct, frozen=True):
    """The primary source of a card."""

    label: str
    url: str
    topic: Coding


class Card(Struct, frozen=True):
    """One card. `rules` are the rules whose findings it shows."""

    topic: Topic
    summary: str
    detail: str
    indicator: Indicator
    source: Source
    uuid: str
    suggestions: tuple[Suggestion, ...] = ()
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    rules: tuple[str, ...] = ()
    extension: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """As CDS Hooks writes it."""
        behaviour = "any" if len(self.suggestions) > 1 else "at-most-one"
        return _full(
            uuid=self.uuid,
            summary=self.summary,
            detail=self.detail,
            indicator=str(self.indicator),
            source=_full(label=self.source.label, url=self.source.url, topic=self.source.topic.json()),
            suggestions=[item.json() for item in self.suggestions],
            selectionBehavior=behaviour if self.suggestions else "",
            overrideReasons=[item.json() for item in self.override_reasons],
            links=[item.json() for item in self.links],
            extension=self.extension,
        )


def _full(**members: Any) -> dict[str, Any]:
    """The members that are not empty: CDS Hooks allows neither null nor empty values (R-JSON-02, R-JSON-03)."""
    return {name: value for name, value in members.items() if value}
