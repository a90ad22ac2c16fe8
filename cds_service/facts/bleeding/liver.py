"""Whether the patient has chronic liver disease, for which other limits of coagulation apply."""

from cds_service.chart import Basis, Certainty, Chart, Condition, Reading, State, ValueSets


def liver_disease(chart: Chart) -> Reading[Condition]:
    """Coded, confirmed cirrhosis or chronic liver failure, one at most; the gap if there is none and the problem list has one.

    Words alone do not widen a limit.
    """
    return chart.conditions_in(ValueSets.LIVER_DISEASE).where(_counts).first()


def has_liver_disease(chart: Chart) -> bool:
    """Whether liver disease is on record; a problem list with gaps that shows none counts as none: the stricter limits apply."""
    return bool(liver_disease(chart).values)


def _counts(item: Condition) -> bool:
    return item.state is State.ACTIVE and item.certainty is Certainty.CONFIRMED and item.concept.basis is Basis.CODE
