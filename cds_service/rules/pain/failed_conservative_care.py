"""Non-surgical care since the fracture has not relieved the pain, or need not have been tried."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown, in_days
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.fracture.age import on_record_since
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.pain import scores
from cds_service.facts.pain.care import CARE_SECTIONS, Care, conservative_care
from cds_service.facts.pain.care_waiver import care_waivers
from cds_service.facts.shared import thresholds
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.setting import Setting
from cds_service.findings import Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge

_DURATIONS = ("sir", "cirse", "evicore", "blue_plans")
_NAMED = 4


@rule(
    title="Conservative care has failed",
    judges="conservative care",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=(*FRACTURE_SECTIONS, *CARE_SECTIONS, *DRUG_SECTIONS, Section.PAIN, Section.ENCOUNTER),
    not_shown="failed conservative care not documented",
    role=Role.CONSERVATIVE_CARE,
    settle="Ask how the pain was treated, and since when",
)
def failed_conservative_care(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether analgesics, a brace or physiotherapy are on record since the fracture began, for a day at least, while the latest pain
    score still reaches 5. The finding names how long; the explanation, which published durations that reaches. Care need not have
    failed where the fracture is malignant, where side effects of analgesics or confinement to bed are on record since the fracture
    began, or where a patient in hospital has pain of 8 or more.

    ## Why it matters
    Most fractures stop hurting without a procedure. How long to try is disputed: from 24 hours of analgesia (SIR 2014, of a patient
    who cannot walk or take part in physiotherapy) to six weeks.

    ## When it stays silent
    When the pain is relieved, or drugs, procedures and devices were all answered and hold no such care. Drugs on record support that
    care was tried; they are no proof. Care is unknown where its beginning, or the fracture's, is not dated.
    """
    waivers, gaps = care_waivers(chart, know)
    for waiver in waivers[:1]:
        yield Finding(
            says=f"Conservative care not required: {waiver.why}",
            short="conservative care not required",
            explains=waiver.explains,
            evidence=waiver.evidence,
            uses=waiver.uses,
            cites=waiver.cites,
            basis=waiver.basis,
        )
        return
    score = scores.scores(chart, know).one()
    if scores.reaches(score, scores.threshold(Setting.OUTPATIENT, know).value).one():
        care, more = conservative_care(chart, know)
        days = max((item.days or 0 for item in care), default=0)
        if days >= know.parameter("failed_conservative_care.sir").span.days:
            yield _tried(care, days, score, know)
            return
        if any(item.days is None for item in care):
            undated = Section.MEDICATION_STATEMENTS if on_record_since(chart) else Section.CONDITIONS
            raise Unknown("beginning of conservative care", Missing(undated, Reason.NOT_MEASURED))
        yield from more
    yield from gaps


def _tried(care: tuple[Care, ...], days: int, score: Lab, know: Knowledge) -> Finding:
    still = scores.threshold(Setting.OUTPATIENT, know)
    shortest, *longer = know.parameters("failed_conservative_care", *_DURATIONS)
    reached = {f"{thresholds.number(shortest, know)}{thresholds.DECIDES}": True}
    reached |= {thresholds.number(item, know): days >= item.span.days for item in longer}
    names = list(dict.fromkeys(item.name for item in care))
    more = f", {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    longest = " up to" if any(item.days != days for item in care) else ""
    return Finding(
        says=f"Conservative care{longest} {in_days(days)} ({', '.join(names[:_NAMED])}{more}); pain still {score.quantity} of 10",
        short=f"conservative care {in_days(days)}",
        headline=f"conservative care {in_days(days)}",
        explains=f"Conservative care for {in_days(days)} {thresholds.compared(reached)}. A pain score of {still.text} or more counts as not"
        f" relieved; the latest is {scores.phrase(score)}.",
        evidence=(*(item.evidence for item in care if item.name in names[:_NAMED]), score.evidence),
        uses=(still, shortest, *longer),
        cites=("cms-lcd", "nice-ta279", "acr-2018"),
    )
