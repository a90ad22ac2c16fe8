"""Everything that arrives is accounted for: what comes in an odd Bundle counts or is a gap, and the counts add up to what came."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from cds_service import cases
from cds_service.app import create_app
from cds_service.cards.assessment import EXTENSION
from cds_service.cases import Case
from cds_service.cases.case import grouped
from cds_service.chart.intake import Cause, End
from cds_service.cli._endpoint import Reply, here
from cds_service.disposition import Disposition
from cds_service.fhir.decoding.datatypes import Identifier, Reference
from cds_service.fhir.decoding.references import NOWHERE, Address, Directory, address, identifier, person
from cds_service.knowledge import load
from cds_service.settings import Settings
from cds_service.web.intake import sentence
from tests.every_case import each_case
from tests.test_reading import chart

KNOW = load()
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SERVICE = here(NOW)
REQUESTS = sorted((cases.FIXTURES / "requests").glob("*.json"))
SUITABLE = json.loads((cases.FIXTURES / "requests/suitable-acute-fracture.json").read_bytes())
PERSON = {"reference": f"Patient/{SUITABLE['context']['patientId']}"}
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
Json = dict[str, Any]


def problem(name: str, code: str, **more: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": name,
        "subject": PERSON,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": ICD, "code": code}]},
        "recordedDate": "2026-11-14",
        **more,
    }


DISCITIS = problem("disc", "M46.46")
BUNION = problem("disc", "M20.10")


def bundle(*entries: Any, **members: Any) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **members}


def entry(resource: Any, **more: Any) -> Json:
    return {"resource": resource, **more}


def post(body: Json) -> Reply:
    return SERVICE.call(json.dumps(body).encode())


def answer(**prefetch: Any) -> tuple[int, Json]:
    """Status and assessment of the suitable chart with some keys sent otherwise."""
    keys = {name.replace("_", "-"): value for name, value in prefetch.items()}
    reply = post(SUITABLE | {"prefetch": SUITABLE["prefetch"] | keys})
    return reply.status, reply.body.get("extension", {}).get(EXTENSION, {})


def problems(*entries: Any, **members: Any) -> Json:
    """The problem list of the suitable chart with more entries."""
    return (
        SUITABLE["prefetch"]["conditions"]
        | {"total": None}
        | {
            "entry": [*SUITABLE["prefetch"]["conditions"]["entry"], *entries],
            **members,
        }
    )


def statuses(found: Json, rule: str) -> set[str]:
    return {row["status"] for row in found["findings"] if row["rule"] == rule}


def test_the_chart_that_the_others_are_made_of_is_suitable():
    assert answer()[1]["disposition"] == Disposition.CRITERIA_MET


# Bundles and entries

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
INSIDE: dict[str, list[Any]] = {
    "a Bundle in the Bundle": [entry(bundle(entry(DISCITIS)))],
    "three deep, in a batch": [entry(bundle(entry(bundle(entry(DISCITIS)), response={"status": "200"})))],
    "a Bundle at an address": [entry(bundle(entry(DISCITIS)), fullUrl="https://ehr.example/fhir/Bundle/1")],
    "at an address of its own": [entry(DISCITIS, fullUrl="https://ehr.example/fhir/Condition/disc/_history/3")],
    "beside a failed status": [entry(DISCITIS, response={"status": "HTTP/1.1 502 Bad Gateway"})],
    "in an entry with members of other types": [entry(DISCITIS, search="match", fullUrl=7, response=[200])],
    "with a urn as its name": [entry(DISCITIS, fullUrl="urn:oid:1.2.36.146.595.217.0.1")],
}
"""Entries that hold a discitis in odd places: it counts."""
HIDING: dict[str, list[Any]] = {
    "no resource": [{"fullUrl": "https://ehr.example/fhir/Condition/disc"}],
    "null for a resource": [entry(None)],
    "a deleted resource": [{"request": {"method": "DELETE", "url": "Condition/disc"}, "response": {"status": "204"}}],
    "a failed request": [{"response": {"status": "403 Forbidden"}}],
    "a failed request, as a number": [{"response": {"status": 503}}],
    "an outcome with an error": [entry(OUTCOME)],
    "an outcome at an address": [entry(OUTCOME, fullUrl="https://ehr.example/fhir/OperationOutcome/1")],
    "an outcome without issues": [entry({"resourceType": "OperationOutcome"}, search={"mode": "outcome"})],
    "a cut Bundle at an address": [entry(bundle(total=2), fullUrl="https://ehr.example/fhir/Bundle/1")],
    "a Bundle that has a next page without an address": [entry(bundle(link=[{"relation": "next"}]))],
    "a type in lower case": [entry(DISCITIS | {"resourceType": "condition"})],
    "a type that is none": [entry(DISCITIS | {"resourceType": "Diagnosis"})],
    "a type that is no text": [entry(DISCITIS | {"resourceType": ["Condition"]})],
    "no type": [entry({"id": "disc", "code": DISCITIS["code"]})],
    "a text": ["Condition/disc"],
    "JSON in a text": [entry(json.dumps(DISCITIS))],
    "a code that cannot be read": [entry(DISCITIS | {"code": 7})],
    "a Binary": [entry({"resourceType": "Binary", "contentType": "text/plain", "data": "ZGlzY2l0aXM="})],
    "Parameters": [entry({"resourceType": "Parameters", "parameter": [{"resource": DISCITIS}]})],
}
"""Entries that may hold one: nobody can tell."""
CUT: dict[str, Json] = {
    "total as text": {"total": "9"},
    "total as a decimal": {"total": 9.0},
    "total that cannot be read": {"total": [9, 10]},
    "a negative total": {"total": -1},
    "a link as one object": {"link": {"relation": "next", "url": "https://ehr.example/2"}},
    "a next page without an address": {"link": [{"relation": "next"}]},
    "a next page whose address is no text": {"link": [{"relation": "Next", "url": {}}]},
    "a link that cannot be read": {"link": ["https://ehr.example/2"]},
    "a misspelled type": {"resourceType": "bundle"},
}
"""Members of the Bundle that say, or may say, that there is more."""


@pytest.mark.parametrize("entries", INSIDE.values(), ids=INSIDE)
def test_what_an_odd_place_holds_counts(entries: list[Any]):
    _, found = answer(conditions=problems(*entries))
    assert "met" in statuses(found, "spinal_infection")


@pytest.mark.parametrize("entries", HIDING.values(), ids=HIDING)
def test_what_may_be_a_contraindication_is_never_a_no(entries: list[Any]):
    _, found = answer(conditions=problems(*entries))
    assert statuses(found, "spinal_infection") == {"unknown"}
    assert statuses(found, "neurological_deficit") == {"unknown"}
    assert found["disposition"] == Disposition.INSUFFICIENT_DATA


@pytest.mark.parametrize("members", CUT.values(), ids=CUT)
def test_what_may_have_been_cut_is_unknown(members: Json):
    _, found = answer(conditions=problems(**members))
    gaps = {gap["reason"] for row in found["findings"] if row["rule"] == "spinal_infection" for gap in row["missing"]}
    assert gaps == {"cut"}


STRANGE = [{"url": "https://ehr.example/negated", "valueBoolean": True}]
MODIFIED: dict[str, Json] = {
    "implicit rules": {"implicitRules": "https://ehr.example/rules"},
    "an extension": {"modifierExtension": STRANGE},
    "an extension that is no list": {"modifierExtension": {}, "implicitRules": 7},
    "beside a total as text": {"modifierExtension": STRANGE, "total": "1"},
}
"""Members of a Bundle that change what all of it means."""


@pytest.mark.parametrize("members", MODIFIED.values(), ids=MODIFIED)
def test_a_bundle_whose_meaning_is_changed_failed_and_nothing_of_it_counts(members: Json):
    """Its section failed; without a problem list there is no answer."""
    allergy = {"resourceType": "AllergyIntolerance", "id": "a", "patient": PERSON, "code": {"text": "Bone cement"}}
    _, found = answer(allergies=bundle(entry(allergy), **members))
    assert statuses(found, "cement_allergy") == {"unknown"}
    assert found["disposition"] == Disposition.INSUFFICIENT_DATA
    section = next(row for row in found["intake"]["sections"] if row["prefetchKey"] == "allergies")
    assert section["notUnderstood"] == 1
    assert {row["cause"] for row in found["intake"]["notUnderstood"]} == {Cause.MODIFIER}
    assert answer(conditions=problems(entry(DISCITIS), **members))[0] == 412


@pytest.mark.parametrize(
    "hidden", [entry(DISCITIS, modifierExtension=STRANGE), entry(bundle(entry(DISCITIS), **MODIFIED["an extension"]))]
)
def test_an_entry_whose_meaning_is_changed_is_never_a_no(hidden: Json):
    _, found = answer(conditions=problems(hidden))
    assert statuses(found, "spinal_infection") == {"unknown"}
    assert [row["cause"] for row in found["intake"]["notUnderstood"]] == [Cause.MODIFIER]


@pytest.mark.parametrize("none", [None, [], ""])
def test_an_empty_modifier_of_a_bundle_is_none(none: Any):
    empty = {"implicitRules": none, "modifierExtension": none}
    _, found = answer(conditions=problems(entry(BUNION, **empty), **empty))
    assert found["disposition"] == Disposition.CRITERIA_MET


@pytest.mark.parametrize("code", ["informational", "not-found", "processing"])
def test_a_notice_changes_nothing(code: str):
    notice = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": code}]}
    _, found = answer(conditions=problems(entry(notice, search={"mode": "outcome"})))
    assert found["disposition"] == Disposition.CRITERIA_MET
    assert next(row for row in found["intake"]["sections"] if row["prefetchKey"] == "conditions")["ofNoConcern"] >= 1


@pytest.mark.parametrize("key", ["procedures", "devices"])
@pytest.mark.parametrize("hidden", ["no resource", "a type that is none", "a text"])
def test_a_procedure_or_device_that_is_not_understood_is_named_and_moves_nothing(key: str, hidden: str):
    _, found = answer(**{key: bundle(*HIDING[hidden])})
    assert found["disposition"] == Disposition.CRITERIA_MET
    assert [row["prefetchKey"] for row in found["intake"]["notUnderstood"]] == [key]


@pytest.mark.parametrize("status", ["resolved", "inactive"])
def test_what_is_over_is_only_counted(status: str):
    over = DISCITIS | {"code": 7, "clinicalStatus": {"coding": [{"code": status}]}}
    _, found = answer(conditions=problems(entry(over)))
    assert found["disposition"] == Disposition.CRITERIA_MET
    assert [row["cause"] for row in found["intake"]["notUnderstood"]] == [Cause.CODE]


@pytest.mark.parametrize("hidden", ["no resource", "a type that is none", "a failed request"])
@pytest.mark.parametrize(
    ("key", "rule"), [("blood-count", "low_platelets"), ("medication-requests", "antithrombotic_hold")]
)
def test_in_a_list_of_results_or_drugs_it_is_a_gap_of_that_list_alone(key: str, rule: str, hidden: str):
    _, found = answer(**{key: bundle(*HIDING[hidden])})
    assert "unknown" in statuses(found, rule)
    assert "unknown" not in statuses(found, "spinal_infection")


def test_a_list_of_no_use_failed_and_is_not_as_if_it_was_never_asked_for():
    others = bundle(entry(DISCITIS | {"subject": {"reference": "Patient/somebody-else"}}))
    for value in (others, {"resourceType": "Practitioner", "id": "d"}, {"resourceType": "allergies"}, 7):
        _, found = answer(allergies=value)
        (row,) = [item for item in found["findings"] if item["rule"] == "cement_allergy"]
        assert [(gap["section"], gap["reason"]) for gap in row["missing"]] == [("allergies", "failed")]


# Identity

OLD, NEW = {"meta": {"lastUpdated": "2026-01-01T08:00:00Z"}}, {"meta": {"lastUpdated": "2026-11-20T08:00:00Z"}}
FIRST, TENTH = {"meta": {"versionId": "9"}}, {"meta": {"versionId": "10"}}


@pytest.mark.parametrize(("earlier", "later"), [(OLD, NEW), (FIRST, TENTH), (OLD | FIRST, OLD | TENTH)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_version_counts_whatever_the_order(earlier: Json, later: Json, turned: bool):
    for old, new, status in ((DISCITIS, BUNION, "not-met"), (BUNION, DISCITIS, "met")):
        entries = [entry(old | earlier), entry(new | later)]
        _, found = answer(conditions=problems(*(entries[::-1] if turned else entries)))
        assert statuses(found, "spinal_infection") == {status}


def test_the_version_in_the_address_counts_too():
    base = "https://ehr.example/fhir/Condition/disc/_history/"
    _, found = answer(conditions=problems(entry(DISCITIS, fullUrl=base + "2"), entry(BUNION, fullUrl=base + "1")))
    assert statuses(found, "spinal_infection") == {"met"}


@pytest.mark.parametrize("turned", [False, True])
def test_of_versions_that_do_not_tell_both_are_read_and_the_worse_counts(turned: bool):
    entries = [entry(DISCITIS), entry(BUNION)]
    _, found = answer(conditions=problems(*(entries[::-1] if turned else entries)))
    assert statuses(found, "spinal_infection") == {"met", "unknown"}
    assert Cause.VERSIONS in [row["cause"] for row in found["intake"]["notUnderstood"]]


def test_a_result_of_two_versions_has_no_value():
    count = next(
        item["resource"]
        for item in SUITABLE["prefetch"]["blood-count"]["entry"]
        if item["resource"]["code"]["coding"][0]["code"] == "777-3"
    )
    other = count | {"valueQuantity": count["valueQuantity"] | {"value": 31}}
    for entries in ((count, other), (other, count)):
        _, found = answer(blood_count=bundle(*map(entry, entries)))
        assert statuses(found, "low_platelets") == {"unknown"}


@pytest.mark.parametrize("copy", [DISCITIS, dict(reversed(DISCITIS.items()))])
def test_a_copy_in_the_same_bundle_is_superseded_and_counts_once(copy: Json):
    _, found = answer(conditions=problems(entry(DISCITIS), entry(copy)))
    section = next(row for row in found["intake"]["sections"] if row["prefetchKey"] == "conditions")
    assert section["superseded"] == 1
    assert "notUnderstood" not in found["intake"]


def test_two_of_one_version_that_differ_are_two_versions():
    same = {"meta": {"versionId": "1", "lastUpdated": "2026-11-20T08:00:00Z"}}
    _, found = answer(conditions=problems(entry(BUNION | same), entry(DISCITIS | same)))
    assert "met" in statuses(found, "spinal_infection")
    assert [row["cause"] for row in found["intake"]["notUnderstood"]] == [Cause.VERSIONS]


def test_a_copy_under_another_key_is_superseded():
    copies = dict.fromkeys(("blood_count", "renal"), SUITABLE["prefetch"]["blood-count"])
    _, found = answer(**copies)
    rows = {row["prefetchKey"]: row for row in found["intake"]["sections"]}
    assert rows["renal"]["superseded"] == rows["renal"]["arrived"] == rows["blood-count"]["arrived"]
    assert found["disposition"] != Disposition.INSUFFICIENT_DATA or statuses(found, "low_platelets") == {"not-met"}


def test_the_same_id_on_two_servers_is_two_resources():
    entries = [
        entry(BUNION, fullUrl="https://a.example/fhir/Condition/disc"),
        entry(DISCITIS, fullUrl="https://b.example/fhir/Condition/disc"),
    ]
    _, found = answer(conditions=problems(*entries))
    assert statuses(found, "spinal_infection") == {"met"}


# References

NAMED = {
    "Medication/7": Address("", "Medication", "7"),
    " Medication/7/_history/2 ": Address("", "Medication", "7"),
    "https://EHR.example/fhir/Medication/7": Address("ehr.example/fhir", "Medication", "7"),
    "http://ehr.example/fhir/Medication/7/": Address("ehr.example/fhir", "Medication", "7"),
    "https://ehr.example/fhir/Medication/7/_history/2": Address("ehr.example/fhir", "Medication", "7"),
    "urn:uuid:2f1e": Address(id="urn:uuid:2f1e"),
    "urn:oid:1.2.3": Address(id="urn:oid:1.2.3"),
    "7": Address(id="7"),
    "#7": NOWHERE,
    "Medication?identifier=x|7": NOWHERE,
    "": NOWHERE,
}


@pytest.mark.parametrize(("text", "named"), NAMED.items())
def test_an_address_in_every_form(text: str, named: Address):
    assert address(text) == named


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("Patient/p", "p"),
        ("Patient/p/_history/4", "p"),
        ("https://ehr.example/fhir/Patient/p", "p"),
        ("p", "p"),
        ("Patient/p ", "p"),
        ("Group/p", "Group/p"),
        ("#p", ""),
        ("Patient?identifier=mrn|1", ""),
        ("urn:uuid:p", "urn:uuid:p"),
        (None, ""),
    ],
)
def test_whom_a_subject_names(text: str | None, whose: str):
    assert person(Reference(text)) == whose
    assert identifier(Reference(text)) == ("p" if whose in ("p", "Group/p") else "")


@pytest.mark.parametrize(
    ("reference", "full_url", "found"),
    [
        ("Medication/7", "https://a.example/r/MedicationRequest/1", "A"),
        ("Medication/7", "https://b.example/r/MedicationRequest/1", "B"),
        ("Medication/7", "https://c.example/r/MedicationRequest/1", None),
        ("Medication/7", "", None),
        ("https://b.example/r/Medication/7/_history/3", "https://a.example/r/MedicationRequest/1", "B"),
        ("Medication/8", "", "C"),
        ("Medication/8", "https://a.example/r/MedicationRequest/1", "C"),
        ("8", "", "C"),
        ("Medication/9", "https://a.example/r/MedicationRequest/1", "D"),
        ("urn:uuid:e", "https://a.example/r/MedicationRequest/1", "E"),
        ("Medication?identifier=sys|1", "", "E"),
        ("#7", "", None),
        ("Medication/10", "", None),
    ],
)
def test_a_directory_finds_what_a_reference_means(reference: str, full_url: str, found: str | None):
    directory: Directory[str] = Directory()
    directory.add("A", "Medication", "7", "https://a.example/r/Medication/7")
    directory.add("B", "Medication", "7", "https://b.example/r/Medication/7")
    directory.add("C", "Medication", "8", "")
    directory.add("D", "Medication", None, "https://a.example/r/Medication/9")
    directory.add("E", "Medication", None, "urn:uuid:e", ["sys|1"])
    assert directory.find(reference, "Medication", full_url) == found
    assert directory.find(Reference(reference), "Medication", full_url) == found


def test_an_identifier_that_two_resources_have_names_neither():
    directory: Directory[str] = Directory()
    directory.add("A", "Medication", "1", "", ["sys|1", "sys|2"])
    directory.add("B", "Medication", "2", "", ["sys|1"])
    logical = [Reference(identifier=Identifier("sys", value)) for value in ("1", "2")]
    assert [directory.find(item, "Medication") for item in logical] == [None, "A"]


ELIQUIS = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1364430"}]}
DRUGS: dict[str, tuple[Json, Json]] = {
    "relative": ({"reference": "Medication/m"}, {"fullUrl": "https://ehr.example/fhir/Medication/m"}),
    "absolute": (
        {"reference": "https://ehr.example/fhir/Medication/m"},
        {"fullUrl": "https://ehr.example/fhir/Medication/m"},
    ),
    "versioned": ({"reference": "Medication/m/_history/1"}, {"fullUrl": "https://ehr.example/fhir/Medication/m"}),
    "urn:uuid": ({"reference": "urn:uuid:6b1c"}, {"fullUrl": "urn:uuid:6b1c"}),
    "urn:oid": ({"reference": "urn:oid:1.2.3"}, {"fullUrl": "urn:oid:1.2.3"}),
    "by identifier": ({"identifier": {"system": "urn:x", "value": "77"}}, {}),
    "conditional": ({"reference": "Medication?identifier=urn:x|77"}, {}),
}


@pytest.mark.parametrize("has_id", [True, False])
@pytest.mark.parametrize("form", DRUGS)
def test_a_drug_is_found_by_every_form_of_reference(form: str, has_id: bool):
    reference, place = DRUGS[form]
    medication: Json = {
        "resourceType": "Medication",
        "code": ELIQUIS,
        "identifier": [{"system": "urn:x", "value": "77"}],
    }
    use = {"resourceType": "MedicationStatement", "id": "u", "status": "active", "subject": PERSON}
    entries = [
        entry(use | {"medicationReference": reference}, fullUrl="https://ehr.example/fhir/MedicationStatement/u"),
        entry(medication | ({"id": "m"} if has_id else {}), **place),
    ]
    _, found = answer(medication_statements=bundle(*entries))
    assert "met" in statuses(found, "antithrombotic_hold")


@pytest.mark.parametrize(
    ("named", "cause", "says"),
    [
        (
            {"medicationReference": {"reference": "Medication/none"}},
            Cause.REFERENCE,
            "whose drug is named by a reference",
        ),
        (
            {"medicationReference": {"identifier": {"value": "7"}}},
            Cause.REFERENCE,
            "whose drug is named by a reference",
        ),
        ({}, Cause.CODE, "that names no drug"),
        ({"medicationReference": {"reference": "Medication/none", "display": "Metformin 1 g"}}, None, ""),
        ({"medicationCodeableConcept": {"text": "Little pink pill"}}, None, ""),
    ],
)
@pytest.mark.parametrize(
    ("status", "authored", "is_open"),
    [("active", "2026-11-01", True), ("stopped", "2026-11-01", True), ("stopped", "2016-11-01", False)],
)
def test_a_drug_by_a_broken_reference_is_named(
    named: Json, cause: Cause | None, says: str, status: str, authored: str, is_open: bool
):
    """However long ago it ended; which drug it was matters only lately. Words of a display stand in for what did not come."""
    use = {"resourceType": "MedicationRequest", "id": "u", "status": status, "intent": "order", "subject": PERSON}
    _, found = answer(medication_requests=bundle(entry(use | {"authoredOn": authored} | named)))
    rows = found.get("intake", {}).get("notUnderstood", [])
    assert [row["cause"] for row in rows] == ([cause] if cause else [])
    assert all(says in row["says"] for row in rows)
    if cause:
        assert (found["disposition"] != "criteria-met") is is_open


@pytest.mark.parametrize("place", ["contained", "included"])
def test_an_ingredient_may_be_a_substance(place: str):
    substance = {"resourceType": "Substance", "id": "s", "code": ELIQUIS}
    ingredient = [{"itemReference": {"reference": "#s" if place == "contained" else "Substance/s"}}]
    medication = {"resourceType": "Medication", "id": "m", "ingredient": ingredient}
    use = {"resourceType": "MedicationStatement", "id": "u", "status": "active", "subject": PERSON}
    entries = [entry(use | {"medicationReference": {"reference": "#m" if place == "contained" else "Medication/m"}})]
    if place == "contained":
        entries[0]["resource"]["contained"] = [medication, substance]
    else:
        entries += [entry(medication), entry(substance)]
    _, found = answer(medication_statements=bundle(*entries))
    assert "met" in statuses(found, "antithrombotic_hold")


@pytest.mark.parametrize(
    ("link", "status"),
    [
        ({"type": "replaced-by", "other": {"reference": "Patient/new"}}, {"met"}),
        ([{"type": "replaced-by", "other": {"reference": "Patient/new"}}], {"met"}),
        ({"type": "seealso", "other": {"reference": "Patient/new"}}, {"not-met"}),
        (7, {"met"}),  # nobody can say that the record was not replaced
    ],
    ids=str,
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_patient_whose_link_is_no_list_is_read(link: Any, status: set[str], wrapped: bool):
    """Bare, too: it has a `link` as a Bundle has, and is none."""
    patient = SUITABLE["prefetch"]["patient"] | {"link": link}
    _, found = answer(patient=bundle(entry(patient)) if wrapped else patient)
    assert statuses(found, "record_in_doubt") == status


@pytest.mark.parametrize(("whose", "status"), [(PERSON, 200), ({"reference": "Patient/other"}, 412)])
def test_whose_a_bundle_at_an_address_is_depends_on_what_it_holds(whose: Json, status: int):
    """Beside another patient's diagnosis, one of this patient in such a Bundle makes the list this patient's."""
    hidden = entry(bundle(entry(DISCITIS | {"subject": whose})), fullUrl="https://ehr.example/fhir/Bundle/1")
    stranger = entry(problem("other", "I10", subject={"reference": "Patient/other"}))
    assert answer(conditions=bundle(hidden, stranger))[0] == status


SUBJECTS = ["urn:uuid:0c", "urn:oid:2.25.7", "Patient?identifier=mrn|88", "#p", ""]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_reference_that_cannot_be_followed_is_not_another_patients(subject: str):
    _, found = answer(conditions=problems(entry(DISCITIS | {"subject": {"reference": subject}})))
    assert statuses(found, "spinal_infection") == {"met"}
    assert any("do not say whose" in note for note in found["notes"])


@pytest.mark.parametrize("subject", [{"reference": None}, {}, {"x": 1}, 7, [None]])
def test_what_lost_its_subject_is_read_and_in_doubt(subject: object):
    """It may be another patient's: so it speaks against the procedure, and never for it."""
    _, found = answer(conditions=problems(entry(DISCITIS | {"subject": subject})))
    assert statuses(found, "spinal_infection") == {"met", "unknown"}
    assert any("do not say whose" in note for note in found["notes"])


