"""Drugs that add a little to bleeding: NSAIDs, SSRIs, SNRIs, cilostazol, pentosan."""

from collections.abc import Iterator

from cds_service.chart import Chart, DrugUse, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.shared.drugs import taken
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings import Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge, Parameter

_ANTIDEPRESSANT = "serotonergic-antidepressant"
_CLASSES = ("nsaid", _ANTIDEPRESSANT, "minor-bleeding-agent")
_NO_EFFECT_ON_PLATELETS = frozenset(("celecoxib", "etoricoxib", "parecoxib"))


@rule(
    title="Drugs with a minor effect on bleeding",
    kind=Kind.INFORMATION,
    card=Topic.ANTITHROMBOTICS,
    needs=DRUG_SECTIONS,
    judges="drugs that add to bleeding",
)
def minor_bleeding_agents(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an NSAID, an SSRI or SNRI, cilostazol, pentosan or a similar drug is taken, and what guidelines say of it.

    ## Why it matters
    Alone they matter little and SIR 2019 asks for no interval. ASRA 2018 names some. Antidepressants are not ended abruptly.

    ## When it stays silent
    When none is taken.
    """
    for use in taken(chart, "whether a drug with a minor effect on bleeding is taken", *_CLASSES):
        interval, name = _interval(use, know), know.drugs.ingredients[use.ingredient].name
        yield Finding(
            says=f"{name.capitalize()} is taken: {_advice(use, interval)}",
            short=shortened(name, ", taken"),
            evidence=(Evidence(use.source, "medication", use.stated, use.name),),
            uses=(interval,) if interval else (),
            cites=("sir-2019", "asra-2018"),
            basis=use.basis,
        )


def _interval(use: DrugUse, know: Knowledge) -> Parameter | None:
    """The interval of the drug itself, else that of antidepressants; None for others, such as an NSAID that is not listed."""
    parameters = know.rules["minor_bleeding_agents"].parameters
    return parameters.get(use.ingredient) or (
        parameters["antidepressant"] if use.drug_class == _ANTIDEPRESSANT else None
    )


def _advice(use: DrugUse, interval: Parameter | None) -> str:
    if use.ingredient in _NO_EFFECT_ON_PLATELETS:
        return "selective for COX-2, no effect on platelets"
    asked = interval.shown if interval else "five half-lives"
    if use.drug_class == _ANTIDEPRESSANT:
        return (
            f"not routinely interrupted; with other bleeding risks ASRA 2018 considers a gradual change {asked} before"
        )
    return f"SIR 2019 asks for no interval, ASRA 2018 for {asked}; agree with the prescriber"
