"""What the payer asks for, where payer and setting are known: a rule of payment, not of care."""

from collections.abc import Iterator

from cds_service.chart import Assertion, Chart, Coverage, ImagingSign, Section, Unknown
from cds_service.engine import Evidence, Finding, Kind, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS
from cds_service.facts.gathered import gathered
from cds_service.facts.imaging import current_at_target, evidence
from cds_service.facts.labs import above, history
from cds_service.facts.payer import ADVANTAGE, MEDICARE, payers
from cds_service.facts.setting import Setting, setting
from cds_service.knowledge import Knowledge


@rule(
    title="What the payer asks for",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=(Section.COVERAGE, Section.ENCOUNTER, Section.PATIENT, *FRACTURE_SECTIONS),
)
def payer_criteria(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Who pays and whether the patient is in hospital. For Medicare it recalls the pain score of the coverage determinations, outside
    hospital their secondary criteria with those that the chart shows, and in some states the WISeR model of prior authorization. Of
    other payers it says that their policies differ.

    ## Why it matters
    A refused claim falls on the patient. These are rules of payment: they never change what this service concludes.

    ## When it stays silent
    When no coverage is on record.
    """
    known = payers(chart)
    if not known:
        return
    place = setting(chart)
    for coverage in known:
        if MEDICARE not in coverage.concept.sets:
            yield _other(coverage, place, know)
            continue
        yield _inpatient(coverage, know) if place is Setting.INPATIENT else _outpatient(coverage, chart, know)
        states = know.rules["payer_criteria"].extra["wiser_states"]
        original = ADVANTAGE not in coverage.concept.sets
        if original and place is Setting.OUTPATIENT and coverage.state_code in states:
            yield Finding(
                f"WISeR model of original Medicare in {coverage.state_code}, 2026 to 2031: prior authorization or review before payment",
                (_of(coverage),),
                cites=("cms-wiser",),
            )


def _inpatient(coverage: Coverage, know: Knowledge) -> Finding:
    pain = know.parameter("shared.pain_inpatient")
    says = f"{coverage.concept.text}, in hospital: coverage asks for pain of {pain.value:g} or more of 10"
    return Finding(says, (_of(coverage),), uses=(pain,))


def _outpatient(coverage: Coverage, chart: Chart, know: Knowledge) -> Finding:
    pain, disability, height = (
        know.parameter(key)
        for key in ("shared.pain_outpatient", "payer_criteria.disability_above", "payer_criteria.height_loss_above")
    )
    scores, _ = gathered(history(chart, "disability-score", "disability score"))
    high = [score for score in scores[:1] if above(score, disability.value)]
    lost = [
        seen
        for seen in current_at_target(chart, know, ImagingSign.HEIGHT_LOSS)
        if seen.assertion is Assertion.PRESENT and seen.percent and seen.percent[0] > height.value
    ][:1]
    shown = [
        *(f"disability {score}" for score in high),
        *(f"height loss of {seen.percent[0]:g} %" for seen in lost if seen.percent),
    ]
    return Finding(
        says=f"{coverage.concept.text}, outside hospital: coverage asks for pain of {pain.value:g} or more that worsens, or two of: height"
        f" loss progressing, height loss above {height.shown}, kyphosis, disability score above {disability.value:g};"
        f" on record: {', '.join(shown) or 'none of them'}",
        evidence=(_of(coverage), *(score.evidence for score in high), *map(evidence, lost)),
        uses=(pain, disability, height),
    )


def _other(coverage: Coverage, place: Setting, know: Knowledge) -> Finding:
    weeks = know.parameter("payer_criteria.other_care_weeks")
    return Finding(
        f"{coverage.concept.text}, {place}: policies differ; some plans ask for {weeks.value:g} weeks of non-surgical care first",
        (_of(coverage),),
        uses=(weeks,),
    )


def _of(coverage: Coverage) -> Evidence:
    return Evidence(coverage.source, "payor", None, coverage.concept.text)
