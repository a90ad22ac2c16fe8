"""Whether images show that the fracture at the target level is active, healed, or contradict each other."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from cds_service.chart import Assertion, Basis, Chart, ImagingFinding, ImagingSign, Level, Modality, descending
from cds_service.facts.fracture.imaging import current, dated, day, described, evidence, recency
from cds_service.facts.fracture.target import target_levels
from cds_service.facts.shared.memo import computed_once
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge

_MARROW = (ImagingSign.OEDEMA, ImagingSign.UPTAKE)
_SHOW_MARROW = (Modality.MRI, Modality.NUCLEAR, Modality.OTHER)


class ActivityState(StrEnum):
    """What the newest images come to."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    CONFLICTING = "conflicting"


class Activity(Struct, frozen=True):
    """The verdict at some levels (none: the report names no level), the finding that decides it, and those that contradict it."""

    levels: frozenset[Level]
    verdict: ActivityState
    finding: ImagingFinding
    contrary: tuple[ImagingFinding, ...] = ()

    def stated(self, sign: str) -> str:
        """The sign with its source and the newest that differs: `Marrow oedema at T12, MRI 2026-11-12; MRI 2026-10-02 differs`."""
        differs = "".join(f"; {dated(seen)} differs" for seen in self.contrary[:1])
        return f"{sign}, {described(self.finding, beside=sign + differs)}{differs}"

    @property
    def explained(self) -> str:
        """What differs, and why it does not count; empty if nothing does."""
        if not self.contrary:
            return ""
        return f"{described(self.contrary[0])} differs; the newest day counts, and on one day a coded finding before a sentence."

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The finding that decides, and up to two that contradict it."""
        return (evidence(self.finding), *map(evidence, self.contrary[:2]))


@computed_once
def activity(chart: Chart, know: Knowledge) -> tuple[Activity, ...]:
    """One verdict for each target level of which a current image says anything; for every level named if there is no target.

    Marrow oedema or uptake speaks for an active fracture, their absence or healing against it. The newest day decides, on that day a
    coded finding before a sentence. Older than the window, before the fracture began, or not dated: it decides nothing.
    """
    return _merged(_at(level, chart, know) for level in _levels(chart, know))


def activity_elsewhere(chart: Chart, know: Knowledge) -> tuple[Activity, ...]:
    """Verdicts at levels that are named by current images but are not the target."""
    target = target_levels(chart)
    named = frozenset().union(*(item.levels for item in _signals(chart, know)))
    return _merged(_at(level, chart, know) for level in sorted(named - target) if target)


def _levels(chart: Chart, know: Knowledge) -> tuple[Level | None, ...]:
    target = target_levels(chart)
    if target:
        return tuple(descending(target))
    named = frozenset().union(*(item.levels for item in _signals(chart, know)))
    return tuple(descending(named)) or (None,)


@computed_once
def _signals(chart: Chart, know: Knowledge) -> tuple[ImagingFinding, ...]:
    return tuple(item for item in current(chart, know) if _speaks(item))


def _speaks(seen: ImagingFinding) -> bool:
    """Whether a finding says anything certain about activity; a CT or a radiograph cannot show or deny marrow oedema."""
    if seen.sign in _MARROW:
        return seen.assertion in (Assertion.PRESENT, Assertion.ABSENT) and seen.modality in _SHOW_MARROW
    return seen.sign is ImagingSign.HEALING and seen.assertion is Assertion.PRESENT


def _is_for(seen: ImagingFinding) -> bool:
    return seen.sign in _MARROW and seen.assertion is Assertion.PRESENT


def _at(level: Level | None, chart: Chart, know: Knowledge) -> Activity | None:
    everything = _signals(chart, know)
    there = [item for item in everything if level in item.levels or _is_whole(item, everything)]
    # A CT or radiograph that calls a fracture old does not stand against what an MRI or bone scan shows of the marrow.
    proof = [item for item in there if item.modality in _SHOW_MARROW] or there
    if not proof:
        return None
    newest = max(day(item) for item in proof)
    today = [item for item in proof if day(item) == newest]
    verdict, deciding = _verdict(today)
    contrary = tuple(item for item in sorted(proof, key=recency, reverse=True) if _is_for(item) != _is_for(deciding))
    return Activity(frozenset((level,)) if level else frozenset(), verdict, deciding, contrary)


def _is_whole(seen: ImagingFinding, everything: Iterable[ImagingFinding]) -> bool:
    """A statement without a level speaks of all levels, unless the same report speaks of levels one by one."""
    return not seen.levels and not any(
        other.levels
        and other.source.reference == seen.source.reference
        and (other.sign in _MARROW or seen.sign not in _MARROW)
        for other in everything
    )


def _verdict(items: list[ImagingFinding]) -> tuple[ActivityState, ImagingFinding]:
    """The verdict of one day's findings and the finding that decides it."""
    group = [item for item in items if item.basis is Basis.CODE] or items
    favour = sorted((item for item in group if _is_for(item)), key=recency)
    # A fracture that is healing and still shows oedema is active.
    sources = {item.source.reference for item in favour}
    against = sorted((item for item in group if not _is_for(item) and not _is_healing_of(item, sources)), key=recency)
    if not favour:
        return ActivityState.INACTIVE, against[-1]
    return ActivityState.CONFLICTING if against else ActivityState.ACTIVE, favour[-1]


def _is_healing_of(item: ImagingFinding, sources: set[str]) -> bool:
    return item.sign is ImagingSign.HEALING and item.source.reference in sources


def _merged(verdicts: Iterable[Activity | None]) -> tuple[Activity, ...]:
    """Levels that the same finding decides, together."""
    found: dict[tuple[object, ...], Activity] = {}
    for item in verdicts:
        if item is None:
            continue
        seen = item.finding
        key = (seen.source.reference, seen.sign, seen.assertion, seen.sentence, item.verdict)
        other = found.get(key)
        levels = item.levels | other.levels if other else item.levels
        found[key] = Activity(levels, item.verdict, item.finding, item.contrary)
    return tuple(found.values())
