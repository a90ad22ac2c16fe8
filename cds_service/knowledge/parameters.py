"""A parameter is a number that a rule uses, with its unit, source, locator, confidence and review date."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from msgspec import Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.citations import Citation


class Confidence(StrEnum):
    """How surely the number stands in the source that it cites."""

    VERIFIED = "V1"
    SECOND_HAND = "V2"
    RECALLED_WELL_KNOWN = "M+"
    RECALLED = "M"
    POLICY = "POLICY"

    @property
    def caveat(self) -> str:
        """What a reader must be told about the number; empty when it was seen at its source or is common knowledge."""
        return _CAVEATS.get(self, "")


class Stricter(StrEnum):
    """In which direction a number that guards the patient gets stricter; `neither`: every change makes the rule less sure."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"


_CAVEATS = {
    Confidence.SECOND_HAND: "number seen second-hand, not checked at source",
    Confidence.RECALLED: "number not checked at source",
    Confidence.POLICY: "local policy default, no guideline gives a number",
}
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "wk": timedelta(weeks=1), "mo": timedelta(days=30.4375)}


class Parameter(Struct, frozen=True, dict=True):
    """One number. `key` is `<rule>.<name>`; `site_reason` is set when a site replaced the value and says why.

    `stricter` is set where a rule that guards the patient uses the number: a site may not weaken it without taking the risk on itself.
    """

    key: str
    value: float
    unit: str
    means: str
    source: str
    locator: str
    confidence: Confidence
    reviewed: date
    site_reason: str = ""
    stricter: Stricter | None = None

    def is_weaker(self, value: float) -> bool:
        """Whether this value in place of the number's own would make a rule that guards the patient more permissive."""
        lower, higher = value < self.value, value > self.value
        return {None: False, Stricter.LOWER: higher, Stricter.HIGHER: lower, Stricter.NEITHER: lower or higher}[
            self.stricter
        ]

    @cached_property
    def span(self) -> timedelta:
        """The value as a length of time; only for the units h, d, wk and mo."""
        return self.value * _SPANS[self.unit]

    @cached_property
    def shown(self) -> str:
        """The number with its unit as a card prints it."""
        return f"{self.value:g}" if self.unit in ("1", "{score}") else f"{self.value:g} {self.unit}"


class RuleKnowledge(Struct, frozen=True):
    """The knowledge file of one rule (or `shared`): its parameters, its sources with locator, and the value sets it reads."""

    parameters: Mapping[str, Parameter]
    citations: Mapping[str, str]
    value_sets: tuple[str, ...]
    extra: Mapping[str, Any]
    reviewed: date


_TOP = frozenset(("reviewed", "value_sets", "citations", "parameters"))
_KEYS = frozenset(("value", "unit", "means", "source", "locator", "confidence", "reviewed", "stricter"))


def parse(
    stem: str, tables: Mapping[str, Any], citations: Mapping[str, Citation], extra: frozenset[str] = frozenset()
) -> RuleKnowledge:
    """The knowledge of one rule from its file `<stem>.toml`. Raises `KnowledgeError`; `extra` names tables that another module reads."""
    file = f"{stem}.toml"
    files.only(file, "", tables, _TOP | extra)
    reviewed = files.member(file, "", tables, "reviewed", date)
    parameters = {
        name: _parameter(file, stem, name, table, reviewed, citations)
        for name, table in tables.get("parameters", {}).items()
    }
    cited: dict[str, str] = {}
    for source, locator in tables.get("citations", {}).items():
        known(file, f"citations.{source}", source, citations)
        cited[source] = files.member(file, "citations", {source: locator}, source, str)
    for item in parameters.values():
        cited.setdefault(item.source, item.locator)
    return RuleKnowledge(
        parameters=parameters,
        citations=cited,
        value_sets=tuple(tables.get("value_sets", ())),
        extra={name: tables[name] for name in extra if name in tables},
        reviewed=reviewed,
    )


def known(file: str, key: str, source: str, citations: Mapping[str, Citation]) -> str:
    """The source id itself, if it is a citation. Raises `KnowledgeError` otherwise."""
    if source not in citations:
        raise KnowledgeError(file, key, f"cites {source!r}, which citations.toml does not have")
    return source


def one_of(file: str, key: str, table: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """A member that must be one of a few words. Raises `KnowledgeError` otherwise."""
    word: str = files.member(file, key, table, name, str)
    if word not in allowed:
        raise KnowledgeError(file, f"{key}.{name}", f"{word!r} is none of {', '.join(allowed)}")
    return word


def confidence(file: str, key: str, table: Mapping[str, Any]) -> Confidence:
    """The confidence that a table states. Raises `KnowledgeError` for an unknown word."""
    return Confidence(one_of(file, key, table, "confidence", tuple(Confidence)))


def _parameter(
    file: str, stem: str, name: str, table: Mapping[str, Any], reviewed: date, citations: Mapping[str, Citation]
) -> Parameter:
    key = f"parameters.{name}"
    files.only(file, key, table, _KEYS)
    return Parameter(
        key=f"{stem}.{name}",
        value=float(files.member(file, key, table, "value", (int, float))),
        unit=files.member(file, key, table, "unit", str),
        means=files.member(file, key, table, "means", str),
        source=known(file, f"{key}.source", files.member(file, key, table, "source", str), citations),
        locator=files.member(file, key, table, "locator", str),
        confidence=confidence(file, key, table),
        reviewed=table.get("reviewed", reviewed),
        stricter=Stricter(one_of(file, key, table, "stricter", tuple(Stricter))) if "stricter" in table else None,
    )
