"""Reads a number that was written as text: `<0.5 mg/L`, `7/10`, `1,2`; what could mean two numbers is none."""

import math
import re

from msgspec import Struct

_SHAPE = re.compile(
    r"(?P<comparator>[<>]=?|[≤≥=])?\s*(?P<number>[+-]?\d[\d.,]*(?:e[+-]?\d{1,3})?)\s*(?P<unit>.*)", re.IGNORECASE
)
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)
# With exactly three digits after it, a comma could also part thousands; after a leading zero it cannot.
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+)")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3}){2,}|(?:,\d{3})+\.\d+)")
_DOT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3}){2,}|(?:\.\d{3})+,\d+)")
_COMPARATORS = {"≤": "<=", "≥": ">=", "=": ""}
_LONGEST = 80


class WrittenNumber(Struct, frozen=True):
    """A number as written, with FHIR's comparator (or none) and the text that follows it."""

    value: float
    comparator: str = ""
    unit: str = ""


def read(text: str) -> WrittenNumber | None:
    """The number that a whole text states, or None if it states none, more than one, or one that can be read in two ways."""
    found = _SHAPE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    value = _value(found["number"]) if found else None
    if found is None or value is None:
        return None
    sign = found["comparator"] or ""
    return WrittenNumber(value, _COMPARATORS.get(sign, sign), found["unit"].strip())


def _value(text: str) -> float | None:
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    elif _COMMA_THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif _DOT_THOUSANDS.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif not _PLAIN.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
