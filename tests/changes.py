"""What may happen to a request on its way to us, each change at one place; the law of `tests/never_better.py` judges what comes of it.

A new change is one more function with a decorator: `keeps` if the request means the same afterwards, `loses` if something may be lost.
"""

import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from msgspec import Struct

from cds_service.cases.case import PATIENT_ID

Json = dict[str, Any]
ROOT = "https://ehr.example/fhir"
_OTHER_ROOT = "https://other.example/fhir"
_MASKED = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}
_ERROR = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
_NO_DATA = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_NAMES = ("id", "resourceType", "reference", "code", "coding", "system", "display", "text")
_SAYS_WHAT = ("medicationCodeableConcept", "type", "conclusion", "description")
"""Codes, words and names: what becomes of those has changes of its own."""
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T.*)?)?)?")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+")


class Place(Struct):
    """An entry of a prefetch key of a request, which a change may alter as it likes."""

    request: Json
    key: str
    number: int
    chance: Random

    @property
    def bundle(self) -> Json:
        """What was sent for the key. Raises ValueError if that is no Bundle any more."""
        found = self.request["prefetch"][self.key]
        if not isinstance(found, dict) or "entry" not in found:
            raise ValueError("no Bundle")
        return found

    @property
    def entries(self) -> list[Any]:
        """All entries of the key."""
        found: list[Any] = self.bundle["entry"]
        return found

    @property
    def entry(self) -> Json:
        """The entry."""
        found: Json = self.entries[self.number]
        return found

    @property
    def resource(self) -> Json:
        """Its resource."""
        found: Json = self.entry["resource"]
        return found

    @property
    def kind(self) -> str:
        """The type of the resource."""
        return str(self.resource["resourceType"])

    def send(self, value: Any) -> None:
        """Send something else for the key."""
        self.request["prefetch"][self.key] = value


Made = bytes | bool | None
"""The body as text where JSON objects cannot say it; False where the change does not apply."""


class Change(Struct, frozen=True):
    """A change by name; `keeps` says that the request means the same afterwards."""

    name: str
    make: Callable[[Place], Made]
    keeps: bool


CHANGES: dict[str, Change] = {}


def keeps(make: Callable[[Place], Made]) -> Callable[[Place], Made]:
    """Registers a change after which the request means the same."""
    return _registered(make, keeps=True)


def loses(make: Callable[[Place], Made]) -> Callable[[Place], Made]:
    """Registers a change by which something may be lost."""
    return _registered(make, keeps=False)


def _registered(make: Callable[[Place], Made], *, keeps: bool) -> Callable[[Place], Made]:
    name = make.__name__.replace("_", " ")
    CHANGES[name] = Change(name, make, keeps)
    return make


def _bundle(*entries: Any, **members: Any) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **members}


def _objects(value: Any) -> Iterator[Json]:
    """Every JSON object in a value, itself included."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(item)


def _dates(value: Any) -> list[tuple[Json, str]]:
    """Each member that holds a date, with the object that it is of."""
    return [
        (held, name)
        for held in _objects(value)
        for name, text in held.items()
        if isinstance(text, str) and _DATE.fullmatch(text) and not name.endswith(("code", "value", "version"))
    ]


def _refer(place: Place, written: Callable[[str], str]) -> bool:
    """Writes each relative reference of the prefetch otherwise."""
    found = [
        held
        for held in _objects(place.request["prefetch"])
        if isinstance(held.get("reference"), str) and _RELATIVE.fullmatch(held["reference"])
    ]
    for held in found:
        held["reference"] = written(held["reference"])
    return bool(found)


def _name_entries(place: Place, named: Callable[[Json], str]) -> None:
    if any("fullUrl" in entry for entry in place.entries):
        raise ValueError("the entries have names that mean something")
    for value in place.request["prefetch"].values():
        for entry in value.get("entry", ()):
            entry["fullUrl"] = named(entry["resource"])


def _about(place: Place, reference: Any) -> bool:
    """Names the subject of the resource otherwise; not that of a resource that says otherwise whose it is, or is another's."""
    own = {"reference": f"Patient/{PATIENT_ID}"}
    names = [name for name in ("subject", "patient") if place.resource.get(name) == own]
    for name in names:
        place.resource[name] = reference
    return bool(names)


# Bundles within Bundles (K01)


