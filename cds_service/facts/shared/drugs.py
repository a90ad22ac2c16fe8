"""Which drugs of a class are being taken."""

from cds_service.chart import Chart, DrugUse, Reading, UseStatus


def is_taken(use: DrugUse, chart: Chart) -> bool:
    """Whether a drug is taken at `as_of`: begun, not ended, and no draft of this session."""
    ended = use.status.ends_exposure or (use.end is not None and use.end.last < chart.as_of)
    return not ended and use.status is not UseStatus.INTENDED and not use.drafted


def on_record(chart: Chart, *classes: str) -> tuple[DrugUse, ...]:
    """Drugs of the classes that are taken, one use an ingredient, as far as the chart says."""
    found: dict[str, DrugUse] = {}
    for use in chart.drugs_of(*classes):
        if is_taken(use, chart):
            found.setdefault(use.ingredient, use)
    return tuple(found.values())


def taken(chart: Chart, what: str, *classes: str) -> Reading[DrugUse]:
    """Drugs of the classes that are taken, one use an ingredient; and the gap `what` if the drug list has one."""
    return Reading(on_record(chart, *classes), chart.gap_unless_drugs_listed(what))
