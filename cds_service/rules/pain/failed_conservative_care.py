"""Non-surgical care since the fracture has not relieved the pain, or need not have been tried."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Finding, Kind, Topic, rule
from cds_service.facts import labs, pain
from cds_service.facts.care import CARE_SECTIONS, Care, conservative_care
from cds_service.facts.fracture import FRACTURE_SECTIONS
from cds_service.facts.gathered import gathered
from cds_service.facts.labs import Lab
from cds_service.facts.lesions import malignant_records
from cds_service.facts.setting import Setting, possible_settings, setting
from cds_service.knowledge import Knowledge

_DURATIONS = ("sir", "cirse", "evicore", "blue_plans")


@rule(
    title="Conservative care has failed",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=(*FRACTURE_SECTIONS, *CARE_SECTIONS, *DRUG_SECTIONS, Section.PAIN, Section.ENCOUNTER),
)
def failed_conservative_care(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether analgesics, a brace or physiotherapy are on record since the fracture began, for a day at least, while the latest pain
    score still reaches 5. The finding names how long, and which published durations that reaches. Care need not have been tried where
    the fracture is malignant, or a patient in hospital has pain of 8 or more.

    ## Why it matters
    Most fractures stop hurting without a procedure. How long to try is disputed: from 24 hours of analgesia to six weeks.

    ## When it stays silent
    When the pain is relieved, or drugs, procedures and devices were all answered and hold no such care. Drugs on record support that
    care was tried; they are no proof.
    """
    for item in malignant_records(chart):
        yield Finding(
            says=f"Conservative care need not have failed: malignant, {item.text[:90]}",
            evidence=(item.evidence,),
            cites=("evicore-cmm607", "cms-lcd"),
            basis=item.basis,
            certainty=item.certainty,
        )
        return
    place = possible_settings(chart)[0]
    score = pain.scores(chart, place, know)[0]
    very_severe = labs.at_least(score, pain.threshold(Setting.INPATIENT, know).value)
    if very_severe and setting(chart) is Setting.INPATIENT:
        yield Finding(
            says=f"Conservative care need not have failed: in hospital with pain {pain.said(score)}",
            evidence=(score.evidence,),
            uses=(pain.threshold(Setting.INPATIENT, know),),
            cites=("cms-lcd",),
        )
        return
    care, gaps = gathered(conservative_care(chart))
    shortest = know.parameter("failed_conservative_care.sir")
    days = max((item.days for item in care if item.days is not None), default=None)
    relieved = labs.below(score, pain.threshold(Setting.OUTPATIENT, know).value)
    if care and days is None:
        raise Unknown(
            "since when conservative care was given", Missing(Section.MEDICATION_STATEMENTS, Reason.NOT_MEASURED)
        )
    if days is not None and days >= shortest.span.days and relieved is False:
        yield _finding(care, days, score, know)
        return
    if relieved is None:
        raise Unknown(f"whether pain of {pain.said(score)} is relieved")
    yield from gaps
    yield from score.doubts()
    chart.require("whether the fracture is malignant", *FRACTURE_SECTIONS)


def _finding(care: tuple[Care, ...], days: int, score: Lab, know: Knowledge) -> Finding:
    limits = [know.parameter(f"failed_conservative_care.{name}") for name in _DURATIONS]
    reached = [f"{know.citation(item.source).label} {item.shown}" for item in limits if days >= item.span.days]
    missed = [f"{know.citation(item.source).label} {item.shown}" for item in limits if days < item.span.days]
    names = ", ".join(dict.fromkeys(item.name[:30] for item in care[:3]))
    below = f"; below {', '.join(missed)}" if missed else ""
    return Finding(
        says=f"{names} for {days} d, pain still {pain.said(score)}: reaches {', '.join(reached)}{below}",
        evidence=(*(item.evidence for item in care[:3]), score.evidence),
        uses=(pain.threshold(Setting.OUTPATIENT, know), *limits),
        cites=("cms-lcd", "nice-ta279", "acr-2018"),
        values=care,
    )
