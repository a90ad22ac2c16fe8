"""Which vertebral fractures and lesions are on record, past ones included."""

from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import (
    Assertion,
    Basis,
    Certainty,
    Chart,
    Concept,
    Condition,
    Episode,
    ImagingFinding,
    ImagingSign,
    Level,
    Reading,
    Section,
    Source,
    State,
    ValueSets,
    When,
    spoken,
)
from cds_service.facts.shared.memo import computed_once
from cds_service.findings import Evidence

IMAGING = (Section.IMAGING_STUDIES, Section.IMAGING_REPORTS, Section.IMAGING_FINDINGS)
"""The sections that tell what images showed."""
FRACTURE_SECTIONS = (Section.CONDITIONS, *IMAGING)
"""The sections that can hold a fracture."""

NO_LEVEL = "a level not stated"
"""Stands for the levels in a sentence where the record names none."""

_FRACTURE = ValueSets.VERTEBRAL_FRACTURE
_NO_SITE = ValueSets.FRACTURE_UNSPECIFIED_SITE
_LESIONS = frozenset((ValueSets.VERTEBRAL_NEOPLASM, ValueSets.VERTEBRAL_OSTEONECROSIS))
_OVER = ValueSets.FRACTURE_HISTORY


class Fracture(Struct, frozen=True):
    """A vertebral fracture, or a lesion that weakens a vertebra, as one resource records it.

    `onset` is when it began; `seen` is when somebody wrote it down or an image showed it: it is at least that old. `image` is that
    image; None for a diagnosis.
    """

    source: Source
    path: str
    text: str
    sets: frozenset[str]
    levels: frozenset[Level]
    current: bool
    certainty: Certainty
    basis: Basis
    onset: When | None = None
    seen: When | None = None
    episode: Episode | None = None
    image: ImagingFinding | None = None

    @property
    def is_lesion(self) -> bool:
        """Whether it is a lesion without a fracture on record."""
        return _FRACTURE not in self.sets and _NO_SITE not in self.sets

    @property
    def evidence(self) -> Evidence:
        """The element of the chart that records it."""
        return Evidence(self.source, self.path, self.onset or self.seen, self.text)


@computed_once
def fractures(chart: Chart) -> Reading[Fracture]:
    """Every fracture and lesion on record, past ones included; and the gap if conditions or imaging have one."""
    gaps = chart.gap_unless_whole("whether a vertebral fracture is on record", *FRACTURE_SECTIONS)
    return Reading(tuple(_found(chart)), gaps)


@computed_once
def current_fractures(chart: Chart) -> Reading[Fracture]:
    """Those that are not recorded as past; and the gap as in `fractures`."""
    return fractures(chart).where(lambda item: item.current)


def none_on_record(chart: Chart) -> bool:
    """Whether a whole record names no fracture and no lesion, not even a past one: nothing of it can be asked then."""
    found, gaps = fractures(chart)
    return not found and not gaps


def _found(chart: Chart) -> Iterator[Fracture]:
    for problem in chart.conditions:
        if _counts(problem.concept.sets, problem.levels):
            yield _of_condition(problem)
    for reason in chart.order.reasons:
        if _counts(reason.sets, reason.levels):
            yield _of_reason(chart, reason)
    for seen in chart.imaging:
        if seen.assertion in (Assertion.PRESENT, Assertion.UNCERTAIN) and _shows(seen):
            yield _of_image(seen, healed=_is_called_healed(seen, chart))


def _counts(sets: frozenset[str], levels: frozenset[Level]) -> bool:
    """A code that names no vertebra counts only with a level, and the level must not be of the neck or sacrum alone."""
    if _FRACTURE in sets or ValueSets.VERTEBRAL_OSTEONECROSIS in sets:
        return True
    return not sets.isdisjoint((_NO_SITE, _OVER, *_LESIONS)) and any(level[0] in "TL" for level in levels)


def _of_condition(problem: Condition) -> Fracture:
    concept = problem.concept
    past = _OVER in concept.sets or concept.episode is Episode.SEQUELA or problem.state is not State.ACTIVE
    return Fracture(
        source=problem.source,
        path="code",
        text=concept.text,
        sets=concept.sets,
        levels=problem.levels,
        current=not past,
        certainty=problem.certainty,
        basis=concept.basis,
        onset=problem.onset,
        seen=problem.recorded,
        episode=concept.episode,
    )


def _of_reason(chart: Chart, reason: Concept) -> Fracture:
    reference = next(iter(chart.order.references), "the order")
    return Fracture(
        source=Source(reference),
        path="reasonCode",
        text=reason.text,
        sets=reason.sets,
        levels=reason.levels,
        current=_OVER not in reason.sets and reason.episode is not Episode.SEQUELA,
        certainty=Certainty.POSSIBLE if reason.basis is Basis.TEXT and "?" in reason.text else Certainty.CONFIRMED,
        basis=reason.basis,
        episode=reason.episode,
    )


def _shows(seen: ImagingFinding) -> bool:
    if seen.sign is ImagingSign.FRACTURE:
        return True
    return seen.sign is ImagingSign.MALIGNANCY and bool(seen.levels) and seen.assertion is Assertion.PRESENT


def _of_image(seen: ImagingFinding, *, healed: bool) -> Fracture:
    return Fracture(
        source=seen.source,
        path=path_of(seen),
        text=seen.sentence,
        sets=frozenset((_FRACTURE if seen.sign is ImagingSign.FRACTURE else ValueSets.VERTEBRAL_NEOPLASM,)),
        levels=seen.levels,
        current=not healed,
        certainty=Certainty.CONFIRMED if seen.assertion is Assertion.PRESENT else Certainty.POSSIBLE,
        basis=seen.basis,
        seen=seen.when,
        image=seen,
    )


def _is_called_healed(seen: ImagingFinding, chart: Chart) -> bool:
    """Whether the same report calls that fracture old or healed."""
    return any(
        other.sign is ImagingSign.HEALING
        and other.assertion is Assertion.PRESENT
        and other.source == seen.source
        and other.levels == seen.levels
        for other in chart.imaging
    )


def path_of(seen: ImagingFinding) -> str:
    """The element of the resource that holds an imaging finding."""
    if seen.source.type == "Observation":
        return "value"
    return "conclusionCode" if seen.basis is Basis.CODE else "conclusion"


_FEW_LEVELS = 3


def summed(items: tuple[Fracture, ...]) -> str:
    """Fractures, or lesions, in few words: `T12 fracture`, `vertebral lesion`, or `fractures of 4 vertebrae`."""
    levels = frozenset().union(*(item.levels for item in items))
    noun = "lesion" if all(item.is_lesion for item in items) else "fracture"
    if len(levels) > _FEW_LEVELS:
        return f"{noun}s of {len(levels)} vertebrae"
    return f"{spoken(levels) or 'vertebral'} {noun}"


def named(items: tuple[Fracture, ...]) -> str:
    """The levels of fractures for a sentence, such as `T12, L1`, or `a level not stated`."""
    return spoken(frozenset().union(*(item.levels for item in items))) or NO_LEVEL
