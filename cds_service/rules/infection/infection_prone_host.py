"""What makes an infection after the procedure likelier in this patient."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.shared.drugs import taken
from cds_service.facts.shared.fitting import for_a_summary
from cds_service.facts.shared.labs import at_least, history
from cds_service.facts.shared.phrasing import briefly, recorded, shortened
from cds_service.findings import Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_IMMUNOSUPPRESSED = ValueSets.IMMUNOSUPPRESSION
_FACTORS = {
    _IMMUNOSUPPRESSED: "immunosuppression",
    ValueSets.DIABETES: "diabetes",
    ValueSets.MALIGNANCY: "cancer",
    ValueSets.SMOKING: "smoking",
    ValueSets.TUBERCULOSIS_HISTORY: "past tuberculosis",
}
"""The value sets of the factors, each with its name for the finding's `short`."""
_SHOWN = 4
_SUGAR = ("Ask whether the blood sugar can be put right first",)
_ADRENALS = ("Ask whether adrenal cover with a glucocorticoid is needed",)


@rule(
    title="Raised risk of infection",
    kind=Kind.RELATIVE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, Section.BLOOD_COUNT, *DRUG_SECTIONS),
    judges="risk of infection",
    settle="Ask about diabetes, immunosuppression and glucocorticoids",
)
def infection_prone_host(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether diabetes, cancer, immunosuppression, smoking or past tuberculosis is on the problem list, the latest haemoglobin A1c is
    high, or a systemic glucocorticoid is taken. All of them come in one finding. Immunosuppression, a glucocorticoid, a high
    haemoglobin A1c, or two factors together are a caution; one of the others alone is information.

    ## Why it matters
    In series of infections after vertebroplasty these were commoner than in other patients. A high blood sugar can be corrected
    first. Long-term glucocorticoids also raise the question of adrenal cover. Most patients with an osteoporotic fracture have one such
    factor, and no guideline asks to treat them otherwise for it: a caution for each would say nothing.

    ## When it stays silent
    When none of these is on record as current.
    """
    listed, gaps = chart.conditions_in(*_FACTORS)
    drugs, drug_gaps = taken(chart, "whether a glucocorticoid is taken", "glucocorticoid")
    results, result_gaps = history(chart, ValueSets.HAEMOGLOBIN_A1C, "HbA1c").if_measured()
    limit = know.parameter("infection_prone_host.haemoglobin_a1c_high")
    problems = [item for item in listed if item.state is State.ACTIVE]
    high = [lab for lab in results[:1] if at_least(lab, limit.value)]
    factors = {
        value_set: item for item in reversed(problems) for value_set in _FACTORS if value_set in item.concept.sets
    }
    drug_names = [know.drugs.ingredients[use.ingredient].name for use in drugs]
    known = [briefly(factors[name].concept.text, noun, words=3) for name, noun in _FACTORS.items() if name in factors]
    named = [*dict.fromkeys(known), *(f"HbA1c {lab}" for lab in high), *(f"{name} taken" for name in drug_names)]
    if named:
        first, *others = (
            *(noun for name, noun in _FACTORS.items() if name in factors),
            *(f"HbA1c {lab.quantity}" for lab in high),
            *drug_names,
        )
        more = f", {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        weighty = bool(drugs or high) or _IMMUNOSUPPRESSED in factors or len(factors) > 1
        counts = f"HbA1c counts from {limit.text} (no guideline on vertebroplasty gives a limit). "
        yield Finding(
            says=f"Raised risk of infection: {', '.join(named[:_SHOWN])}{more}",
            short=shortened(first, *(f", {factor}" for factor in others)),
            explains=f"{counts if high else ''}Such patients were commoner in series of infections after vertebroplasty; no guideline asks"
            " to treat them otherwise.",
            headline=for_a_summary(
                chart.as_of, f"Raised risk of infection: {', '.join(named[:2])}", f"Raised risk of infection: {first}"
            ),
            steps=(*(_SUGAR if high else ()), *(_ADRENALS if drugs else ())) or (_look(first, weighty=weighty),),
            evidence=(
                *map(recorded, problems),
                *(lab.evidence for lab in high),
                *(Evidence(use.source, "medication", use.start, use.name) for use in drugs),
            ),
            uses=(limit,) if high else (),
            cites=("liao-2018", "chen-2023"),
            effect=None if weighty else Kind.INFORMATION,
        )
    yield from (*gaps, *drug_gaps, *result_gaps)


def _look(factor: str, *, weighty: bool) -> str:
    """What to look for, with the one factor where no other line of a card names it."""
    return (
        "Look for signs of infection before the procedure"
        if weighty
        else f"Look for signs of infection: {factor} raises the risk"
    )
