"""Reads how much of a drug is taken and how often: from timing elements first, else from the words of the instruction."""

import re
from collections.abc import Iterator

from cds_service.chart import Dosage
from cds_service.fhir.decoding import datatypes, resources

_HOURS = {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "wk": 168.0, "mo": 730.5, "a": 8766.0}
_TIMES_A_DAY = {
    **{"qd": 1, "od": 1, "am": 1, "pm": 1, "bed": 1, "qhs": 1, "hs": 1, "daily": 1, "once": 1, "nightly": 1},
    **{"bid": 2, "bd": 2, "twice": 2, "tid": 3, "tds": 3, "thrice": 3, "qid": 4, "qds": 4},
}
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "once": 1, "twice": 2, "thrice": 3}
_NUMBER = r"(?P<number>\d+(?:[.,]\d+)?|one|two|three|four|once|twice|thrice)"
_EVERY = re.compile(
    rf"\b(?:every|each)(?:\s+{_NUMBER}(?:\s*(?:-|to)\s*\d+)?)?\s*(?P<unit>hours?|hrs?|h|days?|weeks?|months?|other day|morning|"
    r"evening|night)\b|\bq\s*(?P<q>\d+)\s*-?\s*(?P<qunit>h|hr|hrs|hours?|d|days?)(?![a-z])",
    re.IGNORECASE,
)
_PER = re.compile(
    r"\b(?:(?P<word>once|twice|thrice)\s*(?:a|per|each)?|(?P<times>\d+|one|two|three|four)\s*(?:(?:times|x)\s*(?:a|per|each|/)?|a|per|/))"
    r"\s*(?P<unit>day|daily|week|weekly)\b",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(
    r"\b(?P<code>qd|od|bid|b\.i\.d\.?|bd|tid|t\.i\.d\.?|tds|qid|q\.i\.d\.?|qds|qhs|daily|nightly)(?![a-z])", re.I
)
_OTHER = re.compile(
    r"\b(?:qod|every other day)\b|\b(?P<weekly>weekly|once weekly)\b|\b(?P<monthly>monthly)\b", re.IGNORECASE
)
_UNIT_HOURS = {"h": 1.0, "d": 24.0, "w": 168.0, "m": 730.5, "e": 24.0, "n": 24.0, "o": 48.0}
_AS_NEEDED = re.compile(
    r"prn|(?<!\w)(?:as needed|as required|when needed|when required|if needed|if required)\b", re.IGNORECASE
)
_AMOUNT = re.compile(
    r"(?<![\w.,/])(?P<amount>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>mg|mcg|µg|ug|g|iu|units?|unt|u|ml)\b(?!\s*/\s*(?:(?:ml|h|hr|m2)\b|kg\s*/))(?P<per>\s*/\s*kg\b)?",
    re.IGNORECASE,
)
_UCUM = {"mcg": "ug", "µg": "ug", "iu": "[iU]", "unit": "[iU]", "units": "[iU]", "unt": "[iU]", "u": "[iU]", "ml": "mL"}
_UCUM |= {"[iu]": "[iU]", "{unit}": "[iU]", "[usp'u]": "[iU]", "mg": "mg", "g": "g", "ug": "ug"}
_ROUTES = (
    ("intravenous", r"\biv\b|intraven"),
    ("subcutaneous", r"\b(?:sc|sq|subq|s\.c\.)(?!\w)|subcut"),
    ("intramuscular", r"\bim\b|intramusc"),
    ("intrathecal", r"\bit\b|intrathec"),
    ("sublingual", r"\bsl\b|subling"),
    ("oral", r"\b(?:po|p\.o\.)(?!\w)|\boral|by mouth|orally"),
    ("rectal", r"\bpr\b|rectal"),
    ("inhaled", r"\b(?:inh|neb)\b|inhal|nebul|respiratory"),
    ("nasal", r"\bnasal|intranas"),
    ("ophthalmic", r"ophthalm|\bocular|\beye|intravitreal"),
    ("otic", r"\botic|auricular|\bear\b"),
    ("vaginal", r"vaginal"),
    ("transdermal", r"transderm"),
    ("topical", r"topical|cutaneous|dermal|on the skin"),
)
_ROUTE_PATTERNS = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _ROUTES)
_ROUTE_CODES = {
    **{
        "26643006": "oral",
        "260548002": "oral",
        "394899003": "oral",
        "47625008": "intravenous",
        "255560000": "intravenous",
    },
    **{"34206005": "subcutaneous", "78421000": "intramuscular", "255559005": "intramuscular", "37839007": "sublingual"},
    **{"447694001": "inhaled", "54485002": "ophthalmic"},
}
"""SNOMED CT routes that charts send without a display."""


def instructions(resource: resources.MedicationUse) -> tuple[datatypes.Dosage, ...]:
    """The dosage elements of any of the resources about a drug."""
    return (*_dosages(resource.dosage), *_dosages(resource.dosageInstruction))


