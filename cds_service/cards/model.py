"""Cards, suggestions and links as CDS Hooks defines them; in JSON whatever is empty is left out."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct, field

from cds_service.findings import Indicator, Topic

LONGEST_SUMMARY = 139


class TopicCoding(Struct, frozen=True):
    """A code with its system and what it means."""

    system: str
    code: str
    display: str


class Action(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One change that a suggestion makes: `create` or `update` with a whole resource, or `delete` with a reference."""

    type: str
    description: str = ""
    resource: Mapping[str, Any] = field(default_factory=dict)
    resource_id: str = ""


class Suggestion(Struct, frozen=True):
    """A button of a card. `key` names it within its card, so that a repeated call gives it the same uuid."""

    key: str
    label: str
    actions: tuple[Action, ...] = ()
    recommended: bool = False

    def json(self, card: UUID) -> dict[str, Any]:
        """As CDS Hooks writes it on a card."""
        return _full(label=self.label, uuid=uuid5(card, self.key), actions=self.actions, isRecommended=self.recommended)


class Link(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A page to open: `absolute`, or an app with its context by `smart`."""

    label: str
    url: str
    type: str
    app_context: str = ""


class CardSource(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The primary source of a card."""

    label: str
    url: str = ""
    topic: TopicCoding


class Card(Struct, frozen=True):
    """One card. `rules` are those that speak in its summary and its reasons, not those that it only names."""

    topic: Topic
    summary: str
    detail: str
    indicator: Indicator
    source: CardSource
    uuid: UUID
    suggestions: tuple[Suggestion, ...] = ()
    override_reasons: tuple[TopicCoding, ...] = ()
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
            indicator=self.indicator,
            source=self.source,
            suggestions=[item.json(self.uuid) for item in self.suggestions],
            selectionBehavior=behaviour if self.suggestions else "",
            overrideReasons=self.override_reasons,
            links=self.links,
            extension=self.extension,
        )


def _full(**members: Any) -> dict[str, Any]:
    """The members that are not empty: CDS Hooks allows neither null nor empty values (R-JSON-02, R-JSON-03)."""
    return {name: value for name, value in members.items() if value}
