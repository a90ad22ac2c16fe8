"""What the picture of a chart over time is made of: panels with lanes, lanes with marks, each mark with its times."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from cds_service.cards import wording
from cds_service.chart import Reason, Unknown, When
from cds_service.findings import Finding, Indicator, Kind, Result, Results
from cds_service.web.timeline.scale import Scale


class MarkShape(StrEnum):
    """What a mark means; its value is also its style."""

    POINT = "point"
    """A measurement or an image, at its time."""
    SPAN = "span"
    """A date that the chart gives only so exactly: it was somewhere in here."""
    DOSE = "dose"
    """The last dose."""
    TAKEN = "taken"
    """A drug is taken."""
    HOLD = "hold"
    """The interval that must pass."""
    CAUTION = "caution"
    """The interval in which the procedure is a caution."""
    LONGER = "longer"
    """The interval that other guidelines ask for."""
    WINDOW = "window"
    """The time for which a result counts."""
    PERHAPS = "perhaps"
    """The time for which it counts unless something that is missing shortens it."""
    ACUTE = "acute"
    SUBACUTE = "subacute"
    CHRONIC = "chronic"
    UNSURE = "unsure"
    """The age may be of more than one band."""


class Tone(StrEnum):
    """How a lane stands to the procedure; its value is also its style."""

    FOR = "for"
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    OPEN = "open"
    """Nothing is on record."""
    PLAIN = "plain"


class Mark(Struct, frozen=True):
    """Something at `start`, or from `start` to `end`; None where it goes on beyond what is drawn. `text` is written into it."""

    shape: MarkShape
    start: datetime | None
    end: datetime | None = None
    text: str = ""


def dated(when: When, text: str = "") -> Mark:
    """A point at an instant or a day; an interval where the chart knows only the month or the year."""
    if when.end - when.start <= timedelta(days=1):
        return Mark(MarkShape.POINT, when.start + (when.end - when.start) / 2, text=text)
    return Mark(MarkShape.SPAN, when.start, when.end, text)


class Lane(Struct, frozen=True):
    """One thing over time: what it is, its newest value and of when that is, its marks, and in words what they show."""

    name: str
    value: str = ""
    when: str = ""
    says: tuple[str, ...] = ()
    tone: Tone = Tone.PLAIN
    marks: tuple[Mark, ...] = ()


class Flag(Struct, frozen=True):
    """A moment that concerns all lanes of a panel: now, the procedure, when intervals have passed; `when` is its date and time."""

    name: str
    at: datetime
    style: str
    when: str
    means: str = ""


class Placed(Struct, frozen=True):
    """Where a mark is drawn, in percent of the line; `text` only if there is room for it."""

    shape: MarkShape
    x: float
    width: float
    text: str


class Panel(Struct, frozen=True):
    """Lanes on one line of time, with its flags in order of time."""

    id: str
    heading: str
    scale: Scale
    flags: tuple[Flag, ...]
    lanes: tuple[Lane, ...]

    @property
    def shapes(self) -> list[MarkShape]:
        """Which shapes are drawn, for the legend."""
        return sorted({mark.shape for lane in self.lanes for mark in self.placed(lane)})

    def placed(self, lane: Lane) -> Iterable[Placed]:
        """What is drawn of a lane: nothing of a mark that lies wholly beyond the line."""
        for mark in lane.marks:
            start, end = mark.start or self.scale.start, mark.end or (mark.start if _is_point(mark) else self.scale.end)
            if end is None or end < self.scale.start or start > self.scale.end:
                continue
            x = self.scale.place(start)
            width = round(self.scale.place(end) - x, 2)
            yield Placed(mark.shape, x, width, mark.text if _fits(mark, width) else "")


def _is_point(mark: Mark) -> bool:
    return mark.shape in (MarkShape.POINT, MarkShape.DOSE)


def _fits(mark: Mark, width: float) -> bool:
    """Whether there is room for the text on the narrowest page, where a letter takes about two percent of the line."""
    return _is_point(mark) or width >= 2.3 * len(mark.text) + 3


_TONES = {Indicator.CRITICAL: Tone.CRITICAL, Indicator.WARNING: Tone.WARNING, Indicator.INFO: Tone.INFO}


Found = tuple[tuple[Result, Finding], ...]
"""Findings, each with its result, most urgent first."""


def found(results: Iterable[Result]) -> Found:
    """What met results found."""
    pairs = [(item, item.finding) for item in results if item.finding is not None]
    return tuple(sorted(pairs, key=lambda pair: pair[0].indicator.rank if pair[0].indicator else 0))


def found_on(results: Results, references: Collection[str]) -> Found:
    """What was found on one of some results, information apart: their evidence begins with a result and names one of these."""
    against_or_for = [item for item in results.met if item.effect is not Kind.INFORMATION]
    return found([item for item in against_or_for if item.finding and _is_on(item.finding, references)])


def tone(pairs: Found) -> Tone:
    """How the most urgent of some findings stands to the procedure; `PLAIN` if there is none."""
    for result, _ in pairs:
        if result.effect is Kind.INDICATION:
            return Tone.FOR
        return _TONES[result.indicator or Indicator.INFO]
    return Tone.PLAIN


def lacking(gap: Unknown) -> str:
    """Why there is no value, in words."""
    if gap.reasons == {Reason.NOT_MEASURED}:
        return "none on record"
    parts: dict[Reason, dict[str, None]] = {}
    for item in gap.missing:
        parts.setdefault(item.reason, {})[wording.PARTS[item.section]] = None
    return "; ".join(wording.MISSING[reason].format(parts=", ".join(names)) for reason, names in parts.items())


_RESULTS = ("Observation/", "DiagnosticReport/", "ImagingStudy/")


def _is_on(finding: Finding, references: Collection[str]) -> bool:
    named = [item.source.reference for item in finding.evidence]
    return bool(named) and named[0].startswith(_RESULTS) and not set(references).isdisjoint(named)