def dosage(parts: tuple[datatypes.Dosage, ...]) -> Dosage:
    """One dose, from one instruction or several.

    Where several differ, the largest amount of the first unit counts, and the interval and route are unknown.
    """
    amounts = [amount for amount in map(_amount, parts) if amount]
    first_unit = amounts[0][1] if amounts else ""
    intervals = {hours for hours in map(_interval, parts) if hours is not None}
    routes = {name for name in map(route, parts) if name}
    return Dosage(
        amount=max((amount for amount, unit in amounts if unit == first_unit), default=None),
        unit=first_unit,
        interval_hours=intervals.pop() if len(intervals) == 1 else None,
        as_needed=bool(parts) and all(map(_as_needed, parts)),
        route=routes.pop() if len(routes) == 1 else "",
    )


def route(part: datatypes.Dosage) -> str:
    """The route in one word (`oral`, `subcutaneous`, `topical` …), by code or by words; empty if not stated."""
    for coding in part.route.codings if part.route else ():
        if coding.code in _ROUTE_CODES:
            return _ROUTE_CODES[coding.code]
    for text in part.route.texts if part.route else ():
        return next((name for name, pattern in _ROUTE_PATTERNS if pattern.search(text)), text.strip().lower())
    found = [name for name, pattern in _ROUTE_PATTERNS[:6] if part.text and pattern.search(part.text)]
    return found[0] if len(found) == 1 else ""


def _dosages(value: list[datatypes.Dosage] | datatypes.Dosage | None) -> Iterator[datatypes.Dosage]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def _as_needed(part: datatypes.Dosage) -> bool:
    stated = part.asNeededBoolean if part.asNeededBoolean is not None else part.asNeeded
    return bool(stated or part.asNeededCodeableConcept) or bool(part.text and _AS_NEEDED.search(part.text))


def _amount(part: datatypes.Dosage) -> tuple[float, str] | None:
    """The amount of one dose, as element, else as words; a dose by body weight keeps its unit (`mg/kg`)."""
    for quantity in _quantities(part):
        if quantity.value is not None:
            unit = (quantity.code or quantity.unit or "").strip()
            return quantity.value, _UCUM.get(unit.lower(), unit)
    found = _AMOUNT.search(part.text or "")
    if not found:
        return None
    unit = found["unit"].lower()
    return float(found["amount"].replace(",", "")), _UCUM.get(unit, unit) + ("/kg" if found["per"] else "")


def _quantities(part: datatypes.Dosage) -> Iterator[datatypes.Quantity]:
    rates = part.doseAndRate if isinstance(part.doseAndRate, list) else [part.doseAndRate] if part.doseAndRate else []
    for item in rates:
        if item.doseQuantity:
            yield item.doseQuantity
        if item.doseRange and item.doseRange.high:
            yield item.doseRange.high
    yield from (quantity for quantity in (part.doseQuantity, part.dose) if quantity)


def _interval(part: datatypes.Dosage) -> float | None:
    """Hours from one dose to the next: timing.repeat, then timing.code, then the instruction's words."""
    timing = part.timing
    hours = _repeated(timing.repeat) if timing and timing.repeat else None
    if hours is None and timing and timing.code:
        hours = next(filter(None, map(_written, (timing.code.plain_code, *timing.code.texts))), None)
    return hours if hours is not None else _written(part.text or "")


def _repeated(repeat: datatypes.Repeat) -> float | None:
    unit = _HOURS.get((repeat.periodUnit or repeat.periodUnits or "").strip().lower())
    if unit and repeat.period and repeat.period > 0:
        times = repeat.frequency if repeat.frequency and repeat.frequency > 0 else 1.0
        return repeat.period * unit / times
    moments = _text_of(repeat.when)
    return 24.0 / len(moments) if moments else None


def _text_of(value: list[str] | str | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def _written(text: str) -> float | None:
    """The interval that words or an abbreviation state, such as `BID`, `every 12 hours`, `3 times a day` or `q8h`."""
    if every := _EVERY.search(text):
        number = _count(every["q"] or every["number"] or "1")
        unit = (every["qunit"] or every["unit"]).lower()
        return number * _UNIT_HOURS["n" if unit == "morning" else unit[0]] if number else None
    if other := _OTHER.search(text):
        return 168.0 if other["weekly"] else 730.5 if other["monthly"] else 48.0
    if per := _PER.search(text):
        number = _count(per["word"] or per["times"])
        return (24.0 if per["unit"].lower().startswith("da") else 168.0) / number if number else None
    if short := _ABBREVIATION.search(text):
        return 24.0 / _TIMES_A_DAY[short["code"].lower().replace(".", "")]
    return 24.0 / _TIMES_A_DAY[text] if text in _TIMES_A_DAY else 168.0 if text == "wk" else None


def _count(word: str) -> float:
    return float(_WORDS.get(word.lower(), 0)) or float(word.replace(",", "."))
