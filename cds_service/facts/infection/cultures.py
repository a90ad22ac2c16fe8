"""What cultures and tests were answered, and which positive blood cultures still stand."""

from collections.abc import Iterator

from cds_service.chart import Chart, Concept, Measurement, Missing, Reason, Section, Unknown, ValueSets
from cds_service.facts.shared.gaps import gathered
from cds_service.facts.shared.recency import lately
from cds_service.knowledge import Parameter


def is_positive(result: Measurement) -> bool:
    """Whether a culture or a test was answered as positive."""
    return result.answer is not None and ValueSets.RESULT_POSITIVE in result.answer.sets


def is_negative(result: Measurement) -> bool:
    """Whether a culture or a test was answered as negative."""
    return result.answer is not None and ValueSets.RESULT_NEGATIVE in result.answer.sets


def standing_blood_cultures(chart: Chart, window: Parameter) -> Iterator[tuple[Measurement, Concept]]:
    """Positive blood cultures without a later negative one, each with its answer.

    Then `Unknown` if one of the window says neither, or the section has gaps.
    """
    cultures, gaps = gathered(chart.measurements(ValueSets.BLOOD_CULTURE))
    negative = [item.when.start for item in cultures if is_negative(item) and item.when]
    doubtful = list(gaps)
    for culture in cultures:
        if culture.answer and is_positive(culture):
            if not culture.when or not any(later > culture.when.last for later in negative):
                yield culture, culture.answer
        elif not is_negative(culture) and lately(culture.when, chart, window):
            reason = Reason.UNREADABLE if culture.answer else Reason.NOT_MEASURED
            missing = Missing(Section.INFLAMMATION, reason)
            doubtful.append(Unknown(f"result of the blood culture of {culture.when}", missing))
    if doubtful:
        raise Unknown("; ".join(gap.what for gap in doubtful), *(item for gap in doubtful for item in gap.missing))
