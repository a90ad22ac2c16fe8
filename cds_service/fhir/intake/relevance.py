"""Tells at a glance, from the few elements that say what a resource is about, that no rule reads it: most of a big chart.

Looking costs a quarter of reading. Whatever is not plainly of no interest is left to the readers, so that they alone judge.
"""

from datetime import UTC

import msgspec
from msgspec import Raw, Struct

from cds_service.digest_cache import digest_cached
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.datatypes import Reference, Term, Text
from cds_service.fhir.decoding.decode import Passed
from cds_service.fhir.decoding.references import person
from cds_service.fhir.intake.terms import PROBLEM
from cds_service.fhir.readers.drug_identity import described
from cds_service.fhir.readers.imaging_observations import is_of_another_kind
from cds_service.fhir.readers.observations import measure
from cds_service.fhir.understanding import Outcome, understanding
from cds_service.knowledge import Knowledge

_NOTHING = Raw(b"")


class _Head(Struct, gc=False, tag_field="resourceType", rename="camel"):
    """Elements as they came, not yet read: charts repeat few of them many times, so each is judged once."""

    id: Text = None
    subject: Reference | None = None
    code: Raw = _NOTHING


class _Condition(_Head, tag="Condition"):
    pass


class _Observation(_Head, tag="Observation"):
    category: Raw = _NOTHING
    component: Raw = _NOTHING
    contained: Raw = _NOTHING


class _Medication(_Head):
    medication_codeable_concept: Raw = _NOTHING
    medication_reference: Raw = _NOTHING
    medication: Raw = _NOTHING


class _Statement(_Medication, tag="MedicationStatement"):
    pass


class _Request(_Medication, tag="MedicationRequest"):
    pass


class _Administration(_Medication, tag="MedicationAdministration"):
    pass


class _Dispense(_Medication, tag="MedicationDispense"):
    pass


_ANY = _Condition | _Observation | _Statement | _Request | _Administration | _Dispense
_DECODER = msgspec.json.Decoder(_ANY)
_TYPE = {kind: kind.__struct_config__.tag for kind in _ANY.__args__}
TYPES = frozenset(_TYPE.values())
"""The types of resources that are looked at: of every other, rules read most."""
_TERM = msgspec.json.Decoder(Term)
_EMPTY = Term()
"""A code that names nothing is not plainly of no interest."""
_TERMS = msgspec.json.Decoder(list[Term])
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def passed(raw: Raw, know: Knowledge) -> Passed | None:
    """The resource as passed over, if it is plainly one that no rule reads; None says only that it has to be read."""
    try:
        seen = _DECODER.decode(raw)
        if seen.id and seen.subject and _is_of_no_interest(seen, know):
            return Passed(f"{_TYPE[type(seen)]}/{seen.id}", person(seen.subject))
    except _UNREADABLE:
        pass  # the reader says what is wrong with it
    return None


def _is_of_no_interest(seen: _Head, know: Knowledge) -> bool:
    if isinstance(seen, _Observation):
        alone = seen.code and seen.category and not (seen.component or seen.contained)
        return bool(alone) and _is_another_result((bytes(seen.category), bytes(seen.code)), know)
    if isinstance(seen, _Medication):
        named_once = seen.medication_codeable_concept and not (seen.medication_reference or seen.medication)
        return bool(named_once) and _is_another_drug(bytes(seen.medication_codeable_concept), know)
    return bool(seen.code) and _is_of_no_concern(bytes(seen.code), know)


def _meant(know: Knowledge) -> Context:
    """What a code means does not depend on where the site lies."""
    return Context(know, UTC)


@digest_cached(16384)
def _is_another_result(named: tuple[bytes, bytes], know: Knowledge) -> bool:
    """Whether it is, by category and code, neither of an image nor a measure of ours."""
    category, code = named[0], _TERM.decode(named[1])
    return code != _EMPTY and is_of_another_kind(_TERMS.decode(category)) and measure(code, _meant(know)) is None


@digest_cached(16384)
def _is_of_no_concern(code: bytes, know: Knowledge) -> bool:
    return (
        understanding(_TERM.decode(code), _meant(know), PROBLEM.complete, PROBLEM.section).outcome
        is Outcome.OF_NO_CONCERN
    )


@digest_cached(16384)
def _is_another_drug(named: bytes, know: Knowledge) -> bool:
    known = described([_TERM.decode(named)], _meant(know)).identified
    return known.known and not known.found
