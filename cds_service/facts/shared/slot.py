"""The moment that holds are judged at, and by which clock the moments before it are told."""

from datetime import datetime

from cds_service.chart import Chart


def slot(chart: Chart) -> datetime:
    """The start of the stated slot, else `as_of`."""
    return chart.order.planned.start if chart.order.planned else chart.as_of


def by_the_clock(moment: datetime, chart: Chart) -> datetime:
    """A moment by the site's clock, or by the slot's own if that is stated with another offset than the site's."""
    stated, zone = slot(chart), chart.as_of.tzinfo
    ours = stated.astimezone(zone).utcoffset() == stated.utcoffset()
    return moment.astimezone(zone if ours else stated.tzinfo)