@pytest.mark.parametrize(("whose", "status"), [(SUITABLE["context"]["patientId"], "met"), ("another", "not-met")])
def test_a_urn_names_the_patient_whose_entry_has_it(whose: str, status: str):
    patient = entry(SUITABLE["prefetch"]["patient"] | {"id": whose}, fullUrl="urn:uuid:0c")
    _, found = answer(conditions=problems(patient, entry(DISCITIS | {"subject": {"reference": "urn:uuid:0c"}})))
    assert statuses(found, "spinal_infection") == {status}


@pytest.mark.parametrize("reference", ["Encounter/e1", "https://ehr.example/r/Encounter/e1/_history/2", "urn:uuid:e1"])
def test_the_stay_of_a_diagnosis_is_named_as_its_entry_is(reference: str):
    (found,) = chart(
        DISCITIS | {"encounter": {"reference": reference}, "subject": {"reference": "Patient/vera"}}
    ).conditions
    assert found.encounter == "Encounter/e1"


@pytest.mark.parametrize("address", ["urn:uuid:8", "URN:uuid:8"])
def test_the_stay_of_a_diagnosis_is_found_by_the_name_of_its_entry(address: str):
    """A pneumonia of long ago in a stay that goes on is treated now."""
    pneumonia = problem("lung", "J18.9", recordedDate="2025-03-01", encounter={"reference": "urn:uuid:8"})
    stay = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": PERSON,
    }
    _, before = answer(conditions=problems(entry(pneumonia)))
    _, found = answer(conditions=problems(entry(pneumonia)), encounter=bundle(entry(stay, fullUrl=address)))
    assert (before["disposition"], found["disposition"]) == (Disposition.CAUTION, Disposition.CONTRAINDICATED)


