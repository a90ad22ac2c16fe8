"""What the trials say for and against the procedure, in two sentences."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, current_fractures
from cds_service.facts.fracture.lesions import is_malignant
from cds_service.findings import Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge

_OWN = "evidence_balance"


@rule(
    title="What the evidence says",
    judges="balance of the evidence",
    kind=Kind.INFORMATION,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    role=Role.EVIDENCE_NOTE,
)
def evidence_balance(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a vertebral fracture or a painful lesion is on record. Then it says what speaks for the procedure and what speaks against
    it, with numbers: by the trials in osteoporotic fractures, or for a malignant fracture by one open trial and experts' ratings.
    Cards show it only beside a favourable answer.

    ## Why it matters
    The evidence is divided. Whoever reads that the criteria are met has to know that trials against a sham procedure disagree.

    ## When it stays silent
    When no fracture or lesion is on record.
    """
    found, gaps = current_fractures(chart)
    if found:
        yield from _on_malignant(know) if is_malignant(chart) else _on_osteoporotic(know)
    yield from gaps


def _on_osteoporotic(know: Knowledge) -> Iterator[Finding]:
    share, sham, patients = know.parameters(_OWN, "vapour_relief", "vapour_sham", "vapour_patients")
    points, months, chronic = know.parameters(_OWN, "vertos5_points", "vertos5_months", "vertos5_patients")
    yield Finding(
        f"For: {share.value:g} % against {sham.value:g} % after sham had little pain at 14 days (VAPOUR, {patients.value:g} patients,"
        f" fracture under 6 weeks); {points.value:g} points less pain at {months.value:g} months than after anaesthetic infiltration,"
        f" in chronic fractures with oedema (VERTOS V, {chronic.value:g} patients)",
        uses=(share, sham, patients, points, months, chronic),
        cites=("vertos2-2010", "free-2009", "acr-2018", "nice-ta279"),
    )
    trials, all_patients = know.parameters(_OWN, "cochrane_trials", "cochrane_patients")
    vertos, invest, difference = know.parameters(_OWN, "vertos4_patients", "invest_patients", "invest_points")
    low, high = know.parameters(_OWN, "invest_low", "invest_high")
    yield Finding(
        f"Against: no important benefit over sham in {trials.value:g} trials with {all_patients.value:g} patients, whatever the duration of"
        f" pain (Cochrane 2018); VERTOS IV ({vertos.value:g} patients) and INVEST ({invest.value:g}; {difference.value:g} points, 95 % CI"
        f" {low.value:g} to {high.value:g}) found no difference",
        uses=(trials, all_patients, vertos, invest, difference, low, high),
        cites=("buchbinder-2009", "asbmr-2019", "aaos-2010"),
    )


def _on_malignant(know: Knowledge) -> Iterator[Finding]:
    patients, scenarios = know.parameters(_OWN, "cafe_patients", "nass_scenarios")
    appropriate, rarely = know.parameters(_OWN, "nass_appropriate", "nass_rarely")
    yield Finding(
        f"For: less disability at one month after kyphoplasty in {patients.value:g} patients with cancer, not blinded (CAFE 2011)."
        f" Experts rated {appropriate.value:g} of {scenarios.value:g} scenarios appropriate, {rarely.value:g} % rarely appropriate (NASS)",
        uses=(patients, scenarios, appropriate, rarely),
        cites=("nice-ng234",),
    )
    trials, patients = know.parameters(_OWN, "cochrane_trials", "cochrane_patients")
    yield Finding(
        f"Against: no trial against sham in malignant fractures was found; in osteoporotic ones {trials.value:g} with {patients.value:g}"
        " patients showed no important benefit (Cochrane 2018)",
        uses=(trials, patients),
    )
