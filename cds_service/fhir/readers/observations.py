"""Reads Observations as measurements: a number in its canonical unit, an answer in words, or why there is neither."""

import math
from collections.abc import Iterator
from datetime import tzinfo

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis, Concept, Measurement, Quantity, ResultStatus, Source, ValueSets, When
from cds_service.chart.sections import SECTION_OF
from cds_service.fhir import dates, numbers, units
from cds_service.fhir.concepts import Context, concept
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Component, Term, terms_of
from cds_service.fhir.numbers import WrittenNumber
from cds_service.knowledge.codes import LONGEST_TERM
from cds_service.report_text.namings import named

_MEASURES = frozenset(SECTION_OF)
_NO_RESULT = frozenset(("cancelled", "entered-in-error"))
_FINAL = frozenset(("final", "amended", "corrected"))
_STATUSES = _FINAL | {"preliminary", "registered"}
COMPARATORS = frozenset(("", "<", "<=", ">=", ">"))
WITHHELD = frozenset(("masked", "not-permitted", "error", "unsupported", "as-text"))
"""The reasons of FHIR (http://hl7.org/fhir/R4/valueset-data-absent-reason.html) that say that there is a value."""
_NO_VALUE = "no value"
_POSITIVE, _NEGATIVE = ValueSets.RESULT_POSITIVE, ValueSets.RESULT_NEGATIVE
_LONGEST_LABEL = 3  # words; a longer string is a sentence, which proves less than an answer does
# HL7 v3 ObservationInterpretation; systems leave the address out, so it is not compared.
_INTERPRETATIONS = {
    "POS": ("Positive", _POSITIVE),
    "DET": ("Detected", _POSITIVE),
    "RR": ("Reactive", _POSITIVE),
    "NEG": ("Negative", _NEGATIVE),
    "ND": ("Not detected", _NEGATIVE),
    "NR": ("Non-reactive", _NEGATIVE),
    "IND": ("Indeterminate", ""),
    "E": ("Equivocal", ""),
    "N": ("Normal", ""),
    "A": ("Abnormal", ""),
    "AA": ("Critically abnormal", ""),
    "H": ("High", ""),
    "HH": ("Critically high", ""),
    "L": ("Low", ""),
    "LL": ("Critically low", ""),
}


class _Reading(Struct, frozen=True):
    """What an observation or a component says; `measures` are those that it turned out to be, if that became clear."""

    measures: frozenset[str] = frozenset()
    quantity: Quantity | None = None
    answer: Concept | None = None
    absent: str = ""


def measurements(resource: resources.Observation, source: Source, context: Context) -> tuple[Measurement, ...]:
    """All that one Observation measures, itself and its components; empty if its codes are no measures of ours.

    A measure whose value cannot be read is there with `absent`. A cancelled or erroneous result is not there at all.
    """
    status = (resource.status or "").strip().lower()
    if status in _NO_RESULT:
        return ()
    whole: tuple[resources.Observation | Component, ...] = (resource, *resource.component)
    parts = [(part, what) for part in whole if (what := measure(part.code, context))]
    if not parts:
        return ()
    when, notes = _when(resource, context.zone)
    if status not in _STATUSES:
        notes = (*notes, f"status {status!r} is not understood: taken as preliminary" if status else "has no status")
    if notes:
        source = replace(source, notes=(*source.notes, *notes))
    final = ResultStatus.FINAL if status in _FINAL else ResultStatus.PRELIMINARY
    found = []
    for part, what in parts:
        reading = _reading(part, what.sets, context)
        if part is resource and len(parts) > 1 and reading.absent == _NO_VALUE:
            continue  # a panel: its components say it all
        measured = what if reading.measures in (what.sets, frozenset()) else replace(what, sets=reading.measures)
        found.append(Measurement(source, measured, when, final, reading.quantity, reading.answer, reading.absent))
    return tuple(found)


def measure(term: Term | None, context: Context) -> Concept | None:
    """The measures that a code names, or None if it names none."""
    found = concept(term, context)
    measures = found.sets & _MEASURES if found else frozenset()
    return replace(found, sets=measures) if found and measures else None


def _when(resource: resources.Observation, zone: tzinfo) -> tuple[When | None, tuple[str, ...]]:
    """When it was taken, the end of a period; else when it was issued, which a note then says."""
    period = resource.effectivePeriod
    stated = (resource.effectiveDateTime, resource.effectiveInstant) + ((period.end, period.start) if period else ())
    taken = dates.first(zone, *stated) or dates.timing(resource.effectiveTiming, zone)
    if taken:
        return taken, ()
    issued = dates.read(resource.issued, zone)
    return issued, ("dated by when it was issued",) if issued else ()


