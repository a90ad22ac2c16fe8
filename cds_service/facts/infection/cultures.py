"""What cultures and tests were answered, and which positive blood cultures still stand."""

from cds_service.chart import Chart, Concept, Measurement, Missing, Reading, Reason, Section, Unknown, ValueSets
from cds_service.facts.shared.recency import lately
from cds_service.knowledge import Parameter


def is_positive(result: Measurement) -> bool:
    """Whether a culture or a test was answered as positive."""
    return result.answer is not None and ValueSets.RESULT_POSITIVE in result.answer.sets


def is_negative(result: Measurement) -> bool:
    """Whether a culture or a test was answered as negative."""
    return result.answer is not None and ValueSets.RESULT_NEGATIVE in result.answer.sets


def standing_blood_cultures(chart: Chart, window: Parameter) -> Reading[tuple[Measurement, Concept]]:
    """Positive blood cultures without a later negative one, each with its answer; a gap for each of the window that says neither."""
    cultures, gaps = chart.measurements(ValueSets.BLOOD_CULTURE)
    negative = [item.when.start for item in cultures if is_negative(item) and item.when]
    standing = []
    for culture in cultures:
        if culture.answer and is_positive(culture):
            if not culture.when or not any(later > culture.when.last for later in negative):
                standing.append((culture, culture.answer))
        elif not is_negative(culture) and lately(culture.when, chart, window):
            reason = Reason.UNREADABLE if culture.answer else Reason.NOT_MEASURED
            what = f"result of the blood culture of {culture.when}"
            gaps = (*gaps, Unknown(what, Missing(Section.INFLAMMATION, reason)))
    return Reading(tuple(standing), gaps)