@keeps
def nested_bundle(place: Place) -> Made:
    place.send(_bundle({"resource": place.bundle}))
    return True


@keeps
def entry_wrapped_twice(place: Place) -> Made:
    place.entries[place.number] = {"resource": _bundle({"resource": _bundle(place.entry)})}
    return True


@keeps
def answer_of_a_batch(place: Place) -> Made:
    place.send(_bundle({"resource": place.bundle, "response": {"status": "200 OK"}}, type="batch-response"))
    return True


@keeps
def bundle_at_an_address(place: Place) -> Made:
    place.entries[place.number] = {"fullUrl": f"{ROOT}/Bundle/1", "resource": _bundle(place.entry)}
    return True


@loses
def nested_too_deeply(place: Place) -> Made:
    for _ in range(place.chance.choice((5, 6, 7, 8, 40))):
        place.entries[place.number] = {"resource": _bundle(place.entry)}
    return True


@loses
def nested_bundle_that_was_cut(place: Place) -> Made:
    more = place.chance.choice(({"total": 9}, {"link": [{"relation": "next"}]}, {"total": "9"}))
    place.entry["resource"] = _bundle(**more)
    return True


# Entries that failed or hold nothing, and what is no resource (K02, K03, K18)


@loses
def failed_entry_beside(place: Place) -> Made:
    place.entries.append(
        {"response": {"status": place.chance.choice(("403 Forbidden", "500", "HTTP/1.1 502 Bad", 503))}}
    )
    return True


@loses
def failed_entry_instead(place: Place) -> Made:
    failed = {"response": {"status": "404 Not Found", "outcome": _ERROR}}
    place.entries[place.number] = failed | place.chance.choice(({}, {"resource": _ERROR}))
    return True


@loses
def hollow_entry(place: Place) -> Made:
    hollow: tuple[Any, ...] = (
        {"fullUrl": f"{ROOT}/{place.kind}/1"},
        {"resource": None},
        {"resource": {}},
        {},
        5,
        "x",
        None,
        [],
    )
    place.entries[place.number] = place.chance.choice(hollow)
    return True


@loses
def deleted_entry(place: Place) -> Made:
    place.entries[place.number] = {"request": {"method": "DELETE", "url": place.kind}, "response": {"status": "204"}}
    return True


@loses
def outcome_among_the_entries(place: Place) -> Made:
    code = place.chance.choice(("suppressed", "incomplete", "forbidden", "throttled"))
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": code}]}
    place.entries[place.number] = {"resource": place.chance.choice((outcome, _ERROR)), "search": {"mode": "outcome"}}
    return True


@keeps
def notice_among_the_entries(place: Place) -> Made:
    notice = {"resourceType": "OperationOutcome", "issue": [{"severity": "information", "code": "informational"}]}
    place.entries.append({"resource": notice, "search": {"mode": "outcome"}})
    return True


@loses
def unknown_type(place: Place) -> Made:
    place.resource["resourceType"] = place.chance.choice(
        (place.kind.lower(), place.kind + "s", "Diagnosis", "", 7, None, [place.kind])
    )
    return True


@loses
def no_type(place: Place) -> Made:
    del place.resource["resourceType"]
    return True


@loses
def resource_as_text(place: Place) -> Made:
    place.entry["resource"] = json.dumps(place.resource)
    return True


