"""Whether the patient has chronic liver disease, for which other limits of coagulation apply."""

from cds_service.chart import Basis, Certainty, Chart, Condition, State, Unknown, ValueSets


def liver_disease(chart: Chart) -> Condition | None:
    """Coded, confirmed cirrhosis or chronic liver failure, or None if a whole problem list has none. Raises `Unknown`.

    Words alone do not widen a limit.
    """
    return next((item for item in chart.conditions_in(ValueSets.LIVER_DISEASE) if _counts(item)), None)


def has_liver_disease(chart: Chart) -> bool:
    """Whether liver disease is on record; a problem list with gaps that shows none counts as none: the stricter limits apply."""
    try:
        return liver_disease(chart) is not None
    except Unknown:
        return False


def _counts(item: Condition) -> bool:
    return item.state is State.ACTIVE and item.certainty is Certainty.CONFIRMED and item.concept.basis is Basis.CODE
