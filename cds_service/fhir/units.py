"""Brings a measured number into the one unit that rules compare, or says that its unit is not understood."""

from math import isclose

from cds_service.chart import Quantity
from cds_service.knowledge import Knowledge


def normalised(measure: str, value: float, unit: str | None, code: str | None, know: Knowledge) -> Quantity | None:
    """The value in the canonical unit of its measure, or None if the unit is not understood; it is never guessed.

    `code` is the unit's UCUM code and `unit` what people read, as FHIR has them. Where both are understood they must agree.
    No unit at all is understood only for a ratio or a score.
    """
    table = know.units
    canonical = know.index.value_sets[measure].unit
    if not canonical:
        return None
    wanted, found = table.codes[canonical], []
    for text in [text for text in (code, unit) if text and text.strip()] or [""]:
        named = table.named(text)
        values = (table.converted(measure, value, given, wanted) for given in named)
        understood = next((number for number in values if number is not None), None)
        if understood is not None:
            found.append(understood)
        elif any(given.kind != "plain" for given in named):
            return None
    if not found or not all(isclose(found[0], other, rel_tol=1e-6, abs_tol=1e-9) for other in found):
        return None
    # Nine digits: 100.4 °F is 38 °C, not a hair above it.
    return Quantity(float(f"{found[0]:.9g}"), canonical)


def possible(measure: str, quantity: Quantity, know: Knowledge) -> bool:
    """Whether a living person can have this value; if not it is a typing error, or its unit is not the one stated."""
    limits = know.units.possible.get(measure)
    if limits is None:
        return True
    value = know.units.converted(measure, quantity.value, know.units.codes[quantity.unit], limits.unit)
    return value is not None and limits.least <= value <= limits.most
