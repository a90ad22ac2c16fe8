"""The fracture comes from an injury rather than from fragile bone."""

from collections.abc import Iterator

from cds_service.chart import Basis, Chart, Section, State, Unknown, ValueSets
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, Fracture, named
from cds_service.facts.fracture.target import fractures_at_target
from cds_service.facts.shared import person
from cds_service.facts.shared.phrasing import begun, brief, hedged, on, recorded, shortened
from cds_service.findings import (
    Evidence,
    Finding,
    Kind,
    Proposal,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge, Parameter


@rule(
    title="Traumatic fracture",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=(*FRACTURE_SECTIONS, Section.PATIENT),
    judges="cause of the fracture",
    steps=("Ask spine surgery to judge stability",),
    settle="Ask how the fracture happened",
)
def traumatic_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the fracture at the target level is coded in the injury chapter while no osteoporosis is on record, and the patient is
    younger than 60 or an external cause of high energy is coded.

    ## Why it matters
    An injury can break the posterior column as well: stability must be judged first. Guidance and coverage are for fragility fractures.

    ## When it stays silent
    When osteoporosis is on record, or the patient is older and no high-energy cause is coded: injury codes are often used for fragile
    bone after a small fall.
    """
    injuries = tuple(item for item in fractures_at_target(chart) if ValueSets.FRACTURE_TRAUMATIC in item.sets)
    fragile, gaps = chart.conditions_in(ValueSets.OSTEOPOROSIS)
    if injuries and not fragile:
        causes, _ = chart.conditions_in(ValueSets.HIGH_ENERGY_CAUSE)
        known = [item for item in causes if item.state is State.ACTIVE]
        for cause in known[:1]:
            yield _finding(
                injuries, f": {brief(cause.concept.text, 'high-energy injury')}{on(cause.dated)}", recorded(cause)
            )
        if not known:
            limit, years = know.parameter("traumatic_fracture.older_than"), person.age(chart).one()
            if years.most < limit.value:
                why = f", age {years}, no osteoporosis on record"
                yield _finding(injuries, why, *person.birth(chart), uses=(limit,))
            elif years.least < limit.value:
                raise Unknown(f"age {years}, limit {limit.text}")
    yield from gaps


def _finding(injuries: tuple[Fracture, ...], why: str, *shown: Evidence, uses: tuple[Parameter, ...] = ()) -> Finding:
    return Finding(
        says=f"{begun('traumatic fracture', injuries[0].certainty)} at {named(injuries)}{why}",
        short=shortened(hedged("traumatic fracture", injuries[0].certainty), f" at {named(injuries)}"),
        explains="An injury can break the posterior column as well. Blue plans and NICE TA279, used here, leave injuries out; CMS LCD "
        "L38213 covers selected ones.",
        evidence=(injuries[0].evidence, *shown),
        uses=uses,
        cites=("nice-ta279", "bcbs-vertebroplasty", "cms-lcd", "cirse-2017"),
        basis=Basis.TEXT if all(item.basis is Basis.TEXT for item in injuries) else Basis.CODE,
        proposes=(Proposal.REFER_SPINE_SURGERY,),
    )
