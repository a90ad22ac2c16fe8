"""Families of danger: every member, by code or in words, leaves its rule unknown unless it is judged; and words are read with care."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cds_service import cases
from cds_service.chart import Chart, Reason, Section, Source
from cds_service.disposition import Disposition, assess
from cds_service.engine import evaluate
from cds_service.errors import KnowledgeError
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.resources import AllergyIntolerance, Condition
from cds_service.fhir.readers.care import allergies
from cds_service.fhir.readers.conditions import conditions
from cds_service.findings import Kind, Result
from cds_service.knowledge import family_files, files, load
from cds_service.knowledge.families import Cleared, Fading, Families, Family, Listed
from cds_service.rules import catalogue

from .every_case import CASES_OF
from .suitable_chart import added_to_a_suitable_chart

KNOW = load()
FAMILIES = KNOW.families
FOLDER = files.DIRECTORY / family_files.FAMILIES
RULES = catalogue()
CASE = added_to_a_suitable_chart(msgspec.structs.replace(CASES_OF["systemic_infection"][0], resources=()))
SUITABLE = cases.chart(CASE, KNOW)
CONTEXT = Context(KNOW, SUITABLE.as_of.tzinfo)  # type: ignore[arg-type]
ICD, LOCAL = "http://hl7.org/fhir/sid/icd-10-cm", "https://hospital.example/problems"
RECENT = "2026-11-15"
SNOMED = "http://snomed.info/sct"
UNKNOWN = {LOCAL: "4711", SNOMED: "11110000000000"}
"""A code without a meaning to us in each of two systems."""
TITLES = [tuple(line.split("\t")) for line in (FOLDER / family_files.TITLES).read_text().splitlines()]


def problem(code: str = "", text: str = "", *, system: str = ICD, onset: str = RECENT, **more: Any) -> dict[str, Any]:
    """An active diagnosis."""
    coding = [{"system": system, "code": code} | ({"display": text} if text else {})] if code else []
    dates = {"onsetDateTime": onset} if onset else {}
    active = {"clinicalStatus": {"coding": [{"code": "active"}]}}
    return active | dates | {"code": {"coding": coding, "text": text or None}} | more


def with_entry(found: dict[str, Any]) -> Chart:
    """The suitable chart with one more diagnosis."""
    read = conditions(msgspec.convert(found, Condition, strict=False), Source("Condition/x"), CONTEXT)
    return replace(SUITABLE, conditions=(*SUITABLE.conditions, *read), memo={})


def rows(chart: Chart) -> list[Result]:
    """The results that say that something was not judged."""
    return [
        item
        for item in evaluate(chart, RULES, KNOW)
        if any(missing.reason is Reason.NOT_JUDGED for missing in item.missing)
    ]


def disposition(chart: Chart) -> Disposition:
    """The answer in one word."""
    return assess(evaluate(chart, RULES, KNOW)).disposition


def test_the_suitable_chart_meets_all_criteria() -> None:
    """Else the sweeps below would prove nothing."""
    assert disposition(SUITABLE) is Disposition.CRITERIA_MET


def members() -> Iterator[tuple[str, str]]:
    """Each code of a family of diagnoses that is not cleared, with its title."""
    for code, title in TITLES:
        if not all(item.cleared for item in FAMILIES.of_code("icd-10-cm", code)):
            yield code, title


@pytest.mark.sweep
def test_no_member_by_code_leaves_criteria_met() -> None:
    """Every code of ICD-10-CM that a family has and does not clear, active and recent in a suitable chart."""
    silent = [code for code, _ in members() if disposition(with_entry(problem(code))) is Disposition.CRITERIA_MET]
    assert silent == []


@pytest.mark.sweep
def test_no_member_in_words_leaves_criteria_met() -> None:
    """Every title of these as the words of a local code, and of one in SNOMED CT that no value set has."""
    silent = [
        title
        for code, title in members()
        for system, unknown in UNKNOWN.items()
        if disposition(with_entry(problem(unknown, title, system=system))) is Disposition.CRITERIA_MET
    ]
    assert silent == []


@pytest.mark.sweep
@pytest.mark.parametrize("system", ["http://hl7.org/fhir/sid/icd-10", "http://fhir.de/CodeSystem/bfarm/icd-10-gm"])
def test_no_member_by_a_code_of_other_countries_leaves_criteria_met(system: str) -> None:
    """Every prefix of the ICD-10 of the WHO that a family has, in its own system and in the German one."""
    prefixes = {code for item in FAMILIES.all.values() for listed in item.lists for code in listed.codes["icd-10"]}
    codes = [code if "." in code else f"{code}.0" for code in sorted(prefixes) if len(code) >= 3]
    heard = [code for code in codes if not all(item.cleared for item in FAMILIES.of_code("icd-10", code))]
    assert len(heard) > 200
    assert [
        code for code in heard if disposition(with_entry(problem(code, system=system))) is Disposition.CRITERIA_MET
    ] == []


@pytest.mark.sweep
def test_no_title_of_a_judged_value_set_leaves_criteria_met() -> None:
    """Titles of what the rules of the families judge by, as words of a code that means nothing to us; but for what no such rule forbids."""
    titles = {
        title
        for item in FAMILIES.all.values()
        if item.section is Section.CONDITIONS
        for name in item.judged - {"asymptomatic-bacteriuria"}
        for listed in KNOW.index.value_sets[name].codes.values()
        for title in listed.values()
    }
    silent = [
        title
        for title in sorted(titles)
        for system, unknown in UNKNOWN.items()
        if disposition(with_entry(problem(unknown, title, system=system))) is Disposition.CRITERIA_MET
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("code", "onset", "effect"),
    [
        ("A82.9", RECENT, Kind.INSUFFICIENT_DATA),
        ("A82.9", "", Kind.INSUFFICIENT_DATA),
        ("A82.9", "2026-03-01", Kind.RELATIVE),
        ("A82.9", "2020-03-01", None),
        ("J06.9", RECENT, Kind.RELATIVE),
        ("J06.9", "2026-11-01", None),
        ("B35.1", RECENT, None),
        ("M86.08", "2011-01-01", Kind.INSUFFICIENT_DATA),
        ("S14.101A", RECENT, Kind.INSUFFICIENT_DATA),
        ("S14.101S", RECENT, None),
        ("S14.101A", "2025-12-24", Kind.RELATIVE),
        ("R33.8", RECENT, Kind.INSUFFICIENT_DATA),
        ("R33.8", "", Kind.RELATIVE),
        ("R20.0", "", Kind.RELATIVE),
        ("I10", RECENT, None),
    ],
)
def test_what_a_member_moves_goes_by_its_list_and_its_age(code: str, onset: str, effect: Kind | None) -> None:
    """Full while it is new or undated, then a caution, then nothing, by the days of its list."""
    found = rows(with_entry(problem(code, onset=onset)))
    assert next((item.effect for item in found), None) == effect


@pytest.mark.parametrize("status", ["resolved", "inactive", "remission"])
def test_what_is_over_moves_nothing(status: str) -> None:
    """An infection that the record calls past is no danger of today."""
    over = {"clinicalStatus": {"coding": [{"code": status}]}}
    assert not rows(with_entry(problem("A82.9") | over))


def test_a_visit_makes_an_old_infection_new() -> None:
    """Its encounter is a date as well."""
    visit = {"resourceType": "Encounter", "id": "now", "status": "in-progress", "period": {"start": "2026-11-20"}}
    stays = cases.chart(msgspec.structs.replace(CASE, resources=(*CASE.resources, visit)), KNOW).encounters
    old = with_entry(problem("A82.9", onset="2020-03-01", encounter={"reference": "Encounter/now"}))
    assert [item.effect for item in rows(replace(old, encounters=stays, memo={}))] == [Kind.INSUFFICIENT_DATA]


def test_several_members_are_one_row_that_names_three() -> None:
    """The gravest first; the others are counted, and all are its evidence."""
    chart = SUITABLE
    for number, code in enumerate(("J06.9", "A82.9", "A87.9", "A20.9", "A37.90")):
        sent = msgspec.convert(problem(code), Condition, strict=False)
        read = conditions(sent, Source(f"Condition/{number}"), CONTEXT)
        chart = replace(chart, conditions=(*chart.conditions, *read), memo={})
    (row,) = rows(chart)
    assert row.unknown == "on record, not judged: Rabies (A82.9); Viral meningitis (A87.9); Plague (A20.9); 2 more"
    assert [piece.source.reference for piece in row.evidence] == [f"Condition/{place}" for place in (1, 2, 3, 4, 0)]
    assert {missing.reason for missing in row.missing} == {Reason.NOT_JUDGED}
    assert row.effect is Kind.INSUFFICIENT_DATA


def test_what_a_rule_found_it_has_judged() -> None:
    """Osteomyelitis that only words place in the spine is in no set of the family, but the rule cites it."""
    spine = problem("60168000", "Osteomyelitis", system="http://snomed.info/sct")
    spine["code"]["text"] = "Vertebral osteomyelitis"
    assert not rows(with_entry(spine))


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("Palacos", 0),
        ("Denture base material, acrylic", 0),
        ("cyanoacrylate (skin glue)", 1),
        ("Portland cement dermatitis", None),
        ("barium meal: constipation", None),
        ("herpes simplex", None),
        ("not allergic to acrylates", None),
    ],
)
def test_acrylates_are_known_by_words(text: str, listed: int | None) -> None:
    """Only among allergies: what another list says of a cement is no allergy."""
    found = allergies(
        msgspec.convert(
            {"code": {"text": text}, "clinicalStatus": {"coding": [{"code": "active"}]}},
            AllergyIntolerance,
            strict=False,
        ),
        Source("AllergyIntolerance/x"),
        CONTEXT,
    )
    dangers = [danger for item in found for danger in item.concept.dangers]
    assert [danger.listed for danger in dangers if danger.family == "acrylates"] == ([] if listed is None else [listed])


def test_an_unjudged_allergen_leaves_the_rule_unknown() -> None:
    """Of no value set, but surely something that cement may hold."""
    found = allergies(
        msgspec.convert({"code": {"text": "Vertecem"}, "recordedDate": "2011-05-01"}, AllergyIntolerance, strict=False),
        Source("AllergyIntolerance/x"),
        CONTEXT,
    )
    (row,) = rows(replace(SUITABLE, allergies=(*SUITABLE.allergies, *found), memo={}))
    assert (row.rule.id, row.effect) == ("cement_allergy", Kind.INSUFFICIENT_DATA)
    assert row.missing[0].section is Section.ALLERGIES


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Cellulitis of the left leg", "infection"),
        ("No improvement of cellulitis", "infection"),
        ("Pneumonia with latent tuberculosis", "infection"),
        ("Sepsis, history of gout", "infection"),
        ("History of gout; sepsis", "infection"),
        ("new foot drop", "cord-cauda"),
        ("Septic spondylitis", "infection-spine"),
        ("Leg weakness and generalised weakness", "cord-cauda"),
        ("Postoperative infection with previous pneumonia", "infection"),
        ("Wound infection status post laminectomy", "infection"),
        ("Abscess of the buttock with hx of drug use", "infection"),
        ("Leg weakness since previous surgery", "cord-cauda"),
        ("Recurrent infection despite prophylaxis", "infection"),
        ("Never a smoker, infected leg ulcer", "infection"),
        ("No diabetes, infected foot ulcer", "infection"),
        ("Not able to walk, weakness of both legs", "cord-cauda"),
        ("No fever or cough, infected foot ulcer", "infection"),
        ("Paraplegia after stroke of the spinal cord", "cord-cauda"),
        ("Paraplegia after spinal stroke", "cord-cauda"),
        ("Screening positive for malaria", "infection"),
        ("Partially treated infection", "infection"),
        ("Infection treated", ""),
        ("Pneumonia in childhood", ""),
        ("Screening for malaria and tuberculosis", ""),
        ("Malaria screening", ""),
        ("Vaccination against influenza and pneumonia", ""),
        ("Type 2 diabetes without gangrene", ""),
        ("Enlarged prostate without lower urinary tract symptoms or retention of urine", ""),
        ("no fever, cough or infection", ""),
        ("Family history of tuberculosis", ""),
        ("Screening for malaria", ""),
        ("Influenza vaccination", ""),
        ("exposure to covid", ""),
        ("H. pylori infection", ""),
        ("chronic hepatitis B infection", ""),
        ("aseptic necrosis", ""),
        ("Restless legs", ""),
        ("Weakness of both legs limited by pain", ""),
        ("cervical spondylotic myelopathy", ""),
        ("urinary incontinence, stress", ""),
    ],
)
def test_words_are_read_clause_by_clause(text: str, family: str) -> None:
    """What is denied, another's, past or harmless clears its own statement or clause, and no other."""
    found = {item.family for item in FAMILIES.of_text(text) if not item.cleared}
    assert (family in found) if family else not found


