"""A term means something, or is known to mean nothing of ours, or was not understood: and only the second is passed over."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.chart import Basis, State
from cds_service.chart.intake import Cause, End
from cds_service.engine import evaluate
from cds_service.errors import KnowledgeError
from cds_service.fhir.concepts import Context, beside, concept
from cds_service.fhir.decoding.datatypes import Coding, Term
from cds_service.fhir.understanding import Outcome, understanding
from cds_service.findings import Kind, Status
from cds_service.knowledge import load
from cds_service.knowledge.titles import OFFICIAL, OfficialTitles, TitleIndex, digest, load_official
from cds_service.knowledge.vocabulary import Vocabulary, load_vocabulary, words_of
from cds_service.rules import catalogue
from tests.test_reading import chart

KNOW = load()
CONTEXT = Context(KNOW, UTC)
DIAGNOSES = frozenset(("icd-10-cm", "icd-10"))
ICD, SNOMED, LOCAL = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct", "https://hospital.example/problems"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BACK_PAIN = "M54.50"


def term(*codes: tuple[str, str, str], text: str | None = None) -> Term:
    return Term(tuple(Coding(system, code, display or None) for system, code, display in codes), text)


@pytest.mark.parametrize(
    ("said", "outcome", "cause", "system"),
    [
        (term((ICD, "M46.46", "")), Outcome.MEANS, None, ""),
        (term((ICD, "H26.9", "")), Outcome.OF_NO_CONCERN, None, ""),
        (term((ICD, "H26.9", "Grauer Star")), Outcome.OF_NO_CONCERN, None, ""),
        (term((ICD, "NA", "")), Outcome.NOT_UNDERSTOOD, Cause.CODE, "icd-10-cm"),
        (term((SNOMED, "90560007", "Gout (disorder)")), Outcome.OF_NO_CONCERN, None, ""),
        (term((SNOMED, "90560007", "")), Outcome.NOT_UNDERSTOOD, Cause.CODE, "snomed"),
        (term((SNOMED, "90560007", "Gicht des linken Knies")), Outcome.NOT_UNDERSTOOD, Cause.WORDS, "snomed"),
        (term((SNOMED, "90560007", "Gout des linken Kniegelenks")), Outcome.PARTLY_READ, Cause.WORDS, "snomed"),
        (term((LOCAL, "77", "Gout")), Outcome.OF_NO_CONCERN, None, ""),
        (term((LOCAL, "77", "Gout des linken Kniegelenks")), Outcome.NOT_UNDERSTOOD, Cause.WORDS, "other"),
        (term((LOCAL, "77", "")), Outcome.NOT_UNDERSTOOD, Cause.SYSTEM, "other"),
        (term(text="Cataract"), Outcome.OF_NO_CONCERN, None, ""),
        (term(text="BPH"), Outcome.OF_NO_CONCERN, None, ""),
        (term(text="Xq"), Outcome.NOT_UNDERSTOOD, Cause.WORDS, ""),
        (term(text="高血圧"), Outcome.NOT_UNDERSTOOD, Cause.LANGUAGE, ""),
        (term(text="Allergy to nut"), Outcome.OF_NO_CONCERN, None, ""),
        (term(text="Other TB"), Outcome.NOT_UNDERSTOOD, Cause.WORDS, ""),
        (term(text="Unknown"), Outcome.NOT_UNDERSTOOD, Cause.CODE, ""),
        (term((SNOMED, "90560007", "Other diagnosis")), Outcome.NOT_UNDERSTOOD, Cause.CODE, "snomed"),
        (term(), Outcome.NOT_UNDERSTOOD, Cause.CODE, ""),
        (None, Outcome.NOT_UNDERSTOOD, Cause.CODE, ""),
        (
            term(("http://terminology.hl7.org/CodeSystem/data-absent-reason", "masked", "Masked")),
            Outcome.NOT_UNDERSTOOD,
            Cause.CODE,
            "",
        ),
    ],
)
def test_a_term_has_one_of_three_outcomes(said, outcome, cause, system):
    found = understanding(said, CONTEXT, DIAGNOSES)
    assert (found.outcome, found.cause, found.system) == (outcome, cause, system)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (term((LOCAL, "77", "Zzyzx")), '"Zzyzx" (77)'),
        (term(text="Zzyzx"), '"Zzyzx"'),
        (term((LOCAL, "77", "")), "77 of a code system not known here"),
        (term((SNOMED, "90560007", "")), "90560007 of snomed"),
        (term(text="Z" * 60), f'"{"Z" * 48}…"'),
        (term(), "without a code or words"),
    ],
)
def test_what_was_not_understood_is_named(said, says):
    assert understanding(said, CONTEXT).says == says


def test_words_are_known_in_both_spellings_and_in_plural():
    known = Vocabulary(("tumor", "allergy", "mass", "ischemia"))
    assert all(map(known.knows, ("tumour", "tumors", "tumours", "allergies", "masses", "ischaemia")))
    assert not known.knows("tumorous")


def test_semantic_tags_and_short_words_say_nothing_beside_long_ones():
    assert words_of("Gout of toe (disorder)") == ["gout"]
    assert words_of("CKD 3 (disorder)") == ["ckd"]
    assert words_of("2026") == []


def test_every_word_of_our_own_titles_and_drugs_is_known():
    texts = (*KNOW.index.titles, *KNOW.drugs.names)
    assert not {word for text in texts for word in words_of(text) if len(word) > 3 and not KNOW.vocabulary.knows(word)}


def test_words_that_cannot_be_read_are_an_error_with_the_name_of_their_file(tmp_path):
    (tmp_path / "en.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(KnowledgeError, match=r"en\.txt"):
        load_vocabulary(tmp_path, ())
    with pytest.raises(KnowledgeError, match=OFFICIAL):
        load_official(tmp_path / OFFICIAL)


def test_a_title_means_what_its_codes_do_whatever_its_case_and_tag():
    index = TitleIndex([("Epidural abscess (disorder)", frozenset(("a",))), ("EPIDURAL  ABSCESS", frozenset(("b",)))])
    assert index.of("Epidural abscess") == {"a", "b"}
    assert not index.of("Epidural abscess, cured")


def test_an_official_title_only_repeats_its_own_code():
    official = OfficialTitles(digest("K57.32", "Diverticulitis of large intestine").to_bytes(8, "little"))
    assert official.repeats("K5732", "DIVERTICULITIS of large intestine")
    assert not official.repeats("K57.30", "Diverticulitis of large intestine")


GRAVE = sorted(
    (name, system, code, title)
    for name, item in KNOW.index.value_sets.items()
    if item.outside
    for system, listed in item.codes.items()
    if system in ("icd-10-cm", "icd-10", "snomed")
    for code, title in listed.items()
)


@pytest.mark.parametrize("name", sorted({name for name, *_ in GRAVE}))
def test_what_is_grave_is_found_by_its_title_under_any_code(name):
    titles = [title for grave, *_, title in GRAVE if grave == name]
    for title in titles:
        for system, code in ((LOCAL, "4711"), (SNOMED, "90560007")):
            found = concept(term((system, code, title)), CONTEXT)
            assert found is not None, title
            assert (name in found.sets, found.basis) == (True, Basis.TEXT), title
        assert name in beside(term((ICD, BACK_PAIN, title)), CONTEXT), title


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("K57.30", "Diverticulosis of large intestine without perforation or abscess without bleeding"),
        ("J82.81", "Chronic eosinophilic pneumonia"),
        ("P05.00", "Newborn light for gestational age, unspecified weight"),
        (BACK_PAIN, "Low back pain, unspecified"),
    ],
)
def test_the_official_title_of_a_code_says_no_more_than_the_code(code, title):
    assert not beside(term((ICD, code, title)), CONTEXT)
    assert understanding(term((ICD, code, title)), CONTEXT, DIAGNOSES).outcome is Outcome.OF_NO_CONCERN


def problem(code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "p",
        "subject": {"reference": "Patient/vera"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "recordedDate": "2026-11-14",
        "code": code,
        **more,
    }


def test_words_beside_a_code_make_an_entry_of_their_own():
    coded = {"coding": [{"system": ICD, "code": BACK_PAIN}], "text": "Spinal epidural abscess"}
    read = chart(problem(coded))
    (found,) = read.conditions
    assert (found.concept.sets, found.concept.basis) == (frozenset(("spinal-infection",)), Basis.TEXT)
    diabetic = {"coding": [{"system": ICD, "code": "E11.9"}], "text": "History of spinal epidural abscess"}
    assert {item.concept.basis: item.state for item in chart(problem(diabetic)).conditions} == {
        Basis.CODE: State.ACTIVE,
        Basis.TEXT: State.INACTIVE,
    }


@pytest.mark.parametrize(
    ("more", "settled"),
    [
        ({}, False),
        ({"clinicalStatus": None}, False),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, True),
        ({"clinicalStatus": None, "abatementDateTime": "2026-11-20"}, True),
        ({"clinicalStatus": None, "abatementPeriod": {"end": "2026-11-20"}}, True),
        ({"clinicalStatus": None, "abatementBoolean": True}, True),
        ({"abatementDateTime": "2026-11-20"}, False),
    ],
)
def test_a_problem_that_nobody_can_read_is_a_doubt_unless_it_is_over(more, settled):
    read = chart(problem({"coding": [{"system": LOCAL, "code": "4711", "display": "Zzyzx"}]}, **more))
    (found,) = read.intake.not_understood
    assert (found.says, found.system, found.settled) == ('problem "Zzyzx" (4711)', "other", settled)
    assert [counts for counts in read.intake.counts.values() if End.NOT_UNDERSTOOD in counts]


def test_what_is_read_in_part_under_a_known_system_is_counted():
    read = chart(problem({"coding": [{"system": SNOMED, "code": "90560007", "display": "Gout des Knies"}]}))
    assert not read.intake.not_understood
    assert {end for counts in read.intake.counts.values() for end in counts} >= {End.PARTLY_READ}


def test_a_procedure_and_a_device_that_nobody_can_read_are_named():
    named = {"coding": [{"system": LOCAL, "code": "1", "display": "Zzyzx"}]}
    about = {"subject": {"reference": "Patient/vera"}, "id": "x"}
    read = chart(
        {"resourceType": "Procedure", "status": "completed", "code": named, **about},
        {"resourceType": "Device", "type": named, "patient": about["subject"], "id": "y"},
        {"resourceType": "Procedure", "status": "not-done", "code": named, "subject": about["subject"], "id": "z"},
    )
    found = {(item.says, item.settled) for item in read.intake.not_understood}
    assert found == {('procedure "Zzyzx" (1)', False), ('procedure "Zzyzx" (1)', True), ('device "Zzyzx" (1)', False)}


@pytest.mark.parametrize(
    ("words", "effect"), [("Gout des Knies", Kind.RELATIVE), ("Gicht des Knies", Kind.INSUFFICIENT_DATA)]
)
def test_what_was_understood_in_part_moves_less(words, effect):
    read = chart(problem({"coding": [{"system": LOCAL, "code": "1", "display": words}]}))
    results = evaluate(read, catalogue(), KNOW)
    rows = [item for item in results if item.status is Status.UNKNOWN and item.rule.id == "spinal_infection"]
    assert effect in {row.effect for row in rows}


def test_an_allergy_is_understood_as_far_as_the_least_of_what_it_names():
    about = {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/vera"}}
    nut, strange = {"text": "Peanut"}, {"text": "Zzyzx"}
    assert not chart({**about, "code": nut, "reaction": [{"substance": nut}]}).intake.not_understood
    (found,) = chart({**about, "code": nut, "reaction": [{"substance": strange}]}).intake.not_understood
    assert found.says == 'allergy "Zzyzx"'
    (found,) = chart(about).intake.not_understood
    assert found.says == "allergy without a code or words"


def test_words_beside_the_code_of_an_allergy_count():
    about = {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/vera"}}
    code = {"coding": [{"system": SNOMED, "code": "111088007", "display": "Latex"}], "text": "Bone cement"}
    assert {name for item in chart({**about, "code": code}).allergies for name in item.concept.sets} >= {
        "allergy-cement"
    }
