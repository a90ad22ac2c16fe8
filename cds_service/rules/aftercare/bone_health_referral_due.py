"""Care for fragile bone that has not been set going: densitometry, treatment, a referral."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.aftercare import bone_health
from cds_service.facts.evidence.payer import has_medicare
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.findings import (
    Evidence,
    Finding,
    Indicator,
    Kind,
    Proposal,
    Role,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Bone health care due",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=(
        *FRACTURE_SECTIONS,
        *DRUG_SECTIONS,
        Section.BONE_DENSITY,
        Section.SERVICE_REQUESTS,
        Section.PATIENT,
        Section.COVERAGE,
    ),
    judges="bone health care",
    role=Role.BACKGROUND,
    steps=("Refer for bone density, education and a drug against osteoporosis",),
    settle="Ask about bone densitometry and drugs against osteoporosis",
)
def bone_health_referral_due(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    With an osteoporotic vertebral fracture on record: whether bone density was measured lately, and whether a drug against
    osteoporosis is taken or a referral to a bone health service is ordered. It is a warning where Medicare pays.

    ## Why it matters
    A vertebral fracture multiplies the risk of the next one by about five, and drugs lower it; treatment need not wait for densitometry.
    Medicare's coverage asks for a referral. Calcium, phosphate, alkaline phosphatase, creatinine, vitamin D, TSH and protein studies
    look for other causes.

    ## When it stays silent
    When densitometry is recent and treatment or a referral is on record; for malignant fractures; and for fractures by high energy
    without osteoporosis.
    """
    fractures, gaps = bone_health.fragility_fractures(chart, know)
    if not fractures:
        yield from gaps
        return
    window = know.parameter("bone_health_referral_due.densitometry_window")
    dates, density_gaps = bone_health.last_densitometry(chart)
    drugs, drug_gaps = bone_health.treatments(chart, know)
    measured = dates[0] if dates else None
    old = measured is None or chart.as_of - measured.last > window.span
    untreated = not drugs and not bone_health.referrals(chart)
    lacking = []
    if old and not _missing(density_gaps):
        lacking.append(f"no densitometry in {window.value:g} months{f' (last {measured})' if measured else ''}")
    if untreated and not _missing(drug_gaps):
        lacking.append("no drug against osteoporosis, no referral on record")
    if lacking:
        name, why = bone_health.described(fractures, chart)
        yield Finding(
            says=f"{name}: {'; '.join(lacking)}",
            short="bone health care due",
            headline="Bone health care due",
            explains=f"{why}A vertebral fracture multiplies the risk of the next one by about five, and treatment need not wait for"
            " densitometry. Calcium, phosphate, alkaline phosphatase, creatinine, vitamin D, TSH and protein studies look for other"
            " causes.",
            evidence=(
                fractures[0].evidence,
                *(Evidence(use.source, "medication", use.start, use.name) for use in drugs[:1]),
            ),
            uses=(window,),
            cites=("cms-lcd", "bhof-2022"),
            indicator=Indicator.WARNING if has_medicare(chart) else None,
            basis=fractures[0].basis,
            certainty=fractures[0].certainty,
            proposes=(Proposal.REFER_BONE_HEALTH,),
        )
    yield from (*(density_gaps if old else ()), *(drug_gaps if untreated else ()))


def _missing(gaps: tuple[Unknown, ...]) -> bool:
    """Whether a section is missing; one entry that cannot be read does not make up for what is not on record."""
    return any(gap.reasons != {Reason.UNREADABLE} for gap in gaps)
