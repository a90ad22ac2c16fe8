"""What the chart says of a pregnancy: codes, recorded status and tests, each with the date that decides."""

from collections.abc import Iterator

from cds_service.chart import Chart, Condition, Measurement, Reading, Section, State, ValueSets, When
from cds_service.facts.infection.cultures import is_negative, is_positive
from cds_service.knowledge import Knowledge

TEST, STATUS = ValueSets.PREGNANCY_TEST, ValueSets.PREGNANCY_STATUS
_ENDED = ValueSets.PREGNANCY_ENDED


def answers(chart: Chart, know: Knowledge, *measures: ValueSets) -> Reading[tuple[Measurement, bool | None]]:
    """The results of pregnancy tests, or recorded statuses, each with whether it says pregnant (None: it cannot be told).

    Newest first, undated ones last; on one date a positive one comes first.
    """
    found = [(item, _says_pregnant(item, know)) for measure in measures for item in chart.measurements(measure).values]
    found.sort(key=lambda item: (_recency(item[0]), item[1] is True, item[1] is None, item[0].source.reference))
    gaps = chart.gap_unless_whole("pregnancy test", Section.PREGNANCY, sets=measures)
    return Reading(tuple(reversed(found)), gaps)


def _recency(item: Measurement) -> float:
    return item.when.last.timestamp() if item.when else float("-inf")


def _says_pregnant(item: Measurement, know: Knowledge) -> bool | None:
    """By the answer in words, else by the concentration: from the upper limit on, below the lower limit, or neither."""
    if is_positive(item) or is_negative(item):
        return is_positive(item)
    if item.quantity is None:
        return None
    value, sign = item.quantity.value, item.quantity.comparator
    if value >= know.parameter("shared/pregnancy.hcg_positive").value and not sign.startswith("<"):
        return True
    negative = know.parameter("shared/pregnancy.hcg_negative").value
    below = value <= negative if sign == "<" else value < negative
    return False if below and not sign.startswith(">") else None


def stands(result: Measurement, chart: Chart, know: Knowledge, problems: tuple[Condition, ...]) -> bool:
    """Whether a result can still be about the present: not older than a pregnancy lasts, and no pregnancy ended since."""
    if result.when is None:
        return True
    return chart.as_of - result.when.last <= know.parameter("shared/pregnancy.longest").span and not over(
        result.when, problems
    )


def over(since: When | None, problems: tuple[Condition, ...]) -> bool:
    """Whether a record of an ended pregnancy is not older than a date; False without a date."""
    ended = (item.dated for item in problems if _ENDED in item.concept.sets)
    return since is not None and any(when.last >= since.start for when in ended if when)


def pregnancies(chart: Chart, know: Knowledge, problems: tuple[Condition, ...]) -> Iterator[Condition]:
    """The diagnoses of a pregnancy that can still go on: active, not longer ago than one lasts, and not ended since."""
    longest = know.parameter("shared/pregnancy.longest").span
    for item in problems:
        if item.state is not State.ACTIVE or _ENDED in item.concept.sets:
            continue
        current = item.dated is None or chart.as_of - item.dated.last <= longest
        if current and not over(item.dated, problems):
            yield item
