"""What the payer asks for, where payer and setting are known: a rule of payment, not of care."""

from collections.abc import Iterator

from cds_service.chart import Chart, Coverage, Section, Unknown
from cds_service.facts.evidence.payer import in_wiser, is_medicare, payers, secondary_criteria
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.shared.phrasing import briefly
from cds_service.facts.shared.setting import Setting, setting
from cds_service.findings import Evidence, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="What the payer asks for",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=(Section.COVERAGE, Section.ENCOUNTER, Section.PATIENT, *FRACTURE_SECTIONS),
    judges="payer criteria",
    role=Role.BACKGROUND,
    settle="Ask who pays",
)
def payer_criteria(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Who pays and whether the patient is in hospital. For Medicare it recalls the pain score of the coverage determinations, and in some
    states the WISeR model of prior authorization. Outside hospital the explanation names the secondary criteria, and those that the
    chart shows. Of other payers it says that their policies differ.

    ## Why it matters
    A refused claim falls on the patient. These are rules of payment: they never change what this service concludes.

    ## When it stays silent
    When no coverage is on record.
    """
    for coverage in payers(chart).require():
        place = setting(chart).one()
        if not is_medicare(coverage):
            yield _other(coverage, place, know)
        elif place is Setting.INPATIENT:
            yield _inpatient(coverage, know)
        else:
            yield _outpatient(coverage, chart, know)
        if in_wiser(coverage, place, know):
            yield Finding(
                f"Original Medicare in {coverage.state_code}: prior authorization or review before payment (WISeR, 2026 to 2031)",
                "WISeR prior authorization",
                (_of(coverage),),
                cites=("cms-wiser",),
                steps=("Ask for prior authorization, or expect a review before payment",),
            )


def _inpatient(coverage: Coverage, know: Knowledge) -> Finding:
    pain = know.parameter("shared/pain.pain_inpatient")
    says = f"{_named(coverage)}, in hospital: coverage asks for pain of {pain.value:g} or more of 10"
    return Finding(says, _asks(coverage, f"pain from {pain.value:g}"), (_of(coverage),), uses=(pain,))


def _outpatient(coverage: Coverage, chart: Chart, know: Knowledge) -> Finding:
    pain = know.parameter("shared/pain.pain_outpatient")
    disability, height = know.parameters("shared/payers", "disability_above", "height_loss_above")
    shown = tuple(secondary_criteria(chart, know))
    return Finding(
        says=f"{_named(coverage)}, outside hospital: coverage asks for pain of {pain.value:g} or more that worsens, or two secondary"
        " criteria",
        short=_asks(coverage, f"pain from {pain.value:g}"),
        explains=f"The secondary criteria are kyphosis, height loss that progresses, height loss above {height.text}, and a disability"
        f" score above {disability.value:g}. Of the last two the chart shows {' and '.join(says for says, _ in shown) or 'none'}.",
        evidence=(_of(coverage), *(evidence for _, evidence in shown)),
        uses=(pain, disability, height),
    )


def _other(coverage: Coverage, place: Setting, know: Knowledge) -> Finding:
    weeks = know.parameter("payer_criteria.other_care_weeks")
    says = f"{_named(coverage)}, {place}: policies differ; some plans ask for {weeks.value:g} weeks of non-surgical care first"
    return Finding(says, _asks(coverage, "policies differ"), (_of(coverage),), uses=(weeks,))


def _named(coverage: Coverage) -> str:
    """Who pays, as a sentence begins with it."""
    return briefly(coverage.concept.text, "The payer", proper=True)


def _asks(coverage: Coverage, what: str) -> str:
    """Who pays, where that is a name of a word or two, and what is asked for."""
    return f"{briefly(coverage.concept.text, 'payer', words=2, proper=True)}: {what}"


def _of(coverage: Coverage) -> Evidence:
    return Evidence(coverage.source, "payor", None, coverage.concept.text)
