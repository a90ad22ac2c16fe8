"""Which systemic antibiotics are taken, and for what."""

from collections.abc import Iterator

from cds_service.chart import Chart, Condition, DrugUse, Reading, ValueSets
from cds_service.facts.shared.drugs import is_taken
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.recency import lately
from cds_service.knowledge import Knowledge

_PROPHYLAXIS = ValueSets.ANTIBIOTIC_PROPHYLAXIS
# A urinary antiseptic that is licensed to prevent infection, not to treat one.
_ONLY_PREVENTS = frozenset(("methenamine",))


@computed_once
def antibiotics(chart: Chart, know: Knowledge) -> Reading[DrugUse]:
    """Antibiotics that are taken, preventive ones included, one use a drug; and the gap if the drug list has one.

    Of several uses of one drug, one that states its reason speaks for all.
    """
    gaps = chart.gap_unless_drugs_listed("whether an antibiotic is taken")
    return Reading(tuple(_taken(chart, know)), gaps)


def _taken(chart: Chart, know: Knowledge) -> Iterator[DrugUse]:
    seen: set[str] = set()  # one product may hold two ingredients: it is one use
    for use in sorted(chart.drugs_of("antibiotic"), key=lambda item: (not item.reasons, item.source.reference)):
        if _goes_on(use, chart, know):
            if seen.isdisjoint((use.ingredient, use.source.reference)):
                yield use
            seen.update((use.ingredient, use.source.reference))


def _goes_on(use: DrugUse, chart: Chart, know: Knowledge) -> bool:
    """A dose given lately is part of a course that goes on; a supply of long ago is none. Without a date neither is known to be over."""
    match use.source.type:
        case "MedicationAdministration" if use.last_dose:
            return lately(use.last_dose, chart, know.parameter("shared/infection.antibiotic_given_within"))
        case "MedicationDispense" if use.stated:
            supplied = know.parameter("shared/infection.antibiotic_supplied_within")
            return is_taken(use, chart) and lately(use.stated, chart, supplied)
    return is_taken(use, chart)


def prevents(use: DrugUse) -> bool:
    """Whether an antibiotic is taken to prevent an infection, by its reason or by what it is licensed for."""
    return _PROPHYLAXIS in use.reasons or use.ingredient in _ONLY_PREVENTS


def treats(use: DrugUse, problem: Condition) -> bool:
    """Whether an antibiotic is for this infection by its own reason, be it only to suppress it."""
    return not use.reasons.isdisjoint(problem.concept.sets)


def may_treat(use: DrugUse, problem: Condition) -> bool:
    """Whether an antibiotic may be for this infection: it says so, or states no reason and is no preventive one."""
    return not prevents(use) and (not use.reasons or treats(use, problem))