def test_results_that_a_panel_contains_count():
    inside = {
        "resourceType": "Observation",
        "id": "p1",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "777-3"}]},
        "valueQuantity": {"value": 38, "unit": "10*9/L", "code": "10*9/L", "system": "http://unitsofmeasure.org"},
    }
    for kind in ("Observation", "DiagnosticReport"):
        outer = {
            "resourceType": kind,
            "id": "panel",
            "status": "final",
            "category": [{"coding": [{"code": "laboratory" if kind == "Observation" else "LAB"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "58410-2"}], "text": "Blood count"},
            "subject": PERSON,
            "effectiveDateTime": "2026-11-22T06:00:00Z",
            "contained": [inside, {"resourceType": "Specimen", "id": "s"}],
        }
        _, found = answer(blood_count=bundle(*SUITABLE["prefetch"]["blood-count"]["entry"], entry(outer)))
        assert statuses(found, "low_platelets") == {"met"}


# The counts add up


@each_case
def test_each_resource_of_a_case_ends_in_one_way(case: Case) -> None:
    """The counts of a section add up to what came in it."""
    counts = cases.chart(case, KNOW).intake.counts
    for section, resources in grouped(case, KNOW).items():
        came = len(resources) if case.answers[section].brings_data else 0
        assert sum(counts.get(section, {}).values()) == came


def leaves(value: Any) -> int:
    """How many entries a prefetch value brings: those of Bundles within it, each of which counts for what it holds."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        return sum(leaves(item.get("resource")) if isinstance(item, dict) else 1 for item in value.get("entry", ()))
    return 1


def came(value: Any) -> int:
    """The same for all that a key brings: null and an OperationOutcome stand for no resource."""
    if isinstance(value, list):
        return sum(map(leaves, value))
    return 0 if value is None or value.get("resourceType") == "OperationOutcome" else leaves(value)


def sums(body: Json) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """By prefetch key: what came, how many are said to have arrived, and the sum of all ends."""
    sent = {key: came(value) for key, value in body["prefetch"].items()}
    rows = post(body).body["extension"][EXTENSION].get("intake", {}).get("sections", [])
    ends = {
        row["prefetchKey"]: sum(n for name, n in row.items() if name not in ("prefetchKey", "arrived")) for row in rows
    }
    return {key: n for key, n in sent.items() if n}, {row["prefetchKey"]: row["arrived"] for row in rows}, ends


Change = Callable[[list[Any], Random], list[Any]]


def renamed(item: Any, chance: Random) -> Any:
    """An entry of another version, server, person or type."""
    resource = dict(item["resource"])
    resource |= chance.choice(
        [
            {"meta": {"versionId": str(chance.randrange(9))}},
            {"id": "one-for-all"},
            {"subject": {"reference": "Patient/somebody-else"}},
            {"resourceType": chance.choice(["condition", "Practitioner", "Binary", "OperationOutcome", ""])},
            {"code": chance.choice([7, None, {}, {"text": "x" * 900}])},
        ]
    )
    return entry(
        resource, fullUrl=chance.choice(["", "urn:uuid:1", f"https://{chance.choice('ab')}.example/Condition/x"])
    )


CHANGES: tuple[Change, ...] = (
    lambda items, _: [entry(bundle(*items))],
    lambda items, _: [*items, *items],
    lambda items, chance: [renamed(item, chance) if "resource" in item else item for item in items],
    lambda items, chance: [*items, {"fullUrl": "x"}, {"response": {"status": chance.choice(["404", "200", 500])}}],
    lambda items, chance: chance.sample(items, len(items)),
    lambda items, _: [*items, entry(OUTCOME, search={"mode": "outcome"})],
    lambda items, _: [entry(bundle(item)) for item in items],
)


def changed(body: Json, chance: Random) -> Json:
    prefetch = {}
    for key, value in body["prefetch"].items():
        prefetch[key] = value
        if isinstance(value, dict) and value.get("resourceType") == "Bundle" and value.get("entry"):
            items = value["entry"]
            for change in chance.sample(CHANGES, 2):
                flat = [item for item in items if item.get("resource", {}).get("resourceType") != "Bundle"]
                items = change(flat or items, chance)
            prefetch[key] = {"resourceType": "Bundle", "entry": items}
    return body | {"prefetch": prefetch}


def with_an_answer() -> Iterator[Json]:
    for file in REQUESTS:
        body = json.loads(file.read_bytes())
        if EXTENSION in post(body).body.get("extension", {}):
            yield body


def test_the_counts_of_each_request_add_up():
    seen = 0
    for body in with_an_answer():
        sent, arrived, ends = sums(body)
        assert sent == arrived == ends
        seen += 1
    assert seen > 20


@pytest.mark.law
def test_the_counts_of_generated_requests_add_up():
    chance, bodies = Random(17), list(with_an_answer())
    for _ in range(150):
        body = changed(chance.choice(bodies), chance)
        reply = post(body)
        assert reply.status in (200, 412)
        if EXTENSION not in reply.body.get("extension", {}):
            continue  # no problem list was left, or no signed order
        sent, arrived, ends = sums(body)
        assert sent == arrived == ends


def test_a_log_and_metrics_say_how_many_and_never_what():
    application = create_app(Settings(database_url="sqlite://"))
    client = application.test_client()
    name = "Diagnosis-of-Vera-Example"
    body = SUITABLE | {
        "prefetch": SUITABLE["prefetch"] | {"conditions": problems(entry(DISCITIS | {"resourceType": name}))}
    }
    sent = client.post("/cds-services/vertebroplasty-suitability", json=body)
    assert sent.status_code == 200
    metrics = client.get("/metrics").text
    assert 'cds_intake_total{end="not-understood",section="conditions"} 1.0' in metrics
    assert 'cds_not_understood_total{cause="type",section="conditions",system="none"} 1.0' in metrics
    assert name not in metrics


def test_one_line_on_the_page_says_what_became_of_all():
    found = chart({"resourceType": "Condition", "id": "x", "code": 7}, {"resourceType": "Practitioner", "id": "y"})
    assert sentence(found.intake) == "2 arrived: 1 of no concern, 1 not understood"
    assert [end for counts in found.intake.counts.values() for end in counts] == [End.OF_NO_CONCERN, End.NOT_UNDERSTOOD]


def test_the_work_grows_with_what_came_and_no_faster():
    """Many versions of one resource, none of which tells that it is the newest."""
    seconds = {}
    for number in (500, 4000):
        versions = [entry(problem("same", f"M{code:05}")) for code in range(number)]
        started = time.process_time()
        status, found = answer(conditions=problems(*versions))
        seconds[number] = time.process_time() - started
        assert status == 200
        assert (
            next(row for row in found["intake"]["sections"] if row["prefetchKey"] == "conditions")["arrived"] > number
        )
    assert seconds[4000] < 20 * seconds[500]
