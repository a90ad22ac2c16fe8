"""Brings a measured number into the one unit that rules compare, or says that its unit is not understood."""

from cds_service.chart import Quantity
from cds_service.digest_cache import digest_cached
from cds_service.knowledge import Knowledge
from cds_service.knowledge.units import UnitLine

LONGEST = 100
"""Characters. What is longer is no unit."""


def normalised(measure: str, value: float, unit: str | None, code: str | None, know: Knowledge) -> Quantity | None:
    """The value in the canonical unit of its measure, or None if the unit is not understood; it is never guessed.

    `code` is the unit's UCUM code and `unit` what people read, as FHIR has them. Where both are understood they must agree.
    No unit at all is understood only for a ratio or a score.
    """
    if max(len(unit or ""), len(code or "")) > LONGEST:
        return None
    line = _line((measure, unit or "", code or ""), know)
    return Quantity(line.of(value), know.index.value_sets[measure].unit) if line else None


@digest_cached(4096)
def _line(stated: tuple[str, str, str], know: Knowledge) -> UnitLine | None:
    """What brings a value of a measure in a unit, written and coded, to the canonical one."""
    measure, unit, code = stated
    table = know.units
    wanted = table.codes.get(know.index.value_sets[measure].unit)
    if wanted is None:
        return None
    found = []
    for text in [text for text in (code, unit) if text.strip()] or [""]:
        named = table.named(text)
        understood = next((line for given in named if (line := table.line(measure, given, wanted))), None)
        if understood:
            found.append(understood)
        elif any(given.kind != "plain" for given in named):
            return None
    return found[0] if found and all(found[0].agrees(other) for other in found) else None


def possible(measure: str, quantity: Quantity, know: Knowledge) -> bool:
    """Whether a living person can have this value; if not it is a typing error, or its unit is not the one stated."""
    limits = _limits(measure, know)
    return limits is None or limits[0] <= quantity.value <= limits[1]


@digest_cached(256)
def _limits(measure: str, know: Knowledge) -> tuple[float, float] | None:
    """The least and the most that a measure can be, in its canonical unit."""
    limits = know.units.possible.get(measure)
    if limits is None:
        return None
    line = _line((measure, "", limits.unit.code), know)
    return (line.of(limits.least), line.of(limits.most)) if line else None
