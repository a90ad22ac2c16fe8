"""Reads a number that was written as text: `<0.5 mg/L`, `7/10`, `1,2`; what could mean two numbers is given as both."""

import math
import re

from msgspec import Struct

_SHAPE = re.compile(
    r"(?P<comparator>[<>]=?|[≤≥=])?\s*(?P<number>[+-]?\d[\d.,]*(?:e[+-]?\d{1,3})?)\s*(?P<unit>.*)", re.IGNORECASE
)
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
# With exactly three digits after it, a mark can part decimals or thousands; after a leading zero it parts decimals.
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3}){2,}|(?:,\d{3})+\.\d+)")
_DOT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:(?:\.\d{3}){2,}|(?:\.\d{3})+,\d+)")
_COMPARATORS = {"≤": "<=", "≥": ">=", "=": ""}
_LONGEST = 80
_WIDE = {ord("−"): "-", **{0xFF01 + n: chr(0x21 + n) for n in range(0x5E)}}
"""What Japanese and Chinese keyboards write for digits, marks and signs; and the sign of minus."""


class WrittenNumber(Struct, frozen=True):
    """A number as written, with FHIR's comparator (or none) and the text that follows it.

    `thousands` is the other number that it can be, if its one mark parts thousands and no decimals: 231000 for `231.000`.
    """

    value: float
    comparator: str = ""
    unit: str = ""
    thousands: float | None = None

    @property
    def readings(self) -> tuple[float, ...]:
        """Each number that it can be."""
        return (self.value,) if self.thousands is None else (self.value, self.thousands)


def read(text: str) -> WrittenNumber | None:
    """The number that a whole text states, or None if it states none or more than one."""
    found = _SHAPE.fullmatch(text.translate(_WIDE).strip()) if len(text) <= _LONGEST else None
    value = _value(found["number"]) if found else None
    if found is None or value is None:
        return None
    sign = found["comparator"] or ""
    thousands = value * 1000 if _EITHER.fullmatch(found["number"]) else None
    return WrittenNumber(value, _COMPARATORS.get(sign, sign), found["unit"].strip(), thousands)


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
