"""An adult under 50 has a vertebral fracture that nothing on record explains."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.facts.shared import person
from cds_service.findings import Finding, Kind, NotApplicable, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Young patient",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=(Section.PATIENT, Section.CONDITIONS),
    judges="cause of fragile bone",
    steps=("Look for a tumour, secondary osteoporosis and infection",),
    settle="Ask for the date of birth, and about a cause",
)
def young_patient(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the patient is from 18 to 49 years old and neither osteoporosis, a tumour of the spine nor a high-energy injury is on
    record.

    ## Why it matters
    Trials enrolled patients of 50 years or more. A vertebral fracture in a younger patient calls for its cause: tumour, secondary
    osteoporosis or infection.

    ## When it stays silent
    From 50 years on, or when the record names the cause. Old age is no contraindication. Under 18 `paediatric_patient` speaks instead.
    """
    years = person.age(chart).one()
    adult, limit = know.parameter("young_patient.from_age"), know.parameter("shared/fracture.young_below")
    if years.most < adult.value:
        raise NotApplicable
    if years.least >= limit.value:
        return
    if years.least < adult.value or years.most >= limit.value:
        raise Unknown(f"age {years}, limits {adult.text} and {limit.text}")
    causes, gaps = chart.conditions_in(
        ValueSets.OSTEOPOROSIS, ValueSets.VERTEBRAL_NEOPLASM, ValueSets.HIGH_ENERGY_CAUSE
    )
    if not any(item.state is State.ACTIVE for item in causes):
        yield Finding(
            says=f"Age {years}, and no cause of fragile bone on record",
            short=f"age {years}",
            headline=f"Age {years}, and no cause of fragile bone on record",
            explains="Trials enrolled patients of 50 years or more; a vertebra that breaks in a younger one asks for its cause.",
            evidence=person.birth(chart),
            uses=(adult, limit),
            cites=("vapour-2016",),
        )
    yield from gaps
