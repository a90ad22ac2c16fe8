"""Whether images show that the fracture at the target level is active, healed, or contradict each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cds_service.chart import (
    Age,
    Assertion,
    Basis,
    Chart,
    ImagingFinding,
    ImagingSign,
    ImagingStudy,
    Level,
    Modality,
    ResultStatus,
    descending,
)
from cds_service.engine import Evidence
from cds_service.facts.fracture import path_of, target_levels
from cds_service.facts.fracture_age import onsets
from cds_service.facts.words import brief
from cds_service.knowledge import Knowledge

WINDOW = "shared.imaging_window"
"""How old an image may be to say anything about the fracture as it is now."""

_MARROW = (ImagingSign.OEDEMA, ImagingSign.UPTAKE)
_SHOW_MARROW = (Modality.MRI, Modality.NUCLEAR, Modality.OTHER)


class Verdict(StrEnum):
    """What the newest images come to."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class Activity:
    """The verdict at some levels (none: the report names no level), the finding that decides it, and those that contradict it."""

    levels: frozenset[Level]
    verdict: Verdict
    finding: ImagingFinding
    contrary: tuple[ImagingFinding, ...] = ()


def activity(chart: Chart, know: Knowledge) -> tuple[Activity, ...]:
    """One verdict for each target level of which a current image says anything; for every level named if there is no target.

    Marrow oedema or uptake speaks for an active fracture, their absence or healing against it. The newest day decides, on that day a
    coded finding before a sentence. Older than the window, before the fracture began, or not dated: it decides nothing.
    """
    return chart.once(activity, lambda: _merged(_at(level, chart, know) for level in _levels(chart, know)))


def activity_elsewhere(chart: Chart, know: Knowledge) -> tuple[Activity, ...]:
    """Verdicts at levels that are named by current images but are not the target."""
    target = target_levels(chart)
    named = frozenset[Level]().union(*(item.levels for item in _signals(chart, know)))
    return _merged(_at(level, chart, know) for level in sorted(named - target) if target)


def current(chart: Chart, know: Knowledge) -> tuple[ImagingFinding, ...]:
    """The dated findings that are neither older than the window nor older than the fracture, nor of a day to come."""
    return chart.once(current, lambda: tuple(_current(chart, know)))


def _current(chart: Chart, know: Knowledge) -> Iterator[ImagingFinding]:
    window = know.parameter(WINDOW)
    began = min((when.start for when in onsets(chart)), default=None)
    for seen in chart.imaging:
        if seen.when is None or not _was_made(seen, chart):
            continue
        if Age.since(seen.when, chart.as_of).is_within(window.value) and not (began and seen.when.last < began):
            yield seen


def _was_made(item: ImagingStudy | ImagingFinding, chart: Chart) -> bool:
    """Whether an image is not of a day to come; one without a date was made some time."""
    return item.when is None or item.when.start.astimezone(chart.as_of.tzinfo).date() <= chart.as_of.date()


def current_at_target(chart: Chart, know: Knowledge, *signs: ImagingSign) -> Iterator[ImagingFinding]:
    """Current findings of some signs at the target level or without a level, newest first."""
    target = target_levels(chart)
    there = (
        seen
        for seen in current(chart, know)
        if seen.sign in signs and (not seen.levels or not target or seen.levels & target)
    )
    return iter(sorted(there, key=_recency, reverse=True))


def evidence(seen: ImagingFinding) -> Evidence:
    """The element of the chart that holds a finding."""
    return Evidence(seen.source, path_of(seen), seen.when, seen.sentence)


def told(seen: ImagingFinding) -> str:
    """Where a finding comes from, for a sentence: `MRI of 2026-11-12, preliminary: "Oedema at T12."`."""
    early = ", preliminary" if seen.status is ResultStatus.PRELIMINARY else ""
    quote = f': "{brief(seen.sentence)}"' if seen.basis is Basis.TEXT and seen.sentence else ""
    return f"{dated(seen)}{early}{quote}"


def dated(item: ImagingStudy | ImagingFinding) -> str:
    """An image by its modality and day, such as `MRI of 2026-11-12`."""
    return f"{item.modality} of {item.when.start:%Y-%m-%d}" if item.when else f"{item.modality} without a date"


def _levels(chart: Chart, know: Knowledge) -> tuple[Level | None, ...]:
    target = target_levels(chart)
    if target:
        return tuple(descending(target))
    named = frozenset[Level]().union(*(item.levels for item in _signals(chart, know)))
    return tuple(descending(named)) or (None,)


def _signals(chart: Chart, know: Knowledge) -> tuple[ImagingFinding, ...]:
    return chart.once(_signals, lambda: tuple(item for item in current(chart, know) if _speaks(item)))


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
    newest = max(_day(item) for item in proof)
    today = [item for item in proof if _day(item) == newest]
    verdict, deciding = _verdict(today)
    contrary = tuple(item for item in sorted(proof, key=_recency, reverse=True) if _is_for(item) != _is_for(deciding))
    return Activity(frozenset((level,)) if level else frozenset(), verdict, deciding, contrary)


def _is_whole(seen: ImagingFinding, everything: Iterable[ImagingFinding]) -> bool:
    """A statement without a level speaks of all levels, unless the same report speaks of levels one by one."""
    return not seen.levels and not any(
        other.levels
        and other.source.reference == seen.source.reference
        and (other.sign in _MARROW or seen.sign not in _MARROW)
        for other in everything
    )


def _verdict(items: list[ImagingFinding]) -> tuple[Verdict, ImagingFinding]:
    """The verdict of one day's findings and the finding that decides it."""
    coded = [item for item in items if item.basis is Basis.CODE]
    for group in (coded, items):
        favour = sorted((item for item in group if _is_for(item)), key=_recency)
        against = sorted((item for item in group if not _is_for(item)), key=_recency)
        # A fracture that is healing and still shows oedema is active.
        sources = {item.source.reference for item in favour}
        against = [
            item for item in against if item.sign is not ImagingSign.HEALING or item.source.reference not in sources
        ]
        if favour and not against:
            return Verdict.ACTIVE, favour[-1]
        if against and not favour:
            return Verdict.INACTIVE, against[-1]
        if favour:
            return Verdict.CONFLICTING, favour[-1]
    raise AssertionError("a day without findings has no verdict")


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


def _day(seen: ImagingFinding) -> str:
    return seen.when.last.strftime("%Y-%m-%d") if seen.when else ""


def _recency(seen: ImagingFinding) -> tuple[str, str, str, str]:
    """Newest last; equal days fall back on what is said, so that the order of the resources never matters."""
    return (_day(seen), seen.source.reference, seen.sign, seen.sentence)


def examinations(chart: Chart) -> tuple[ImagingStudy | ImagingFinding, ...]:
    """Everything that tells of an image of the spine: the studies, and the findings, whose study may not be on record."""
    everything: tuple[ImagingStudy | ImagingFinding, ...] = (*chart.imaging_studies, *chart.imaging)
    return tuple(item for item in everything if _was_made(item, chart))


def examined(item: ImagingStudy | ImagingFinding) -> Evidence:
    """The element of the chart that tells that an examination was made."""
    path = "modality" if item.source.type == "ImagingStudy" else "effective"
    return Evidence(item.source, path, item.when, item.modality)