def test_words_beside_a_code_count_unless_the_code_is_cleared_or_titled() -> None:
    """A code of no family leaves its words to be read; its official title says no more than the code."""
    assert rows(with_entry(problem("L98.9", "Infected sore")))
    assert not rows(with_entry(problem("B35.1", "Infected nail")))
    assert not rows(with_entry(problem("L30.3", "Infective dermatitis")))


@pytest.mark.parametrize(
    "words", ["Leg weakness, previous vertebral fracture", "Urinary retention, history of prostate cancer"]
)
def test_what_is_past_beside_a_danger_does_not_make_it_past(words: str) -> None:
    """The past thing is of a value set, the danger is of none: each is an entry of its own."""
    assert rows(with_entry(problem("4711", words, system=LOCAL)))


def test_a_past_thing_in_words_beside_a_code_does_not_settle_its_rule() -> None:
    """A healed osteomyelitis that the words name is heard, and so is the infection before it; what is there now settles the rule."""
    assert rows(with_entry(problem("I10", "Infected pocket of a pacemaker, history of osteomyelitis")))
    assert not rows(with_entry(problem("I10", "Acute osteomyelitis, infected foot")))


def lists(family: Family) -> Iterator[tuple[str, Listed | Cleared]]:
    """Each list of a family with what it is called."""
    for item in every(family):
        yield f"{family.id}: {item.reason}", item


