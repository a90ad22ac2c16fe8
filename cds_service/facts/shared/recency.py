"""Whether something lies no further back than a number of the knowledge allows."""

from cds_service.chart import Chart, Condition, When
from cds_service.knowledge import Parameter


def lately(when: When | None, chart: Chart, span: Parameter) -> bool:
    """Whether a date can lie within a span before `as_of`; an undated one does not count."""
    return when is not None and chart.as_of - when.last <= span.span


def diagnosed_lately(problem: Condition, chart: Chart, span: Parameter) -> bool:
    """Whether a diagnosis began, was recorded or was met in an encounter within a span before `as_of`, or bears no date at all."""
    visits = [stay for stay in chart.encounters if stay.source.reference == problem.encounter]
    dates = [when for when in (problem.onset, problem.recorded, *(stay.when for stay in visits)) if when]
    return not dates or any(stay.current for stay in visits) or any(lately(when, chart, span) for when in dates)
