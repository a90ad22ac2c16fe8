"""Whether the fracture speaks of fragile bone, and what was done about that: densitometry, treatment, referral."""

from cds_service.chart import (
    Chart,
    DrugUse,
    Modality,
    Reading,
    RequestedService,
    Section,
    State,
    Unknown,
    ValueSets,
    When,
)
from cds_service.facts.fracture.fractures import Fracture, current_fractures
from cds_service.facts.fracture.lesions import is_malignant
from cds_service.facts.shared.drugs import is_taken
from cds_service.facts.shared.person import age
from cds_service.knowledge import Knowledge

_NUMBERS = "shared/bone_health"


def fragility_fractures(chart: Chart, know: Knowledge) -> Reading[Fracture]:
    """Current vertebral fractures with osteoporosis on record, or of an age at which they are likely to be osteoporotic; and the gaps.

    None where the fracture is malignant, or a high-energy cause is on record without osteoporosis.
    """
    everything, gaps = current_fractures(chart)
    found = tuple(item for item in everything if not item.is_lesion)
    if not found or is_malignant(chart):
        return Reading((), gaps)
    fragile = _is_called_osteoporotic(found, chart)
    if not fragile:
        years, age_gaps = age(chart)
        gaps += (*chart.conditions_in(ValueSets.OSTEOPOROSIS).gaps, *age_gaps)
        old = any(item.least >= know.parameter(f"{_NUMBERS}.fragile_from").value for item in years)
        causes, _ = chart.conditions_in(ValueSets.HIGH_ENERGY_CAUSE)
        fragile = old and not any(item.state is State.ACTIVE for item in causes)
    return Reading(found if fragile else (), gaps)


def described(fractures: tuple[Fracture, ...], chart: Chart) -> tuple[str, str]:
    """What to call fragility fractures, osteoporotic only if the record does; and why they count if it does not, else empty."""
    if _is_called_osteoporotic(fractures, chart):
        return "Osteoporotic vertebral fracture", ""
    named = "".join(f"Vertebral fracture at {years} years" for years in age(chart).values)
    return (
        named,
        "Osteoporosis is not on record; a fracture at this age without a high-energy cause is taken as osteoporotic. ",
    )


def _is_called_osteoporotic(fractures: tuple[Fracture, ...], chart: Chart) -> bool:
    bone, _ = chart.conditions_in(ValueSets.OSTEOPOROSIS)
    return bool(bone) or any(ValueSets.FRACTURE_OSTEOPOROTIC in item.sets for item in fractures)


def last_densitometry(chart: Chart) -> Reading[When]:
    """When bone density was last measured, by a result or an imaging study, if that is on record."""
    measures = (ValueSets.DXA_STUDY, ValueSets.DXA_T_SCORE)
    dates = [item.when for name in measures for item in chart.measurements(name).values if item.when]
    dates += [item.when for item in chart.imaging_studies if item.modality is Modality.DXA and item.when]
    dates.sort(key=lambda when: when.last, reverse=True)
    missing = (*chart.gaps(Section.BONE_DENSITY, sets=measures), *chart.gaps(Section.IMAGING_STUDIES))
    return Reading(tuple(dates[:1]), (Unknown("bone densitometry", *missing),) if missing else ())


def treatments(chart: Chart, know: Knowledge) -> Reading[DrugUse]:
    """Drugs against osteoporosis that are taken, or were given as an infusion or injection that still acts; and the gaps."""
    lasts = know.parameter(f"{_NUMBERS}.injection_lasts").span
    found = tuple(
        use
        for use in chart.drugs_of("osteoporosis-therapy")
        if is_taken(use, chart) or (use.last_dose is not None and chart.as_of - use.last_dose.last <= lasts)
    )
    return Reading(found, chart.gap_unless_drugs_listed("treatment of osteoporosis"))


def referrals(chart: Chart) -> tuple[RequestedService, ...]:
    """Referrals to bone health services, and densitometry, that are already ordered."""
    return chart.requested_in(ValueSets.BONE_HEALTH_REFERRAL)
