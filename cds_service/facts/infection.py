"""Readings on infection that rules share: whether a diagnosis is recent, which antibiotics are taken, what a culture says."""

from collections.abc import Iterator

from cds_service.chart import Chart, Condition, DrugUse, Measurement, Missing, Reason, Section, Unknown, When
from cds_service.facts.drugs import is_taken
from cds_service.facts.gathered import gathered
from cds_service.knowledge import Knowledge

CULTURE_WINDOW = "systemic_infection.culture_window"
ACTIVE_FOR = "systemic_infection.active_for"
_GIVEN_WITHIN = "antibiotic_course.given_within"
_PROPHYLAXIS = "antibiotic-prophylaxis"
# A urinary antiseptic that is licensed to prevent infection, not to treat one.
_ONLY_PREVENTS = frozenset(("methenamine",))


def within(when: When | None, chart: Chart, know: Knowledge, key: str) -> bool:
    """Whether a date lies no further back from `as_of` than the span of a parameter; an undated one does not."""
    return when is not None and chart.as_of - when.last <= know.parameter(key).span


def recent(problem: Condition, chart: Chart, know: Knowledge) -> bool:
    """Whether an acute infection counts as current: begun, recorded or met in an encounter within the window, or without any date."""
    visits = [stay for stay in chart.encounters if stay.source.reference == problem.encounter]
    if any(stay.current for stay in visits):
        return True
    dates = [when for when in (problem.onset, problem.recorded, *(stay.when for stay in visits)) if when]
    return not dates or any(within(when, chart, know, ACTIVE_FOR) for when in dates)


def require_encounter(problem: Condition, chart: Chart) -> None:
    """Raise `Unknown` if the encounter of a diagnosis, which could make it recent, was not answered."""
    if problem.encounter:
        chart.require("when the encounter of an older infection was", Section.ENCOUNTER)


def antibiotics(chart: Chart, know: Knowledge) -> Iterator[DrugUse]:
    """Systemic antibiotics being taken, preventive ones included, one use a drug; then `Unknown` if the drug list has gaps.

    Of several uses of one drug, one that states its reason speaks for all.
    """
    ingredients, resources = set(), set()
    for use in sorted(chart.drugs_of("antibiotic"), key=lambda item: (not item.reasons, item.source.reference)):
        if not _course_goes_on(use, chart, know):
            continue
        if use.ingredient not in ingredients and use.source.reference not in resources:
            yield use
        ingredients.add(use.ingredient)
        resources.add(use.source.reference)
    chart.require_drug_list("whether an antibiotic is being taken")


def _course_goes_on(use: DrugUse, chart: Chart, know: Knowledge) -> bool:
    """A dose given lately is part of a course that goes on; a supply of long ago is none."""
    if use.source.type == "MedicationAdministration" and within(use.last_dose, chart, know, _GIVEN_WITHIN):
        return True
    supply = use.source.type == "MedicationDispense"
    return is_taken(use, chart) and not (supply and not within(use.stated, chart, know, ACTIVE_FOR))


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


def standing_blood_cultures(chart: Chart, know: Knowledge) -> Iterator[Measurement | Unknown]:
    """Positive blood cultures without a later negative one; as `Unknown` the recent ones that cannot be read as either, and gaps."""
    cultures, gaps = gathered(chart.measurements("blood-culture"))
    negative = [item.when.start for item in cultures if is_negative(item) and item.when]
    for culture in cultures:
        if is_positive(culture):
            if not culture.when or not any(later > culture.when.last for later in negative):
                yield culture
        elif not is_negative(culture) and within(culture.when, chart, know, CULTURE_WINDOW):
            reason = Reason.UNREADABLE if culture.answer else Reason.NOT_MEASURED
            yield Unknown(f"result of the blood culture of {culture.when}", Missing(Section.INFLAMMATION, reason))
    yield from gaps