def _reading(part: resources.Observation | Component, measures: frozenset[str], context: Context) -> _Reading:
    """The value of an observation or component in the first of FHIR's forms that is there."""
    given = part.valueQuantity
    if given is not None and given.value is not None:
        number = WrittenNumber(given.value, (given.comparator or "").strip(), given.unit or "")
        return _number(number, given.code, measures, context)
    if part.valueInteger is not None:
        return _number(WrittenNumber(part.valueInteger), None, measures, context)
    words = (part.valueString or "").strip()
    coded = part.valueCodeableConcept
    if len(words) > LONGEST_TERM:
        return _Reading(absent=f"its text is longer than {LONGEST_TERM} characters and was not read")
    for text in (words, *(coded.texts if coded else ())):
        written = numbers.read(text)
        if written and any(context.know.index.value_sets[measure].unit for measure in measures):
            reading = _number(written, None, measures, context)
            if reading.quantity or text is words:
                return reading
    answer = _answer(part, words, context)
    if answer:
        return _Reading(answer=answer)
    return _Reading(absent=_absent(part.dataAbsentReason) or _NO_VALUE)


def is_withheld(reason: Term | None) -> bool:
    """Whether there is a value that did not come: another thing than a test that was not done."""
    return reason is not None and not WITHHELD.isdisjoint([code for _, code in reason.codes])


def _absent(reason: Term | None) -> str:
    """Why there is no value, in words, else by code; empty if that is not said."""
    if reason is None:
        return ""
    return next(iter((*reason.texts, *(code for _, code in reason.codes))), "").strip()


def _number(number: WrittenNumber, code: str | None, measures: frozenset[str], context: Context) -> _Reading:
    """A number in its canonical unit. Where a text names two measures, the unit decides which of them it is."""
    if not math.isfinite(number.value) or number.comparator not in COMPARATORS:
        return _Reading(absent=f"value {_display(number, code)!r} not understood")
    understood = [
        (measure, quantity)
        for measure in sorted(measures)
        for value in number.readings
        if (quantity := units.normalised(measure, value, number.unit, code, context.know))
    ]
    if not understood:
        named = (number.unit.strip() or code or "")[: units.LONGEST]
        return _Reading(absent=f"unit {named!r} not understood" if named else "has no unit")
    possible = [(name, found) for name, found in understood if units.possible(name, found, context.know)]
    if not possible:
        return _Reading(absent=f"{_display(number, code)} is not possible: its unit or a digit is wrong")
    names = dict.fromkeys(name for name, _ in possible)
    if len(possible) > len(names):
        can_be = " or ".join(f"{value:g}" for value in number.readings)
        return _Reading(absent=f"what is written can be {can_be} {number.unit}".strip())
    if len({found for _, found in possible}) > 1:
        return _Reading(absent=f"{_display(number, code)} can be {' or '.join(names)}")
    quantity = possible[0][1]
    if number.comparator:
        quantity = replace(quantity, comparator=number.comparator)
    return _Reading(frozenset(names), quantity)


def _display(number: WrittenNumber, code: str | None) -> str:
    return f"{number.comparator}{number.value:g} {number.unit or code or ''}".strip()


def _answer(part: resources.Observation | Component, words: str, context: Context) -> Concept | None:
    """The answer in words, with what it says of a test (positive, negative); None if there is none."""
    coded = part.valueCodeableConcept
    said = [*(coded.texts if coded else ()), *([words] if words else [])]
    labels = [label for term in (*terms_of(coded), *terms_of(part.interpretation)) for label in _interpreted(term)]
    if part.valueBoolean is not None:
        labels.insert(0, ("Yes", _POSITIVE) if part.valueBoolean else ("No", _NEGATIVE))
    found = concept(coded, context)
    sets = found.sets if found else frozenset()
    results = frozenset((_POSITIVE, _NEGATIVE))  # "no growth" is a result, and denies none
    sets |= named(said, context.know.index)
    for text in said:
        sets |= context.know.index.of_text(text) & results
    if sets.isdisjoint((_POSITIVE, _NEGATIVE)):
        sets |= {name for _, name in labels if name}
    if sets >= {_POSITIVE, _NEGATIVE}:
        sets -= {_POSITIVE, _NEGATIVE}  # it says both, so nobody can tell
    bare = (coding.code for coding in (coded.codings if coded else ()) if coding.code)
    text = found.text if found else next(iter((*said, *(label for label, _ in labels), *bare)), "")
    if not text:
        return None
    sentence = bool(words) and not coded and len(words.split()) > _LONGEST_LABEL
    return Concept(text.strip(), sets, Basis.TEXT if sentence else Basis.CODE)


def _interpreted(term: Term) -> Iterator[tuple[str, str]]:
    """What the codes of an interpretation mean: a label, and the value set of positive or negative answers if any."""
    for _, code in term.codes:
        if code.upper() in _INTERPRETATIONS:
            yield _INTERPRETATIONS[code.upper()]
