"""The latest pain scores, 0 to 10, and what the patient's setting asks of them."""

from datetime import datetime

from cds_service.chart import Answer, Chart, Missing, Precision, Reading, Reason, Section, Unknown, ValueSets
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.setting import Setting, possible_settings, setting
from cds_service.knowledge import Knowledge, Parameter

_MEASURE, _WHAT = ValueSets.PAIN_SCORE, "pain score"
_WINDOW = {
    Setting.INPATIENT: "shared/pain.pain_window_inpatient",
    Setting.OUTPATIENT: "shared/pain.pain_window_outpatient",
}
_THRESHOLD = {Setting.INPATIENT: "shared/pain.pain_inpatient", Setting.OUTPATIENT: "shared/pain.pain_outpatient"}


def window(place: Setting, know: Knowledge) -> Parameter:
    """How old a score may be in a setting."""
    return know.parameter(_WINDOW[place])


def threshold(place: Setting, know: Knowledge) -> Parameter:
    """The lowest score that a setting asks for."""
    return know.parameter(_THRESHOLD[place])


@computed_once
def scores(chart: Chart, know: Knowledge) -> Reading[Lab]:
    """The scores within the window of the patient's setting, newest first; of the shorter window if the setting is not known.

    The gap if there is none: never scored, not readable, too old, or within the longer window alone.
    """
    everything, gaps = labs.history(chart, _MEASURE, _WHAT)
    if not everything:
        return Reading((), gaps)
    limits = [window(place, know) for place in possible_settings(chart)]
    shortest, *longer = (tuple(item for item in everything if is_within(item, chart.as_of, one)) for one in limits)
    if shortest:
        return Reading(shortest)
    if any(longer):
        return Reading((), setting(chart).gaps)
    newer = Unknown(
        f"{_WHAT} (the latest, {phrase(everything[0])}, is older than {limits[-1].text})",
        Missing(Section.PAIN, Reason.NOT_MEASURED),
    )
    return Reading((), (*everything[0].doubts(), newer)[:1])


def scores_since(chart: Chart, span: Parameter) -> tuple[Lab, ...]:
    """All scores within a span of time, newest first."""
    found, _ = labs.history(chart, _MEASURE, _WHAT)
    return tuple(score for score in found if is_within(score, chart.as_of, span))


def was_never_scored(chart: Chart) -> bool:
    """Whether the scores were answered whole and there is none, nor a result that should be one."""
    return not chart.measurements(_MEASURE).values and chart.answer(Section.PAIN) is Answer.WHOLE


def phrase(score: Lab) -> str:
    """A score with its scale and date, such as `7 of 10 (2026-11-20)`."""
    number, _, dated = str(score).partition(" (")
    return f"{number} of 10 ({dated}"


def stated(score: Lab) -> str:
    """The same as a sentence of its own: `Pain 7 of 10, 2026-11-20`."""
    return f"Pain {phrase(score).replace(' (', ', ').rstrip(')')}"


def short(score: Lab) -> str:
    """The same for the `short` of a finding: `pain 7/10`."""
    return f"pain {score.quantity}/10"


def reaches(score: Lab, limit: float) -> Reading[bool]:
    """Whether a score reaches a limit; the gap if a comparator or two scores of the same time leave that open."""
    return _answered(labs.at_least(score, limit), score, limit)


def exceeds(score: Lab, limit: float) -> Reading[bool]:
    """Whether a score lies above a limit; the gap as in `reaches`."""
    return _answered(labs.above(score, limit), score, limit)


def _answered(answer: bool | None, score: Lab, limit: float) -> Reading[bool]:
    return Reading((), (_open(score, limit),)) if answer is None else Reading((answer,))


def _open(score: Lab, limit: float) -> Unknown:
    """The gap of a score of which nobody can tell on which side of a limit it lies."""
    beside = "".join(f" beside {rival.value:g}" for rival in score.rivals)
    return Unknown(f"pain of {phrase(score)}{beside} leaves the limit of {limit:g} open")


def is_within(score: Lab, at: datetime, limit: Parameter) -> bool:
    """Whether a score is at most so old; one dated by its day alone counts from that day's end."""
    taken = score.taken.last if score.taken.precision is Precision.DAY else score.taken.start
    return at - taken <= limit.span


def is_surely_little(score: Lab, limit: Parameter) -> bool:
    """Whether a score is at most the limit, whatever its comparator or a second score of the same time leaves open."""
    return labs.at_most(score, limit.value) is True
