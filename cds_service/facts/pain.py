"""The latest pain scores, 0 to 10, and what the patient's setting asks of them."""

from datetime import datetime

from cds_service.chart import Chart, Missing, Precision, Reason, Section, Unknown
from cds_service.facts import labs
from cds_service.facts.gathered import gathered
from cds_service.facts.labs import Lab
from cds_service.facts.setting import Setting
from cds_service.knowledge import Knowledge, Parameter

_MEASURE, _WHAT = "pain-score", "pain score"
_WINDOW = {
    Setting.INPATIENT: "shared.pain_window_inpatient",
    Setting.OUTPATIENT: "shared.pain_window_outpatient",
}
_THRESHOLD = {Setting.INPATIENT: "shared.pain_inpatient", Setting.OUTPATIENT: "shared.pain_outpatient"}


def window(place: Setting, know: Knowledge) -> Parameter:
    """How old a score may be in a setting."""
    return know.parameter(_WINDOW[place])


def threshold(place: Setting, know: Knowledge) -> Parameter:
    """The lowest score that a setting asks for."""
    return know.parameter(_THRESHOLD[place])


def scores(chart: Chart, place: Setting, know: Knowledge) -> tuple[Lab, ...]:
    """The scores within the setting's window, newest first. Raises `Unknown` if there is none."""
    limit = window(place, know)
    everything, gaps = gathered(labs.history(chart, _MEASURE, _WHAT))
    found = tuple(score for score in everything if _is_within(score, chart.as_of, limit))
    if not everything:
        raise gaps[0]
    if not found:
        raise Unknown(f"{_WHAT}: the latest, {said(everything[0])}, is older than {limit.shown}", _NOT_MEASURED)
    return found


def said(score: Lab) -> str:
    """A score with its scale and date, such as `7 of 10 (2026-11-20)`."""
    return str(score).replace(" (", " of 10 (", 1)


def _is_within(score: Lab, at: datetime, limit: Parameter) -> bool:
    """A score dated by its day alone counts from that day's end."""
    taken = score.taken.last if score.taken.precision is Precision.DAY else score.taken.start
    return at - taken <= limit.span


_NOT_MEASURED = Missing(Section.PAIN, Reason.NOT_MEASURED)


def scores_since(chart: Chart, span: Parameter) -> tuple[Lab, ...]:
    """All scores within a span of time, newest first. It does not raise."""
    found, _ = gathered(labs.history(chart, _MEASURE, _WHAT))
    return tuple(score for score in found if _is_within(score, chart.as_of, span))
