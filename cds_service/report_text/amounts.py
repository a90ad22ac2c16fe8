"""Reads how much of a vertebra's height is lost, or of the canal taken, as a band of percent.

"30-40 %", "one third", "less than 25 %", "reduced to 60 % of its height" and, for height, the graded words of the phrase table.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from cds_service.report_text.phrases import Band, PhraseTable

_NUMBER = r"\d{1,3}(?:\.\d{1,2})?"
_PERCENT = re.compile(
    rf"(?P<low>(?<![\w.]){_NUMBER}) ?%?(?: ?(?:-|\bto\b|\bor\b|\band\b) ?(?P<high>{_NUMBER}))? ?(?:%|percent\b|per cent\b)"
)
_BELOW = re.compile(
    r"(?:<|<=|≤|\b(?:less than|under|below|up to|at most|no more than|not more than|maximum of|maximally)) ?$"
)
_ABOVE = re.compile(r"(?:>|>=|≥|\b(?:more than|greater than|over|above|exceeding|at least|in excess of|minimum of)) ?$")
_WHAT_REMAINS_BEFORE = re.compile(
    r"\b(?:residual|remaining|compressed to|collapsed to|flattened to|reduced to|decreased to|down to|loss to|only)\W[^,;]{0,30}$"
)
_WHAT_REMAINS_AFTER = re.compile(
    r"^ ?(?:of )?(?:the |its |normal |original |expected |vertebral |body )*(?:height )?"
    r"(?:remains|remaining|is left|left\b|is preserved|residual)"
)


class Amount(Struct, frozen=True):
    """A band of percent lost and the place in the sentence where it stands; `graded` if it was a word, not a number."""

    start: int
    end: int
    band: Band
    graded: bool


def amounts(text: str, table: PhraseTable) -> Iterator[Amount]:
    """Every amount in a lower-case sentence."""
    for match in _PERCENT.finditer(text):
        low, high = float(match["low"]), float(match["high"] or match["low"])
        if max(low, high) <= 100:
            yield _amount(text, match, (min(low, high), max(low, high)))
    for pattern, band in table.fractions:
        for match in pattern.finditer(text):
            yield _amount(text, match, band)
    for pattern, band in table.grades:
        for match in pattern.finditer(text):
            yield Amount(match.start(), match.end(), band, graded=True)


def _amount(text: str, match: re.Match[str], band: Band) -> Amount:
    before, after = text[max(0, match.start() - 48) : match.start()], text[match.end() : match.end() + 60]
    low, high = band
    if _BELOW.search(before):
        low = 0.0
    elif _ABOVE.search(before):
        high = 100.0
    if _WHAT_REMAINS_BEFORE.search(before) or _WHAT_REMAINS_AFTER.match(after):
        low, high = 100.0 - high, 100.0 - low
    return Amount(match.start(), match.end(), (low, high), graded=False)
