"""Who pays, and what the chart shows of what a known payer asks for."""

from collections.abc import Iterator

from cds_service.chart import Assertion, Chart, Coverage, ImagingSign, Reading, Section, ValueSets
from cds_service.facts.fracture.imaging import current_at_target, evidence
from cds_service.facts.shared.labs import above, history
from cds_service.facts.shared.setting import Setting
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge

_MEDICARE, _ADVANTAGE = ValueSets.PAYER_MEDICARE, ValueSets.PAYER_MEDICARE_ADVANTAGE
_NUMBERS = "shared/payers"


def payers(chart: Chart) -> Reading[Coverage]:
    """Every coverage in force; the gap if there is none and the section was not answered whole."""
    return Reading(chart.coverage, () if chart.coverage else chart.gap_unless_whole("who pays", Section.COVERAGE))


def is_medicare(coverage: Coverage) -> bool:
    """Whether a coverage is original Medicare or a Medicare Advantage plan."""
    return _MEDICARE in coverage.concept.sets


def has_medicare(chart: Chart) -> bool:
    """Whether Medicare is among those who pay, as far as the chart says."""
    return any(map(is_medicare, chart.coverage))


def in_wiser(coverage: Coverage, place: Setting, know: Knowledge) -> bool:
    """Whether the WISeR model reviews the procedure: original Medicare, not in hospital, in one of its states (90 FR 28749)."""
    original = is_medicare(coverage) and _ADVANTAGE not in coverage.concept.sets
    return original and place is Setting.OUTPATIENT and coverage.state_code in know.rules[_NUMBERS].states


def secondary_criteria(chart: Chart, know: Knowledge) -> Iterator[tuple[str, Evidence]]:
    """The latest disability score and a current height loss, if they are what Medicare's determinations count (CMS LCD)."""
    disability, height = know.parameters(_NUMBERS, "disability_above", "height_loss_above")
    scores, _ = history(chart, ValueSets.DISABILITY_SCORE, "disability score")
    for score in scores[:1]:
        if above(score, disability.value):
            yield f"disability {score}", score.evidence
    for seen in current_at_target(chart, know, ImagingSign.HEIGHT_LOSS):
        if seen.assertion is Assertion.PRESENT and seen.percent and seen.percent[0] > height.value:
            yield f"height loss of {seen.percent[0]:g} %", evidence(seen)
            return