def every(family: Family) -> tuple[Listed | Cleared, ...]:
    """Its own list, those that weigh less, and what is cleared."""
    return (*family.lists, *family.cleared)


EACH = pytest.mark.parametrize("family", FAMILIES.all.values(), ids=lambda family: family.id)


@EACH
def test_a_family_is_whole(family: Family) -> None:
    """Its rule exists, its days go with its clock, each lesser or cleared list has its reason, and no list is empty."""
    assert family.rule in {rule.id for rule in RULES}
    assert family in FAMILIES.answered_by(family.rule)
    assert all(item.full_days <= item.caution_days for item in family.lists)
    assert (family.clock is Fading.PERMANENT) is (family.lists[0].full_days == 0)
    for name, item in lists(family):
        assert any(item.codes.values()) or item.words, name
    assert all(item.reason for item in every(family)[1:])


@EACH
def test_each_lesser_code_lies_in_its_family_and_none_is_listed_twice(family: Family) -> None:
    """A lesser list says something of the family alone; of a code one list decides."""
    for system in ("icd-10-cm", "icd-10"):
        own = tuple(family.lists[0].codes[system])
        for item in family.lists[1:]:
            assert [code for code in item.codes[system] if not code.startswith(own)] == []
        listed = Counter(code for item in every(family)[1:] for code in item.codes[system])
        assert [code for code, count in listed.items() if count > 1] == []


