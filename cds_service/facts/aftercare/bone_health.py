"""Whether the fracture speaks of fragile bone, and what was done about that: densitometry, treatment, referral."""

from cds_service.chart import Chart, DrugUse, Modality, RequestedService, Section, State, Unknown, ValueSets, When
from cds_service.facts.fracture.fractures import Fracture, current_fractures
from cds_service.facts.fracture.lesions import is_malignant
from cds_service.facts.shared.drugs import is_taken
from cds_service.facts.shared.gaps import attempted, gathered
from cds_service.facts.shared.person import age
from cds_service.knowledge import Knowledge

_NUMBERS = "shared/bone_health"


def fragility_fractures(chart: Chart, know: Knowledge) -> tuple[tuple[Fracture, ...], tuple[Unknown, ...]]:
    """Current vertebral fractures with osteoporosis on record, or of an age at which they are likely to be osteoporotic; and the gaps.

    None where the fracture is malignant, or a high-energy cause is on record without osteoporosis.
    """
    everything, gaps = current_fractures(chart)
    found = tuple(item for item in everything if not item.is_lesion)
    if not found or is_malignant(chart):
        return (), gaps
    fragile = _is_called_osteoporotic(found, chart)
    if not fragile:
        _, bone_gaps = gathered(chart.conditions_in(ValueSets.OSTEOPOROSIS))
        cause, _ = gathered(chart.conditions_in(ValueSets.HIGH_ENERGY_CAUSE))
        years, age_gaps = attempted(lambda: age(chart))
        gaps += bone_gaps + age_gaps
        old = bool(years) and years[0].least >= know.parameter(f"{_NUMBERS}.fragile_from").value
        fragile = old and not any(item.state is State.ACTIVE for item in cause)
    return (found if fragile else ()), gaps


def spoken_of(fractures: tuple[Fracture, ...], chart: Chart) -> str:
    """What to call fragility fractures: osteoporotic only if the record does."""
    if _is_called_osteoporotic(fractures, chart):
        return "Osteoporotic vertebral fracture"
    return "Vertebral fracture, by age likely osteoporotic"


def _is_called_osteoporotic(fractures: tuple[Fracture, ...], chart: Chart) -> bool:
    bone, _ = gathered(chart.conditions_in(ValueSets.OSTEOPOROSIS))
    return bool(bone) or any(ValueSets.FRACTURE_OSTEOPOROTIC in item.sets for item in fractures)


def last_densitometry(chart: Chart) -> tuple[When | None, tuple[Unknown, ...]]:
    """When bone density was last measured, by a result or an imaging study; None if it is not on record. The gaps beside it."""
    measures = (ValueSets.DXA_STUDY, ValueSets.DXA_T_SCORE)
    results, _ = gathered(item for name in measures for item in chart.measurements(name))
    dates = [item.when for item in results if item.when]
    dates += [item.when for item in chart.imaging_studies if item.modality is Modality.DXA and item.when]
    missing = (*chart.gaps(Section.BONE_DENSITY, sets=measures), *chart.gaps(Section.IMAGING_STUDIES))
    gaps = (Unknown("bone densitometry", *missing),) if missing else ()
    return max(dates, key=lambda when: when.last, default=None), gaps


def treatments(chart: Chart, know: Knowledge) -> tuple[tuple[DrugUse, ...], tuple[Unknown, ...]]:
    """Drugs against osteoporosis that are taken, or were given as an infusion or injection that still acts; and the gaps."""
    lasts = know.parameter(f"{_NUMBERS}.injection_lasts").span
    found = tuple(
        use
        for use in chart.drugs_of("osteoporosis-therapy")
        if is_taken(use, chart) or (use.last_dose is not None and chart.as_of - use.last_dose.last <= lasts)
    )
    return found, attempted(lambda: chart.require_drug_list("treatment of osteoporosis"))[1]


def referrals(chart: Chart) -> tuple[RequestedService, ...]:
    """Referrals to bone health services, and densitometry, that are already ordered."""
    return chart.requested_in(ValueSets.BONE_HEALTH_REFERRAL)
