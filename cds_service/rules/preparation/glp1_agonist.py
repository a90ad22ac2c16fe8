"""A GLP-1 receptor agonist, which slows the stomach before sedation."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.shared.drugs import taken
from cds_service.facts.shared.fitting import begun
from cds_service.facts.shared.phrasing import briefly, recorded, shortened
from cds_service.findings import (
    Evidence,
    Finding,
    Indicator,
    Kind,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_SYMPTOMS = "symptoms of the stomach"


@rule(
    title="GLP-1 receptor agonist taken",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=(*DRUG_SECTIONS, Section.CONDITIONS),
    judges="gastric emptying",
    settle="Ask about GLP-1 drugs, weekly injections too",
)
def glp1_agonist(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a GLP-1 receptor agonist is taken, and whether gastroparesis or symptoms of the stomach are on record beside it.

    ## Why it matters
    The drug delays gastric emptying, and the patient is sedated prone. The advice of 2025 is to continue it and to fast longer; with
    severe symptoms of the stomach, to postpone and to ask the prescriber.

    ## When it stays silent
    When none is taken.
    """
    drugs, gaps = taken(chart, "whether a GLP-1 receptor agonist is taken", "glp1-agonist")
    problems, problem_gaps = chart.conditions_in(ValueSets.GASTROPARESIS, ValueSets.GASTROINTESTINAL_SYMPTOMS)
    symptoms = [item for item in problems if item.state is State.ACTIVE]
    solids, liquids, sugary = know.parameters("glp1_agonist", "solids", "liquids", "sugary")
    for use in drugs:
        name = know.drugs.ingredients[use.ingredient].name
        beside = f", with {briefly(symptoms[0].concept.text, _SYMPTOMS)}" if symptoms else ""
        yield Finding(
            says=f"{begun(briefly(use.name, name))}, taken{beside}; it delays emptying of the stomach",
            short=shortened(name, ", taken"),
            evidence=(Evidence(use.source, "medication", use.start or use.stated, use.name), *map(recorded, symptoms)),
            uses=(solids, liquids, sugary),
            indicator=Indicator.WARNING if symptoms else None,
            basis=use.basis,
            explains="A GLP-1 receptor agonist is usually continued, with longer fasting before sedation. If symptoms of the stomach are"
            " severe, postponing is advised.",
            steps=(
                *(
                    (f"Ask the prescriber about postponing in severe {briefly(symptoms[0].concept.text, _SYMPTOMS)}",)
                    if symptoms
                    else ()
                ),
                f"Continue {name}; fast before sedation: solids {solids.text}, sugary liquids {sugary.text}, all liquids {liquids.text}",
            ),
        )
    yield from gaps
    if drugs:
        yield from problem_gaps