@loses
def resource_in_another(place: Place) -> Made:
    outer: tuple[Json, ...] = (
        {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": place.resource}]},
        {"resourceType": "Binary", "contentType": "application/fhir+json", "data": "e30="},
    )
    place.entry["resource"] = place.chance.choice(outer)
    return True


# Lists that are not whole, or no lists (K04, K26)


@loses
def total_too_high(place: Place) -> Made:
    total = len(place.entries) + 2
    del place.entries[place.number]
    place.bundle["total"] = place.chance.choice((total, str(total), float(total), -1, [total]))
    return True


@loses
def next_link_without_address(place: Place) -> Made:
    del place.entries[place.number]
    place.bundle["link"] = place.chance.choice(
        (
            [{"relation": "next"}],
            {"relation": "next", "url": f"{ROOT}/2"},
            [{"relation": "Next", "url": {}}],
            [f"{ROOT}/2"],
        )
    )
    return True


@loses
def misspelt_bundle(place: Place) -> Made:
    place.bundle["resourceType"] = place.chance.choice(("bundle", "Bundel", "List"))
    return True


@loses
def no_list_at_all(place: Place) -> Made:
    statement = {"resourceType": "CapabilityStatement", "status": "active"}
    place.send(
        place.chance.choice((_ERROR, statement, {"resourceType": "Practitioner", "id": "d"}, {}, 7, "none", False))
    )
    return True


@loses
def key_left_out(place: Place) -> Made:
    if place.key in ("medication-administrations", "medication-dispenses"):
        return False  # nobody misses one of these alone, see `tests/test_laws.py`
    del place.request["prefetch"][place.key]
    return True


@keeps
def list_without_a_bundle(place: Place) -> Made:
    says_more = "link" in place.bundle or place.bundle.get("total", len(place.entries)) != len(place.entries)
    if says_more or any("fullUrl" in entry for entry in place.entries):
        return False
    place.send([entry["resource"] for entry in place.entries])
    return True


@keeps
def entries_reversed(place: Place) -> Made:
    place.entries.reverse()
    return True


# Versions, copies and servers (K05, K06)


@keeps
def entry_sent_twice(place: Place) -> Made:
    place.entries.insert(place.chance.randrange(len(place.entries) + 1), place.entry)
    return True


@loses
def copy_under_another_key(place: Place) -> Made:
    others = [value for key, value in place.request["prefetch"].items() if key != place.key and "entry" in value]
    if not others:
        return False
    place.chance.choice(others)["entry"].append(place.entry)
    return True


@loses
def moved_to_another_key(place: Place) -> Made:
    moved, held = place.entry, place.entries
    if place.kind == "Bundle" or "link" in place.bundle:
        return False
    if not copy_under_another_key(place):
        return False
    held.remove(moved)
    return True


@keeps
def older_version_beside(place: Place) -> Made:
    old, new = place.chance.choice(
        (
            ({"lastUpdated": "2001-01-01T08:00:00Z"}, {"lastUpdated": "2026-11-20T08:00:00Z"}),
            ({"versionId": "9"}, {"versionId": "10"}),
            (
                {"versionId": "1", "lastUpdated": "2001-01-01"},
                {"versionId": "2", "lastUpdated": "2026-11-20T08:00:00.1+01:00"},
            ),
        )
    )
    earlier = {"entry": {"resource": {**place.resource, "meta": old, "code": {"text": "Bunion"}, "status": "unknown"}}}
    place.resource["meta"] = new
    place.entries.insert(place.chance.randrange(len(place.entries) + 1), earlier["entry"])
    return True


@loses
def versions_that_do_not_tell(place: Place) -> Made:
    other = {**place.resource, "status": "entered-in-error", "code": {"text": "Bunion"}}
    for resource in (place.resource, other):
        resource.pop("meta", None)
    place.entries.insert(place.chance.randrange(len(place.entries) + 1), {"resource": other})
    return True


@keeps
def same_id_on_another_server(place: Place) -> Made:
    if place.kind not in ("Condition", "MedicationStatement", "MedicationRequest"):
        return False
    harmless = {
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M20.10"}], "text": "Bunion"},
        "medicationCodeableConcept": {"text": "acetaminophen 325 MG Oral Tablet"},
    }
    about = "code" if place.kind == "Condition" else "medicationCodeableConcept"
    kept = ("resourceType", "id", "subject", "status", "intent")
    twin = {name: place.resource[name] for name in kept if name in place.resource} | {about: harmless[about]}
    where = f"{place.kind}/{place.resource['id']}"
    _name_entries(place, lambda resource: f"{ROOT}/{resource['resourceType']}/{resource['id']}")
    place.entries.insert(
        place.chance.choice((0, len(place.entries))), {"fullUrl": f"{_OTHER_ROOT}/{where}", "resource": twin}
    )
    return True


# References (K07, K24, K28)


@keeps
def absolute_references(place: Place) -> Made:
    _name_entries(place, lambda resource: f"{ROOT}/{resource['resourceType']}/{resource['id']}")
    return _refer(place, lambda text: f"{ROOT}/{text}")


@keeps
def versioned_references(place: Place) -> Made:
    return _refer(place, lambda text: f"{text}/_history/3")


@keeps
def entries_with_addresses(place: Place) -> Made:
    _name_entries(place, lambda resource: f"{ROOT}/{resource['resourceType']}/{resource['id']}/_history/2")
    return True


@keeps
def urn_identities(place: Place) -> Made:
    held = [entry["resource"] for value in place.request["prefetch"].values() for entry in value.get("entry", ())]
    names = {f"{item['resourceType']}/{item['id']}": f"urn:uuid:{number:08x}" for number, item in enumerate(held)}
    _name_entries(place, lambda resource: names[f"{resource['resourceType']}/{resource['id']}"])
    return _refer(place, lambda text: names.get(text, text))


@keeps
def contained_patient(place: Place) -> Made:
    place.resource["contained"] = [*place.resource.get("contained", ()), {"resourceType": "Patient", "id": "whose"}]
    return _about(place, {"reference": "#whose"})


@keeps
def subject_that_cannot_be_followed(place: Place) -> Made:
    forms: tuple[Any, ...] = (
        {"reference": "urn:oid:1.2.36.146.595.217.0.1"},
        {"reference": "urn:uuid:0c7d"},
        {"reference": "Patient?identifier=mrn|88"},
        {"identifier": {"system": "urn:mrn", "value": "88"}},
        {"display": "Vera"},
    )
    return _about(place, place.chance.choice(forms))


@keeps
def subject_spelt_otherwise(place: Place) -> Made:
    name = PATIENT_ID
    forms = (
        f"Patient/{name}/_history/4",
        f"{_OTHER_ROOT}/Patient/{name}",
        f"{ROOT}/Patient/{name}/",
        name,
        f" Patient/{name} ",
    )
    return _about(place, {"reference": place.chance.choice(forms), "type": "Patient"})


@keeps
def draft_about_a_urn(place: Place) -> Made:
    draft = place.request["context"]["draftOrders"]["entry"][0]["resource"]
    draft["subject"] = {"reference": place.chance.choice(("urn:uuid:0c7d", "#p", f"{ROOT}/Patient/{PATIENT_ID}"))}
    return True


@keeps
def drafts_in_a_nested_bundle(place: Place) -> Made:
    context = place.request["context"]
    context["draftOrders"] = _bundle({"resource": context["draftOrders"]}, type="collection")
    return True


@keeps
def selection_by_address(place: Place) -> Made:
    draft = place.request["context"]["draftOrders"]["entry"][0]["resource"]
    where = f"{draft['resourceType']}/{draft['id']}"
    place.request["context"]["selections"] = [place.chance.choice((where, f"{ROOT}/{where}", f"{where}/_history/1"))]
    return True


@loses
def drug_by_a_broken_reference(place: Place) -> Made:
    if "medicationCodeableConcept" not in place.resource:
        return False
    del place.resource["medicationCodeableConcept"]
    reference = place.chance.choice(
        ({"reference": "Medication/none"}, {"reference": "#m"}, {"identifier": {"value": "7"}}, {})
    )
    place.resource["medicationReference"] = reference
    return True


@keeps
def drug_by_a_reference(place: Place) -> Made:
    code = place.resource.pop("medicationCodeableConcept", None)
    if code is None or "contained" in place.resource:
        return False
    drug = {"resourceType": "Medication", "code": code}
    form = place.chance.choice(("contained", "relative", "absolute", "urn"))
    address = {"relative": f"{ROOT}/Medication/drug", "absolute": f"{ROOT}/Medication/drug", "urn": "urn:uuid:d1"}
    if form == "contained":
        place.resource["contained"] = [drug | {"id": "drug"}]
        place.resource["medicationReference"] = {"reference": "#drug"}
    else:
        reference = "Medication/drug" if form == "relative" else address[form]
        place.resource["medicationReference"] = {"reference": reference}
        place.entries.append({"fullUrl": address[form], "resource": drug, "search": {"mode": "include"}})
    return True


@loses
def result_in_a_panel(place: Place) -> Made:
    if place.kind != "Observation":
        return False
    panel = {name: place.resource[name] for name in ("subject", "status", "category") if name in place.resource}
    code = {"coding": [{"system": "http://loinc.org", "code": "58410-2"}], "text": "Panel"}
    inside = {name: value for name, value in place.resource.items() if name != "subject"}
    place.entry["resource"] = {
        "resourceType": "Observation",
        "id": "panel",
        **panel,
        "code": code,
        "contained": [inside],
    }
    return True


# Dates (K15, K16)


def _redate(place: Place, written: Callable[[str], str]) -> Made:
    found = _dates(place.resource)
    if not found:
        return False
    held, name = place.chance.choice(found)
    held[name] = written(held[name])
    return True


@loses
def impossible_date(place: Place) -> Made:
    dates: tuple[str, ...] = (
        "1900-01-01",
        "1970-01-01T00:00:00Z",
        "0001-01-01",
        "2026-02-30",
        "2026-13-01",
        "9999-12-31",
        "0000-00-00",
        "unknown",
        "",
    )
    if place.kind == "Patient":  # a person may be born in 1970, and an age that cannot be is a caution
        dates = tuple(text for text in dates if not text.startswith(("1970", "1900")))
    return _redate(place, lambda _: place.chance.choice(dates))


@keeps
def second_60(place: Place) -> Made:
    found = [(held, name) for held, name in _dates(place.resource) if re.search(r"T\d\d:(?!00)\d\d:00Z", held[name])]
    if not found:
        return False
    held, name = place.chance.choice(found)
    hour, minute = held[name][:14], int(held[name][14:16])
    held[name] = f"{hour}{minute - 1:02}:60Z"
    return True


@loses
def period_that_ends_before_it_starts(place: Place) -> Made:
    periods = [held for held in _objects(place.resource) if "start" in held]
    if not periods:
        return False
    place.chance.choice(periods)["end"] = place.chance.choice(("1970-01-01", "1900-01-01T00:00:00Z", "0001-01-01"))
    return True


@loses
def date_masked(place: Place) -> Made:
    found = _dates(place.resource)
    if not found:
        return False
    held, name = place.chance.choice(found)
    del held[name]
    held[f"_{name}"] = _MASKED
    return True


def _stated_otherwise(place: Place, form: str, written: Callable[[str], Any]) -> Made:
    names = [f"{stem}DateTime" for stem in ("onset", "abatement", "performed") if f"{stem}DateTime" in place.resource]
    for name in names:
        place.resource[name.replace("DateTime", form)] = written(place.resource.pop(name))
    return bool(names)


@keeps
def date_as_a_string(place: Place) -> Made:
    return _stated_otherwise(place, "String", lambda date: f" {date}")


@loses
def date_in_words(place: Place) -> Made:
    words = ("after the war", "ongoing", "?", "3 weeks ago", "10.11.2026")
    return _stated_otherwise(place, "String", lambda _: place.chance.choice(words))


@loses
def date_as_an_age_that_says_nothing(place: Place) -> Made:
    ages: tuple[Json, ...] = ({"value": 79}, {"value": 79, "code": "parsec"}, {"code": "a"}, {"value": -1, "code": "a"})
    age = place.chance.choice(ages)
    form = place.chance.choice(("Age", "Range"))
    return _stated_otherwise(place, form, lambda _: age if form == "Age" else {"low": age, "high": age})


# Modifiers, masks and elements of another type (K22)


@loses
def modifier_of_the_bundle(place: Place) -> Made:
    held = place.chance.choice((place.bundle, place.entry))
    name = "implicitRules" if held is place.bundle and place.chance.random() < 0.5 else "modifierExtension"
    held[name] = "http://nobody.example/rules" if name == "implicitRules" else [{"url": "http://nobody.example/knows"}]
    return True


@loses
def modifier_extension(place: Place) -> Made:
    held = place.chance.choice([place.resource, *_objects(place.resource)])
    held["modifierExtension"] = [{"url": "http://nobody.example/knows", "valueBoolean": True}]
    return True


@loses
def implicit_rules(place: Place) -> Made:
    place.resource["implicitRules"] = "http://nobody.example/rules"
    return True


@loses
def status_masked(place: Place) -> Made:
    names = [name for name in ("clinicalStatus", "verificationStatus", "status") if name in place.resource]
    if not names:
        return False
    name = place.chance.choice(names)
    del place.resource[name]
    place.resource[f"_{name}"] = _MASKED
    return True


@loses
def value_masked(place: Place) -> Made:
    names = [name for name in place.resource if name.startswith("value")]
    if not names:
        return False
    del place.resource[names[0]]
    place.resource["dataAbsentReason"] = {"coding": [{"code": "masked"}]}
    return True


@loses
def element_of_another_type(place: Place) -> Made:
    held = place.resource if place.chance.random() < 0.5 else place.chance.choice([*_objects(place.resource)])
    names = [name for name in held if name not in _NAMES and not (held is place.resource and name in _SAYS_WHAT)]
    if not names:
        return False
    name = place.chance.choice(names)
    values: tuple[Any, ...] = (7, True, [[]], {"x": 1}, [7], [None], "x" * 3, -1.5)
    others = [
        value
        for value in values
        if not (isinstance(held[name], int | float) and isinstance(value, int | float))  # another number is a number
    ]
    held[name] = place.chance.choice(others)
    return True


@loses
def dead_or_replaced_patient(place: Place) -> Made:
    patients = [entry["resource"] for entry in place.request["prefetch"].get("patient", {}).get("entry", ())]
    if not patients:
        return False
    marks: tuple[Json, ...] = (
        {"deceasedBoolean": True},
        {"deceasedDateTime": "2026-11-01"},
        {"active": False},
        {"link": [{"type": "replaced-by", "other": {"reference": "Patient/other"}}]},
        {"_deceasedBoolean": _MASKED},
    )
    patients[0] |= place.chance.choice(marks)
    return True


# Text (K20)


@keeps
def unpaired_surrogate(place: Place) -> Made:
    place.resource["identifier"] = [{"system": "urn:x", "value": "\ud83d", "assigner": {"display": "a\udc00b"}}]
    return True


@keeps
def members_that_nobody_knows(place: Place) -> Made:
    if "text" in place.resource:
        return False
    place.resource["extension"] = [{"url": "http://nobody.example/knows", "valueString": "x"}]
    place.resource.update(
        {"language": "en", "text": {"status": "generated", "div": "<div>x</div>"}, "x-local": {"code": 7}}
    )
    place.entry["x-local"] = [1]
    return True


@loses
def key_sent_twice(place: Place) -> Made:
    body = json.dumps(place.request)
    empty = json.dumps(_bundle(total=0))
    return (
        body.replace('"prefetch": {', f'"prefetch": {{"{place.key}": {json.dumps(place.bundle)}, ', 1)
        .replace(f', "{place.key}": {json.dumps(place.bundle)}', f', "{place.key}": {empty}', 1)
        .encode()
    )


@loses
def element_sent_twice(place: Place) -> Made:
    mark = "@twice@"
    name = place.chance.choice([name for name in place.resource if name != "resourceType"])
    text = json.dumps(place.resource)
    place.entry["resource"] = mark
    doubled = text[:-1] + f', "{name}": {place.chance.choice(("null", "{}", "[]"))}}}'
    return json.dumps(place.request).replace(f'"{mark}"', doubled).encode()


# What problems, allergies, procedures and devices are called (K08, K12)

_OVER = ("resolved", "inactive", "remission", "refuted", "entered-in-error")
_LOCAL = {"system": "http://nobody.example/codes", "code": "4711"}
_EVENTS = ("Condition", "AllergyIntolerance", "Procedure", "Device")


def _rename(place: Place, code: Json | None) -> bool:
    """Calls an event otherwise; not one that is over, of which what nobody can read is only counted."""
    name = "type" if place.kind == "Device" and "type" in place.resource else "code"
    statuses = {
        held["code"]
        for name in ("clinicalStatus", "verificationStatus")
        for held in _objects(place.resource.get(name))
        if "code" in held
    }
    is_over = not statuses.isdisjoint(_OVER) or any(name.startswith("abatement") for name in place.resource)
    if place.kind not in _EVENTS or name not in place.resource or is_over:
        return False
    del place.resource[name]
    if code is not None:
        place.resource[name] = code
    return True


@loses
def name_masked(place: Place) -> Made:
    masked = {"coding": [{"system": _NO_DATA, "code": "masked", "display": "Masked"}]}
    masks: tuple[Json | None, ...] = (None, {}, {"text": "masked"}, masked)
    return _rename(place, place.chance.choice(masks))


@loses
def name_under_an_unknown_system(place: Place) -> Made:
    return _rename(place, {"coding": [_LOCAL]})


@loses
def name_in_another_language(place: Place) -> Made:
    words = place.chance.choice(("Zwqrtel blumpf", "Жщшъ", "脊椎の何か"))
    return _rename(place, {"coding": [{**_LOCAL, "display": words}], "text": words})
