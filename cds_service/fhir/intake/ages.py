"""Says when something was that is dated by the patient's age or in words: a period as wide as the age leaves it open."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import floor

from msgspec.structs import replace

from cds_service.chart import When
from cds_service.fhir import dates
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import AgePeriod, Quantity, Range, Text

_STEMS = ("onset", "abatement", "performed", "occurrence")
_OF_TYPE: Mapping[type[resources.Resource], tuple[str, ...]] = {
    kind: tuple([stem for stem in _STEMS if f"{stem}Age" in kind.__struct_fields__])
    for kind in resources.TYPES.values()
}
_ENDS = "abatement"
_MONTHS = {"a": 12, "mo": 1}
_DAYS = {"wk": 7, "d": 1}
_CODES = {"year": "a", "yr": "a", "y": "a", "month": "mo", "week": "wk", "day": "d"}
"""What people write for a unit that has no code of UCUM, without the s of the plural."""
_OLDEST = 150 * 12
_NOT_READ = "could not be read, so it does not count"
_TO_COME = "is still to come, so it does not count"
_NO_BIRTH = "needs a birth date that is known, so it does not count"


def placed(
    resource: resources.Resource, born: When | None, as_of: datetime
) -> tuple[resources.Resource, tuple[str, ...]]:
    """The resource with a date or period in the place of an age, a range of ages or a text; and what of these does not count.

    An age at which something was over says that it is over, were the birth unknown. A text that is no date says nothing.
    """
    notes: list[str] = []
    for stem in _OF_TYPE[type(resource)]:
        age, ages, text = (getattr(resource, f"{stem}{form}") for form in ("Age", "Range", "String"))
        if age is None and ages is None and text is None:
            continue  # nearly always
        if getattr(resource, f"{stem}DateTime") or getattr(resource, f"{stem}Period"):
            continue
        changes, note = _as_text(stem, text) if age is None and ages is None else _as_age(stem, age, ages, born, as_of)
        resource = replace(resource, **changes)
        notes += [note] if note else []
    return resource, tuple(notes)


def _as_text(stem: str, text: Text) -> tuple[Mapping[str, object], str]:
    """A date as such; whatever else a text says, nothing follows from it: `abatementString` may be "ongoing"."""
    if not text or not text.strip():
        return {}, ""
    return ({f"{stem}DateTime": text}, "") if dates.has_shape(text) else ({}, f"{stem}String {_NOT_READ}")


def _as_age(
    stem: str, age: Quantity | None, ages: Range | None, born: When | None, as_of: datetime
) -> tuple[Mapping[str, object], str]:
    name = f"{stem}Range" if age is None else f"{stem}Age"
    low, high = _bounds(age) if age is not None else (ages.low, ages.high) if ages else (None, None)
    if not (low or high) or any(item and _length(item) is None for item in (low, high)):
        return {}, f"{name} {_NOT_READ}"
    if born is None:
        return ({"abatementBoolean": True} if stem == _ENDS else {}), f"{name} {_NO_BIRTH}"
    now = as_of.date()
    start = _reached(born.start.date(), low) if low else born.start.date()
    end = _reached(born.last.date(), high, is_last=True) if high else now
    if start > now and stem == _ENDS:
        return {}, f"{name} {_TO_COME}"
    end = max(start, min(end, now))  # what the patient has not lived to see yet was not then
    return {f"{stem}Period": AgePeriod(start.isoformat(), end.isoformat())}, ""


def _bounds(age: Quantity) -> tuple[Quantity | None, Quantity | None]:
    """An age as the lowest and the highest that it may be."""
    comparator = (age.comparator or "").strip()
    return (None if comparator[:1] == "<" else age, None if comparator[:1] == ">" else age)


def _length(age: Quantity) -> tuple[str, float] | None:
    """An age in its unit's code; None if it cannot be read, or is none that anybody reaches."""
    word = (age.code or age.unit or "").strip().lower()
    unit = word if word in _MONTHS or word in _DAYS else _CODES.get(word.removesuffix("s"), "")
    if not unit or age.value is None:
        return None
    months = age.value * _MONTHS[unit] if unit in _MONTHS else age.value * _DAYS[unit] / 30
    return (unit, age.value) if 0 <= months <= _OLDEST else None


def _reached(born: date, age: Quantity, *, is_last: bool = False) -> date:
    """The day on which an age is reached, or the last day of it: of 68 years the day before the next birthday."""
    unit, value = _length(age) or ("d", 0.0)
    if unit in _DAYS:
        return born + timedelta(days=floor(value * _DAYS[unit]) + (_DAYS[unit] - 1 if is_last else 0))
    months = floor(value * _MONTHS[unit]) + (_MONTHS[unit] if is_last else 0)
    count = born.year * 12 + born.month - 1 + months
    year, month = count // 12, count % 12 + 1
    day = date(year, month, min(born.day, monthrange(year, month)[1]))
    return day - timedelta(days=1) if is_last else day