@EACH
def test_each_prefix_has_a_code(family: Family) -> None:
    """Of ICD-10-CM; those of the WHO are shaped as its codes are."""
    codes = [code for code, _ in TITLES]
    for name, item in lists(family):
        for prefix in item.codes["icd-10-cm"]:
            assert any(code.startswith(prefix) for code in codes), (name, prefix)
        shaped = KNOW.index.systems.patterns["icd-10"]
        assert all(shaped.fullmatch(f"{code}00"[: max(3, len(code))]) for code in item.codes["icd-10"]), name


@EACH
def test_no_clear_word_is_a_stem(family: Family) -> None:
    """Else nothing of it would ever count."""
    stems = {word for item in family.lists for word in item.words}
    cleared: tuple[Cleared, ...] = (*family.cleared, *FAMILIES.common)
    assert stems.isdisjoint(word for item in cleared for word in item.words)


@EACH
def test_no_judged_code_is_cleared(family: Family) -> None:
    """What a rule judges speaks by its value set, so a list that clears it would only mislead."""
    for name in family.judged:
        for system, listed in KNOW.index.value_sets[name].codes.items():
            if system in ("icd-10-cm", "icd-10"):
                cleared = [code for code in listed if _is_cleared(family, system, code.removesuffix("-"))]
                assert cleared == [], name


