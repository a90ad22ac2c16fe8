"""Who pays, as far as a coverage rule is known for it."""

from cds_service.chart import Chart, Coverage, Section

MEDICARE, ADVANTAGE = "payer-medicare", "payer-medicare-advantage"


def payers(chart: Chart) -> tuple[Coverage, ...]:
    """Every coverage in force. Raises `Unknown` if there is none and the section was not answered whole."""
    if not chart.coverage:
        chart.require("who pays", Section.COVERAGE)
    return chart.coverage


def has_medicare(chart: Chart) -> bool:
    """Whether Medicare is among those who pay, as far as the chart says."""
    return any(MEDICARE in item.concept.sets for item in chart.coverage)
