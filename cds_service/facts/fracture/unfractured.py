"""Which ordered vertebrae are not broken, as the newest current images say."""

from cds_service.chart import Assertion, Chart, ImagingFinding, ImagingSign, Level, descending
from cds_service.facts.fracture.imaging import current, day
from cds_service.facts.fracture.target import fractures_at_target
from cds_service.knowledge import Knowledge


def unfractured_levels(chart: Chart, know: Knowledge) -> dict[Level, ImagingFinding]:
    """The ordered levels that the newest current image calls intact and no diagnosis calls broken, each with what says so."""
    newest = {level: _newest(level, chart, know) for level in descending(chart.order.levels - _diagnosed(chart))}
    return {level: seen for level, seen in newest.items() if seen and _is_unfractured(seen)}


def levels_not_judged(chart: Chart, know: Knowledge) -> frozenset[Level]:
    """The ordered levels that no diagnosis calls broken and of which no current image says anything."""
    return frozenset(level for level in chart.order.levels - _diagnosed(chart) if _newest(level, chart, know) is None)


def levels_not_on_record(chart: Chart) -> frozenset[Level]:
    """The ordered levels at which no current fracture or lesion is on record; none while one is recorded without its level."""
    found = fractures_at_target(chart)
    if any(not item.levels for item in found):
        return frozenset()
    return chart.order.levels.difference(*(item.levels for item in found))


def _diagnosed(chart: Chart) -> frozenset[Level]:
    """The levels of fractures by diagnosis, on the problem list or as the order's reason."""
    stated = (item.levels for item in fractures_at_target(chart) if item.path in ("code", "reasonCode"))
    return frozenset().union(*stated)


def _newest(level: Level, chart: Chart, know: Knowledge) -> ImagingFinding | None:
    """The newest current finding that calls this level intact or broken; of one day, the one that calls it broken."""
    said = [seen for seen in current(chart, know) if level in seen.levels and _judges(seen)]
    return max(said, key=lambda seen: (day(seen), not _is_unfractured(seen), seen.source.reference), default=None)


def _judges(seen: ImagingFinding) -> bool:
    if seen.sign is ImagingSign.INTACT:
        return seen.assertion is Assertion.PRESENT
    return seen.sign is ImagingSign.FRACTURE and seen.assertion in (Assertion.PRESENT, Assertion.ABSENT)


def _is_unfractured(seen: ImagingFinding) -> bool:
    return seen.sign is ImagingSign.INTACT or seen.assertion is Assertion.ABSENT