def _is_cleared(family: Family, system: str, code: str) -> bool:
    return any(item.cleared and item.family == family.id for item in FAMILIES.of_code(system, code)) and any(
        code.startswith(prefix) for item in family.cleared for prefix in item.codes[system]
    )


SIZES = {
    "acrylates": (0, 0, 0),
    "cord-cauda": (262, 24, 589),
    "infection": (729, 240, 87),
    "infection-organ": (1294, 254, 5),
    "infection-spine": (70, 0, 0),
}


@pytest.mark.sweep
@EACH
def test_a_family_has_as_many_codes_as_were_reviewed(family: Family) -> None:
    """Full, lesser and cleared codes that are billed: a change of a list changes these, and is reviewed."""
    plain = sorted(code for code, _ in TITLES)
    billed = [code for code, after in zip(plain, [*plain[1:], ""], strict=True) if not after.startswith(code)]
    found = Counter(
        "cleared" if item.cleared else "lesser" if item.listed else "full"
        for code in billed
        for item in FAMILIES.of_code("icd-10-cm", code)
        if item.family == family.id and (not item.cleared or _is_cleared(family, "icd-10-cm", code))
    )
    assert (found["full"], found["lesser"], found["cleared"]) == SIZES[family.id]


def copied(folder: Path, family: str, old: str, new: str) -> Path:
    """The families in a folder of their own, one file changed."""
    for path in FOLDER.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    file = folder / f"{family}.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return folder


@pytest.mark.parametrize(
    ("family", "old", "new", "problem"),
    [
        ("infection", '"sepsis", ', '"sepsis", "sepis", ', "is no value set"),
        ("infection", "full_days = 30\n", "", "needs full_days and caution_days"),
        ("infection-spine", 'clock = "permanent"', 'clock = "permanent"\nfull_days = 3\ncaution_days = 9', "permanent"),
        ("cord-cauda", 'clock = "onset"', 'clock = "hourly"', "clock"),
    ],
)
def test_a_family_that_cannot_be_is_an_error_with_the_name_of_its_file(
    tmp_path: Path, family: str, old: str, new: str, problem: str
) -> None:
    """Found when the service starts, not when a patient is judged."""
    with pytest.raises(KnowledgeError, match=problem) as error:
        family_files.load(copied(tmp_path, family, old, new), KNOW.index.value_sets)
    assert f"{family}.toml" in str(error.value)


def test_titles_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    """With the name of their file."""
    folder = copied(tmp_path, "infection", "A", "A")
    (folder / family_files.TITLES).unlink()
    with pytest.raises(KnowledgeError, match=r"titles\.tsv"):
        family_files.load(folder, KNOW.index.value_sets)


def test_without_families_nothing_belongs_to_one() -> None:
    """An empty index has nothing to say."""
    assert Families().of_code("icd-10-cm", "A41.9") == Families().of_text("sepsis") == ()
    assert not Families().answered_by("systemic_infection")
