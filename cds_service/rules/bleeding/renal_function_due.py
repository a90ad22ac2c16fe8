"""A drug whose hold depends on renal function, and no current creatinine or weight."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown
from cds_service.facts.bleeding.exposure import EXPOSURE_SECTIONS, Exposure, Tier, exposures
from cds_service.facts.bleeding.renal import creatinine_clearance, creatinine_window, not_current
from cds_service.facts.shared.fitting import begun, for_a_line, listed
from cds_service.findings import Finding, Kind, Proposal, Topic, rule
from cds_service.knowledge import Knowledge

_STEPS = {"creatinine": "Order creatinine", "body weight": "Weigh the patient"}


@rule(
    title="Renal function due",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=EXPOSURE_SECTIONS,
    judges="creatinine clearance",
    settle="Order creatinine, and weigh the patient",
)
def renal_function_due(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a drug that the kidneys clear is taken or inside its hold, and the creatinine clearance at the procedure can be computed from
    a current creatinine and a current weight. An eGFR stands in, and the weight is still asked for.

    ## Why it matters
    The interval can be half as long again with poor renal function. Without it the longer interval counts.

    ## When it stays silent
    When no such drug acts, when a current clearance is known, or with end-stage kidney disease on record.
    """
    drugs, gaps = exposures(chart, know)
    concerned = [item for item in drugs if item.by_renal_function and item.tier is not Tier.PAST and not _failed(item)]
    if concerned:
        yield from _due(concerned, chart, know)
    yield from gaps


def _failed(item: Exposure) -> bool:
    """Whether end-stage kidney disease or dialysis is on record, so that no clearance would help."""
    return item.clearance is not None and item.clearance.failed


def _due(concerned: list[Exposure], chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    at = chart.order.planned.last if chart.order.planned else chart.as_of
    found = creatinine_clearance(chart, know, at).if_supplied().values
    clearance = found[0] if found else None
    if clearance is not None and not clearance.estimated:
        return
    lacking = not_current(chart, know, at).require()
    without = f"current {' or '.join(lacking)}" if lacking else "date of birth"
    names = listed([item.drug.name for item in concerned])
    says = f"No {without} on record for the creatinine clearance"
    behind = (
        f"{begun(clearance.says)}. " if clearance else "Until it is known, the longest tabulated interval is used. "
    )
    yield Finding(
        says=for_a_line(
            chart.as_of, f"{says}, on which the pause of {names} depends", f"{says}, on which a pause depends"
        ),
        short="creatinine clearance not current",
        evidence=concerned[0].evidence,
        uses=(creatinine_window(chart, know), know.parameter("shared/renal.weight_window")),
        cites=("sir-2019", "cockcroft-gault-1976"),
        proposes=(Proposal.ORDER_CREATININE,) if "creatinine" in lacking else (),
        explains=f"{behind}With poor renal function the interval can be half as long again.",
        steps=tuple(_STEPS[item] for item in lacking) or ("Complete the date of birth",),
    )
