"""Readings on infection that rules share: whether a diagnosis is recent, which antibiotics are taken, what a culture says."""

from collections.abc import Iterator

from cds_service.chart import Chart, Condition, DrugUse, Measurement, UseStatus, When
from cds_service.knowledge import Knowledge

_PROPHYLAXIS = "antibiotic-prophylaxis"
# A urinary antiseptic that is licensed to prevent infection, not to treat one.
_ONLY_PREVENTS = frozenset(("methenamine",))


def within(when: When | None, chart: Chart, know: Knowledge, key: str) -> bool:
    """Whether a date lies no further back from `as_of` than the span of a parameter; an undated one does not."""
    return when is not None and chart.as_of - when.last <= know.parameter(key).span


def recent(problem: Condition, chart: Chart, know: Knowledge) -> bool:
    """Whether an acute infection counts as current: it began or was recorded within the window, or bears no date at all."""
    dates = [when for when in (problem.onset, problem.recorded) if when]
    return not dates or any(within(when, chart, know, "systemic_infection.active_for") for when in dates)


def antibiotics(chart: Chart, know: Knowledge) -> Iterator[DrugUse]:
    """Systemic antibiotics being taken, preventive ones included, one use a drug name; then `Unknown` if the drug list has gaps."""
    seen = set()
    for use in chart.drugs_of("antibiotic"):
        if use.name not in seen and not use.drafted and _taken(use, chart, know):
            seen.add(use.name)
            yield use
    chart.require_drug_list("whether an antibiotic is being taken")


def _taken(use: DrugUse, chart: Chart, know: Knowledge) -> bool:
    """Taken at `as_of`: not ended, or given so lately that the course is likely to go on."""
    given = use.source.type == "MedicationAdministration"
    if given and within(use.last_dose, chart, know, "antibiotic_course.given_within"):
        return True
    ended = use.status.ends_exposure or (use.end is not None and use.end.last < chart.as_of)
    return not ended and use.status is not UseStatus.INTENDED


def prevents(use: DrugUse) -> bool:
    """Whether an antibiotic is taken to prevent an infection, by its reason or by what it is licensed for."""
    return _PROPHYLAXIS in use.reasons or use.ingredient in _ONLY_PREVENTS


def may_treat(use: DrugUse, problem: Condition) -> bool:
    """Whether an antibiotic may be for this infection: its reason says so, or it gives none."""
    return not prevents(use) and (not use.reasons or not use.reasons.isdisjoint(problem.concept.sets))


def is_positive(result: Measurement) -> bool:
    """Whether a culture or a test was answered as positive."""
    return result.answer is not None and "result-positive" in result.answer.sets


def is_negative(result: Measurement) -> bool:
    """Whether a culture or a test was answered as negative."""
    return result.answer is not None and "result-negative" in result.answer.sets
