"""That the trials disagree about the benefit, with what they say for and against the procedure."""

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
    Whether a vertebral fracture or a painful lesion is on record. Then it says that the trials disagree about the benefit, or of a
    malignant fracture that no trial against sham was found. What speaks for the procedure and what against it stands in the
    explanation, with numbers. Cards show it only beside a favourable answer.

    ## Why it matters
    The evidence is divided. Whoever reads that the criteria are met has to know that trials against a sham procedure disagree.

    ## When it stays silent
    When no fracture or lesion is on record.
    """
    found, gaps = current_fractures(chart)
    if found:
        yield _on_malignant(know) if is_malignant(chart) else _on_osteoporotic(know)
    yield from gaps


def _on_osteoporotic(know: Knowledge) -> Finding:
    share, sham, patients = know.parameters(_OWN, "vapour_relief", "vapour_sham", "vapour_patients")
    points, months, chronic = know.parameters(_OWN, "vertos5_points", "vertos5_months", "vertos5_patients")
    trials, all_patients = know.parameters(_OWN, "cochrane_trials", "cochrane_patients")
    vertos, invest, difference = know.parameters(_OWN, "vertos4_patients", "invest_patients", "invest_points")
    low, high = know.parameters(_OWN, "invest_low", "invest_high")
    return Finding(
        says="Trials disagree about the benefit",
        short="trials disagree",
        explains=f"For it: in VAPOUR ({patients.value:g} patients, fracture under 6 weeks) {share.value:g} % had little pain at 14 days"
        f" after vertebroplasty, and {sham.value:g} % after sham. In VERTOS V ({chronic.value:g} patients, chronic fractures with oedema)"
        f" pain was {points.value:g} points lower at {months.value:g} months than after anaesthetic infiltration."
        f" Against it: {trials.value:g} trials with {all_patients.value:g} patients showed no important benefit over sham, whatever the"
        f" duration of pain (Cochrane 2018). VERTOS IV ({vertos.value:g} patients) found no difference from sham. In INVEST"
        f" ({invest.value:g} patients) pain at one month was {difference.value:g} points lower than after sham, and the 95 % confidence"
        f" interval, {low.value:g} to {high.value:g}, includes no difference.",
        uses=(
            *(share, sham, patients, points, months, chronic),
            *(trials, all_patients, vertos, invest, difference, low, high),
        ),
        cites=(
            *("vertos2-2010", "free-2009", "acr-2018", "nice-ta279"),
            *("buchbinder-2009", "asbmr-2019", "aaos-2010"),
        ),
    )


def _on_malignant(know: Knowledge) -> Finding:
    cancer, scenarios = know.parameters(_OWN, "cafe_patients", "nass_scenarios")
    appropriate, rarely = know.parameters(_OWN, "nass_appropriate", "nass_rarely")
    trials, patients = know.parameters(_OWN, "cochrane_trials", "cochrane_patients")
    return Finding(
        says="No sham trial in malignant fractures",
        short="no trial in malignant fractures",
        explains=f"For it: {cancer.value:g} patients with cancer had less disability one month after kyphoplasty than without it, not"
        f" blinded (CAFE 2011). Experts rated {appropriate.value:g} of {scenarios.value:g} scenarios appropriate, and {rarely.value:g} %"
        " rarely appropriate (NASS). Against it: no trial against sham in malignant fractures was found. In osteoporotic ones"
        f" {trials.value:g} trials with {patients.value:g} patients showed no important benefit (Cochrane 2018).",
        uses=(cancer, scenarios, appropriate, rarely, trials, patients),
        cites=("nice-ng234",),
    )
