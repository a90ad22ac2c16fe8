"""A patient who is not yet adult."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown
from cds_service.facts.shared.person import age, birth
from cds_service.findings import Essential, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Child or adolescent",
    judges="age",
    kind=Kind.ABSOLUTE,
    card=Topic.SAFETY,
    needs=(Section.PATIENT,),
    essential=Essential.SUPPLIED,
    steps=("Confirm the date of birth", "Look for another diagnosis: a vertebral fracture is unusual at this age"),
    settle="Ask for the date of birth",
)
def paediatric_patient(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the patient is younger than the age from which the procedure has been studied.

    ## Why it matters
    Growing vertebrae have not been studied, and a vertebral fracture in a child calls for another diagnosis. Old age is no
    contraindication.

    ## When it stays silent
    When the patient is adult. A birth date that leaves it open, such as a year alone, is unknown.
    """
    limit = know.parameter("paediatric_patient.adult_from")
    years = age(chart).one()
    if years.most < limit.value:
        yield Finding(
            f"Age {years} years, younger than {limit.value:g}",
            f"age {years}",
            birth(chart),
            uses=(limit,),
            cites=("rand-2018",),
            headline=f"age {years}, under {limit.value:g}",
            explains="RAND 2018 rates scenarios for adults and excludes patients under 18. Growing vertebrae have not been studied.",
        )
    elif years.least < limit.value:
        yield Unknown(f"age: {years} years", Missing(Section.PATIENT, Reason.UNREADABLE))
