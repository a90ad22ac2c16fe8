"""A GLP-1 receptor agonist, which slows the stomach before sedation."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.shared.drugs import taken
from cds_service.facts.shared.phrasing import recorded, shortened
from cds_service.findings import (
    Evidence,
    Finding,
    Indicator,
    Kind,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="GLP-1 receptor agonist being taken",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=(*DRUG_SECTIONS, Section.CONDITIONS),
    judges="gastric emptying",
)
def glp1_agonist(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a GLP-1 receptor agonist is being taken, and whether gastroparesis or symptoms of the stomach are on record beside it.

    ## Why it matters
    The drug delays gastric emptying, and the patient is sedated prone. The advice of 2025 is to continue it and to fast longer; with
    severe symptoms of the stomach, to postpone and to ask the prescriber.

    ## When it stays silent
    When none is being taken.
    """
    drugs, gaps = taken(chart, "whether a GLP-1 receptor agonist is being taken", "glp1-agonist")
    problems, problem_gaps = chart.conditions_in(ValueSets.GASTROPARESIS, ValueSets.GASTROINTESTINAL_SYMPTOMS)
    symptoms = [item for item in problems if item.state is State.ACTIVE]
    solids, liquids, sugary = know.parameters("glp1_agonist", "solids", "liquids", "sugary")
    for use in drugs:
        beside = f", with {symptoms[0].concept.text}" if symptoms else ""
        worse = "; if the symptoms are severe, postponing is advised, agree with the prescriber" if symptoms else ""
        yield Finding(
            says=f"{use.name[:1].upper()}{use.name[1:]} being taken{beside}: usually continued; before sedation no solid food for"
            f" {solids.text}, no liquids for {liquids.text}, no sugary ones for {sugary.text}{worse}",
            short=shortened(know.drugs.ingredients[use.ingredient].name, ", taken"),
            evidence=(Evidence(use.source, "medication", use.start or use.stated, use.name), *map(recorded, symptoms)),
            uses=(solids, liquids, sugary),
            indicator=Indicator.WARNING if symptoms else None,
            basis=use.basis,
        )
    yield from gaps
    if drugs:
        yield from problem_gaps
