"""Two or more antithrombotics that act at the same time."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown
from cds_service.facts.bleeding.exposure import EXPOSURE_SECTIONS, Exposure, Tier, exposures
from cds_service.facts.shared.drugs import on_record
from cds_service.facts.shared.fitting import begun, for_a_line, for_a_summary, listed
from cds_service.facts.shared.phrasing import briefly, shortened
from cds_service.findings import (
    Evidence,
    Finding,
    Kind,
    Proposal,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_MINOR = ("nsaid", "serotonergic-antidepressant")


@rule(
    title="Several antithrombotics together",
    kind=Kind.RELATIVE,
    card=Topic.ANTITHROMBOTICS,
    needs=EXPOSURE_SECTIONS,
    judges="combined antithrombotics",
    settle="Ask which anticoagulants and platelet inhibitors are taken, and when last",
)
def combined_antithrombotics(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether two or more anticoagulants or platelet inhibitors are inside their holds at the procedure. Aspirin with dipyridamole counts
    as one. An anticoagulant or a second platelet inhibitor beside an NSAID, SSRI or SNRI is information.

    ## Why it matters
    The intervals of the guidelines assume a single drug or defect. Together they cause more bleeding than each alone.

    ## When it stays silent
    When at most one still acts at the procedure.
    """
    drugs, gaps = exposures(chart, know)
    acting = [item for item in drugs if item.on_board]
    counted = [item for item in acting if not _belongs_to_aspirin(item, acting)]
    if len(counted) > 1:
        names = [item.drug.name for item in counted]
        together = f"{begun(listed(names))} together"
        yield Finding(
            says=for_a_line(chart.as_of, f"{together}; each interval assumes a single drug", _many(names)),
            short=f"{len(names)} antithrombotics together",
            evidence=tuple(evidence for item in counted for evidence in item.evidence[:1]),
            cites=("sir-2019",),
            proposes=(Proposal.AGREE_PLAN,),
            headline=for_a_summary(chart.as_of, together, _many(names)),
            explains="The intervals of SIR 2019 assume a single drug or defect. Together, drugs bleed more than each alone.",
            steps=("Agree with the prescriber which drug pauses first, and which has to continue",),
        )
    elif any(item.tier is Tier.CRITICAL for item in counted):
        yield from _with_minor(counted[0], chart, know)
    yield from gaps


def _many(names: list[str]) -> str:
    return f"{len(names)} antithrombotics together; each interval assumes a single drug"


def _belongs_to_aspirin(item: Exposure, acting: list[Exposure]) -> bool:
    return item.drug.ingredient == "dipyridamole" and any(other.drug.ingredient == "aspirin" for other in acting)


def _with_minor(item: Exposure, chart: Chart, know: Knowledge) -> Iterator[Finding]:
    for use in on_record(chart, *_MINOR):
        other = know.drugs.ingredients[use.ingredient].name
        yield Finding(
            says=f"{begun(item.drug.name)} together with {briefly(use.name, other)}: the risks of bleeding add up",
            short=shortened(item.drug.name, f" with {other}"),
            evidence=(*item.evidence[:1], Evidence(use.source, "medication", use.stated, use.name)),
            cites=("sir-2019",),
            effect=Kind.INFORMATION,
            basis=use.basis,
        )
