"""A parameter is a number that a rule uses, with its unit, source, locator, confidence and review date."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from cds_service.knowledge import files
from cds_service.knowledge.citations import Citation
from cds_service.knowledge.files import Table, Text, read, refer


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
_SPOKEN = {"d": "day", "wk": "week", "mo": "month", "a": "year"}
"""What people say for a unit of time; hours and minutes stay `h` and `min`."""


class Parameter(Struct, frozen=True, dict=True):
    """One number. `key` is `<file>.<name>`; `site_reason` is set when a site replaced the value and says why.

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

    @property
    def is_time(self) -> bool:
        """Whether its unit is a day or longer, which people write out."""
        return self.unit in _SPOKEN

    @cached_property
    def text(self) -> str:
        """The number with its unit as a card prints it: `84 days`, `48 h`, `66 %`."""
        if self.unit in ("1", "{score}"):
            return f"{self.value:g}"
        word = _SPOKEN.get(self.unit)
        unit = self.unit if word is None else word if self.value == 1 else f"{word}s"
        return f"{self.value:g} {unit}"


class RuleKnowledge(Struct, frozen=True):
    """One file of numbers, a rule's own or a shared one: its parameters, and its sources with locator.

    `shows` names the files whose numbers its page shows as a whole, `remarks` which words of the holds; `states` are those in which
    it applies, as postal codes. All three are mostly empty.
    """

    parameters: Mapping[str, Parameter]
    citations: Mapping[str, str]
    reviewed: date
    shows: tuple[str, ...] = ()
    remarks: str = ""
    states: tuple[str, ...] = ()


class _Number(Table, frozen=True, kw_only=True):
    """A number as the file has it; reviewed with the file unless it says when."""

    value: float
    unit: Text
    means: Text
    source: Text
    locator: Text
    confidence: Confidence
    stricter: Stricter | None = None
    reviewed: date | None = None


class _File(Table, frozen=True, kw_only=True):
    """The knowledge file of any rule."""

    reviewed: date
    citations: dict[str, Text] = field(default_factory=dict)
    parameters: dict[str, _Number] = field(default_factory=dict)
    shows: tuple[Text, ...] = ()
    remarks: Literal["", "differs", "restart"] = ""
    states: tuple[Annotated[str, Meta(min_length=2, max_length=2)], ...] = ()


def load(path: Path, place: str, citations: Mapping[str, Citation]) -> RuleKnowledge:
    """The numbers of one file; `place` is where in the knowledge it lies, such as `shared/pain`. Raises `KnowledgeError`."""
    file, name = read(path, _File), files.name(path)
    sources = dict(file.citations)
    for source in sources:
        cited(name, f"citations.{source}", source, citations)
    for key, number in file.parameters.items():
        sources.setdefault(cited(name, f"parameters.{key}.source", number.source, citations), number.locator)
    return RuleKnowledge(
        parameters={key: _parameter(f"{place}.{key}", item, file.reviewed) for key, item in file.parameters.items()},
        citations=sources,
        reviewed=file.reviewed,
        shows=file.shows,
        remarks=file.remarks,
        states=file.states,
    )


def cited(file: str, key: str, source: str, citations: Mapping[str, Citation]) -> str:
    """The source id itself, if it is a citation. Raises `KnowledgeError` otherwise."""
    return refer(file, key, source, citations, "source of citations.toml")


def _parameter(key: str, number: _Number, reviewed: date) -> Parameter:
    return Parameter(
        key=key,
        value=number.value,
        unit=number.unit,
        means=number.means,
        source=number.source,
        locator=number.locator,
        confidence=number.confidence,
        reviewed=number.reviewed or reviewed,
        stricter=number.stricter,
    )
