"""The fracture comes from an injury rather than from fragile bone."""

from collections.abc import Iterator

from cds_service.chart import Basis, Certainty, Chart, Section, State, Unknown
from cds_service.engine import Evidence, Finding, Kind, Proposal, Topic, rule
from cds_service.facts import person
from cds_service.facts.fracture import FRACTURE_SECTIONS, fractures_at_target, named
from cds_service.facts.gathered import gathered
from cds_service.knowledge import Knowledge


@rule(
    title="Traumatic fracture",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=(*FRACTURE_SECTIONS, Section.PATIENT),
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
    injuries = [item for item in fractures_at_target(chart) if "fracture-traumatic" in item.sets]
    fragile, gaps = gathered(chart.conditions_in("osteoporosis"))
    if injuries and not fragile:
        causes, _ = gathered(chart.conditions_in("high-energy-cause"))
        causes = tuple(item for item in causes if item.state is State.ACTIVE)
        limit = know.parameter("traumatic_fracture.older_than")
        years = None if causes else person.age(chart)
        if causes or (years is not None and years.most < limit.value):
            why = f"cause coded: {causes[0].concept.text[:70]}" if causes else f"age {years}, no osteoporosis on record"
            first = injuries[0]
            yield Finding(
                says=f"Traumatic fracture at {named(tuple(injuries))} ({why}): judge stability with spine surgery",
                evidence=(
                    first.evidence,
                    *(Evidence(item.source, "code", item.dated, item.concept.text) for item in causes[:1]),
                    *(() if causes else person.birth(chart)),
                ),
                uses=(limit,),
                cites=("nice-ta279", "bcbs-vertebroplasty", "cirse-2017"),
                basis=Basis.TEXT if all(item.basis is Basis.TEXT for item in injuries) else Basis.CODE,
                certainty=Certainty.POSSIBLE if first.certainty is Certainty.POSSIBLE else Certainty.CONFIRMED,
                proposes=(Proposal.REFER_SPINE_SURGERY,),
            )
        elif years is not None and years.least < limit.value:
            raise Unknown(f"whether the patient is younger than {limit.shown}")
    yield from gaps
