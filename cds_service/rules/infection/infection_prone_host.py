"""What makes an infection after the procedure likelier in this patient."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, State, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Evidence, Finding, Kind, Topic, rule
from cds_service.facts.drugs import taken
from cds_service.facts.gathered import gathered
from cds_service.facts.labs import Lab, at_least, history
from cds_service.knowledge import Knowledge


@rule(
    title="Raised risk of infection",
    kind=Kind.RELATIVE,
    card=Topic.INFECTION,
    needs=(Section.CONDITIONS, Section.BLOOD_COUNT, *DRUG_SECTIONS),
)
def infection_prone_host(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether diabetes, cancer, immunosuppression, smoking or past tuberculosis is on the problem list, the latest haemoglobin A1c is
    high, or a systemic glucocorticoid is being taken. All of them come in one finding.

    ## Why it matters
    In series of infections after vertebroplasty these were commoner than in other patients. A high blood sugar can be put right
    first. Long-term glucocorticoids also raise the question of adrenal cover.

    ## When it stays silent
    When none of these is on record as current.
    """
    problems, gaps = gathered(chart.conditions_in("infection-prone-host"))
    drugs, drug_gaps = gathered(taken(chart, "whether a glucocorticoid is being taken", "glucocorticoid"))
    results, result_gaps = gathered(history(chart, "haemoglobin-a1c", "HbA1c"))
    limit = know.parameter("infection_prone_host.haemoglobin_a1c_high")
    high: list[Lab] = [item for item in results[:1] if at_least(item, limit.value)]
    current = [item for item in problems if item.state is State.ACTIVE]
    factors = dict.fromkeys(item.concept.text for item in current)
    named = [*factors, *(f"HbA1c {item}" for item in high), *(f"{use.name} being taken" for use in drugs)]
    if named:
        yield Finding(
            says=f"Raised risk of infection: {'; '.join(named[:4])}{f'; {len(named) - 4} more' if len(named) > 4 else ''}",
            evidence=(
                *(Evidence(item.source, "code", item.dated, item.concept.text) for item in current),
                *(item.evidence for item in high),
                *(Evidence(use.source, "medication", use.start, use.name) for use in drugs),
            ),
            uses=(limit,) if high else (),
            cites=("liao-2018", "chen-2023"),
        )
    yield from (*gaps, *drug_gaps)
    yield from (gap for gap in result_gaps if gap.reasons != {Reason.NOT_MEASURED})
