"""What images show besides the fracture's activity: one finding a sign and level, and whether it is current."""

from collections.abc import Iterable

from msgspec import Struct

from cds_service.chart import Assertion, Basis, Certainty, Chart, ImagingFinding, ImagingSign, Reading, Section, spoken
from cds_service.facts.fracture import imaging
from cds_service.facts.fracture.quoting import quote
from cds_service.facts.shared.phrasing import hedged, shortened
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge
from cds_service.report_text.levels import read_levels

SECTIONS = (Section.IMAGING_REPORTS, Section.IMAGING_FINDINGS)
"""The sections that hold what images showed."""

_STATED = (Assertion.PRESENT, Assertion.UNCERTAIN)


class SignOnImage(Struct, frozen=True):
    """A sign that an image shows or suspects. `current` is false if the image is older than the window for images."""

    seen: ImagingFinding
    current: bool

    @property
    def certainty(self) -> Certainty:
        """Confirmed, or possible where the report doubts it."""
        return Certainty.CONFIRMED if self.seen.assertion is Assertion.PRESENT else Certainty.POSSIBLE

    @property
    def evidence(self) -> Evidence:
        """The element of the chart that says so."""
        return imaging.evidence(self.seen)

    def named(self, noun: str) -> str:
        """The sign for the `short` of a finding, such as `possible discitis at L1`."""
        return shortened(hedged(noun, self.certainty), self._where)

    def stated(self, noun: str, *, more: str = "") -> str:
        """The sign as a line of a card: `Cord compressed at L1, MRI 2026-11-12`; one that is only written in the words of the report."""
        words = quote(self.seen) if self.seen.basis is Basis.TEXT else ""
        note = "" if self.current else ", not current"
        if words and self.seen.levels.issubset(read_levels(words)):
            return imaging.described(self.seen, note)
        what = f"{noun}{more}{self._where}"
        return f"{what}, {imaging.described(self.seen, note, beside=f'Confirm: {what}')}"

    @property
    def _where(self) -> str:
        return f" at {spoken(self.seen.levels)}" if self.seen.levels else ""


def signs_on_images(chart: Chart, know: Knowledge, *signs: ImagingSign) -> Reading[SignOnImage]:
    """Signs that images show or suspect at any level, unless a newer image denies them.

    Of several sentences on one sign at the same levels a coded and a certain one goes first, then the newest. Signs of the neck alone
    are left out.
    """
    window = know.parameter(imaging.WINDOW).span
    groups: dict[tuple[ImagingSign, str], list[ImagingFinding]] = {}
    for seen in chart.imaging:
        if seen.sign in signs and seen.assertion in _STATED and not _of_neck(seen) and not _denied(seen, chart.imaging):
            groups.setdefault((seen.sign, spoken(seen.levels)), []).append(seen)
    best = [max(group, key=_rank) for _, group in sorted(groups.items())]
    found = tuple([SignOnImage(seen, seen.when is None or chart.as_of - seen.when.last <= window) for seen in best])
    return Reading(found, chart.gap_unless_whole("what images show", *SECTIONS))


def _of_neck(seen: ImagingFinding) -> bool:
    return bool(seen.levels) and all(level.startswith("C") for level in seen.levels)


def _denied(seen: ImagingFinding, others: Iterable[ImagingFinding]) -> bool:
    return any(
        other.sign is seen.sign
        and other.assertion is Assertion.ABSENT
        and other.when is not None
        and seen.when is not None
        and other.when.start > seen.when.last
        and (not other.levels or other.levels >= seen.levels > frozenset())
        for other in others
    )


def _rank(seen: ImagingFinding) -> tuple[bool, bool, float, str, str]:
    day = seen.when.last.timestamp() if seen.when else float("-inf")
    certain = seen.assertion is Assertion.PRESENT
    return (seen.basis is Basis.CODE, certain, day, seen.source.reference, seen.sentence)
