"""A term says the same whichever shape of FHIR it came in."""

import msgspec
import pytest

from cds_service.fhir.decoding.datatypes import Term, code_of, terms_of

_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_CODING = {"system": _ICD, "code": " M80.08XA ", "display": "Age-related osteoporosis with fracture"}
_SHAPES = {
    "CodeableConcept": {"coding": [_CODING], "text": "Broken back"},
    "Coding": {**_CODING, "text": "Broken back"},
    "CodeableReference": {"concept": {"coding": [_CODING], "text": "Broken back"}},
}


def _term(value: object) -> Term:
    return msgspec.json.decode(msgspec.json.encode(value), type=Term)


@pytest.mark.parametrize("shape", _SHAPES)
def test_a_term_reads_its_own_codings_and_texts(shape):
    term = _term(_SHAPES[shape])
    assert term.codes == [(_ICD, "M80.08XA")]
    assert [coding.display for coding in term.codings] == [_CODING["display"]]
    assert set(term.texts) == {_CODING["display"], "Broken back"}
    assert term.label == "Broken back"
    assert term.plain_code == "m80.08xa"


@pytest.mark.parametrize(
    ("value", "label", "code"),
    [
        ({}, "", ""),
        ({"text": " Active "}, "Active", "active"),
        ({"coding": [{"code": "active"}]}, "active", "active"),
        ({"coding": [{"display": "In force"}, {"code": "active"}]}, "In force", "active"),
        ({"concept": {"coding": [{"code": "active"}]}}, "active", "active"),
    ],
)
def test_a_term_shows_words_before_a_code_and_compares_a_code_before_words(value, label, code):
    term = _term(value)
    assert (term.label, term.plain_code) == (label, code)


def test_an_element_may_be_a_list_a_term_a_plain_code_or_nothing():
    active = Term(text="Active")
    assert terms_of(None) == []
    assert terms_of(active) == terms_of([active]) == [active]
    assert code_of(None) == code_of([]) == code_of([Term()]) == ""
    assert code_of(" Active ") == code_of(active) == code_of([Term(), active]) == "active"
