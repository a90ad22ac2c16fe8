"""A hook call is read from its bytes: tolerant of what EHRs send, exact about what is at fault."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart import Answer, Section
from cds_service.errors import RequestError
from cds_service.hook import Hook
from cds_service.hooks import HookRequest, read_request

ORDER = {"resourceType": "ServiceRequest", "id": "vp", "status": "draft", "code": {"text": "Vertebroplasty"}}
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": ORDER}]}
REMOVED = "(removed)"


def body(**changes: Any) -> dict[str, Any]:
    """An order-sign call; names of context members go into `context`."""
    context = {"userId": "Practitioner/d", "patientId": "p", "draftOrders": BUNDLE}
    call = {"hook": "order-sign", "hookInstance": "7d1a1b2c", "context": context}
    for name, value in changes.items():
        target = (
            context
            if name in ("userId", "patientId", "encounterId", "draftOrders", "selections", "appointments")
            else call
        )
        target[name] = value
        if value == REMOVED:
            del target[name]
    return call


def read(**changes: Any) -> HookRequest:
    return read_request(json.dumps(body(**changes)).encode(), tuple(Hook))


def resources(parts) -> list[Any]:
    return [json.loads(bytes(part.raw)) for part in parts]


def test_an_ordinary_call():
    call = read(encounterId="e", fhirServer="https://ehr.example/fhir", extra=1)
    assert (call.hook, call.instance, call.patient) == (Hook.ORDER_SIGN, "7d1a1b2c", "p")
    assert (call.user, call.encounter, call.fhir_server) == ("Practitioner/d", "e", "https://ehr.example/fhir")
    assert resources(call.drafts) == [ORDER]
    assert (call.prefetch, call.authorization, call.as_of, call.notes) == ({}, None, None, ())


@pytest.mark.parametrize("sent", ["p", "Patient/p", "https://ehr.example/fhir/Patient/p", " p "])
def test_the_patient_id_is_bare(sent: str):
    assert read(patientId=sent).patient == "p"


def test_a_number_as_id_is_read_as_text():
    assert read(patientId=4711).patient == "4711"


@pytest.mark.parametrize(
    "sent",
    [
        BUNDLE,
        {"resourceType": "Bundle", "entry": [{"resource": ORDER}]},
        {"entry": [{"resource": ORDER}]},
        {"resource": BUNDLE},
        [ORDER],
        [{"resource": ORDER}],
        ORDER,
    ],
    ids=["bundle", "without type", "without resourceType", "wrapped", "bare list", "list of wrapped", "one resource"],
)
def test_draft_orders_in_any_shape(sent: Any):
    assert resources(read(draftOrders=sent).drafts) == [ORDER]


def test_an_empty_bundle_of_drafts_is_no_error():
    assert read(draftOrders={"resourceType": "Bundle", "type": "collection"}).drafts == ()


def test_appointments_as_a_bare_list():
    appointment = {"resourceType": "Appointment", "id": "a"}
    call = read(hook="appointment-book", draftOrders=REMOVED, appointments=[appointment])
    assert resources(call.appointments) == [appointment]


def test_selections():
    assert read(hook="order-select", selections=["ServiceRequest/vp", 3, None]).selections == ("ServiceRequest/vp", "3")
    assert read(hook="order-select", selections=None).selections == ()


def test_a_byte_order_mark_is_skipped():
    assert read_request(b"\xef\xbb\xbf" + json.dumps(body()).encode(), tuple(Hook)).patient == "p"


def test_an_odd_answer_changes_nothing_about_its_neighbours():
    """A prefetch that is as it should be is decoded in one go, any other key by key."""
    condition = {"resourceType": "Condition", "id": "c", "code": {"text": "Fracture"}}
    given = {
        "patient": {"resourceType": "Patient", "id": "p"},
        "encounter": None,
        "conditions": {
            "resourceType": "Bundle",
            "total": 3,
            "entry": [{"fullUrl": "urn:c", "resource": condition, "search": {"mode": "match"}}],
            "link": [{"relation": "next", "url": "https://ehr.example/next"}],
        },
        "allergies": None,
        "renal": {"resourceType": "Bundle", "entry": None},
        "not-ours": {"resourceType": "Bundle"},
    }
    usual, unusual = read(prefetch=given).prefetch, dict(read(prefetch=given | {"vitals": "what"}).prefetch)
    assert unusual.pop(Section.VITALS).answer is Answer.FAILED
    assert usual.keys() == unusual.keys() == {Section(name) for name in given if name != "not-ours"}
    for section, answered in usual.items():
        other = unusual[section]
        assert resources(answered.parts) == resources(other.parts), section
        assert replace(answered, parts=()) == replace(other, parts=()), section
    assert usual[Section.CONDITIONS].parts[0].full_url == "urn:c"


def test_prefetch_keys_are_told_apart():
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    call = read(
        encounterId="e",
        prefetch={
            "conditions": {
                "resourceType": "Bundle",
                "type": "searchset",
                "entry": [{"resource": {"resourceType": "Condition"}}],
            },
            "allergies": {"resourceType": "Bundle", "type": "searchset"},
            "patient": None,
            "renal": outcome,
            "pain": {"resource": {"resourceType": "Observation"}},
            "vitals": "what",
            "not-ours": {"resourceType": "Bundle"},
        },
    )
    assert {section: (answered.answer, len(answered.parts)) for section, answered in call.prefetch.items()} == {
        Section.CONDITIONS: (Answer.WHOLE, 1),
        Section.ALLERGIES: (Answer.WHOLE, 0),
        Section.PATIENT: (Answer.WHOLE, 0),
        Section.RENAL: (Answer.FAILED, 0),
        Section.PAIN: (Answer.WHOLE, 1),
        Section.VITALS: (Answer.FAILED, 0),
    }


def test_a_full_page_without_total_is_cut():
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Condition"}}] * 2}
    sent = json.dumps(body(prefetch={"conditions": bundle})).encode()
    assert read_request(sent, tuple(Hook), {Section.CONDITIONS: 2}).prefetch[Section.CONDITIONS].answer is Answer.CUT


@pytest.mark.parametrize("sent", [None, {}, {"access_token": ""}])
def test_an_authorization_without_a_token_is_none(sent: Any):
    assert read(fhirServer="https://e.example", fhirAuthorization=sent).authorization is None


def test_the_token_is_never_shown():
    sent = {"access_token": "s3cret", "token_type": "Bearer", "expires_in": 300, "scope": "user/*.read", "patient": "p"}
    call = read(fhirServer="https://e.example", fhirAuthorization=sent)
    assert call.authorization is not None
    assert (call.authorization.token, call.authorization.scope, call.authorization.expires_in) == (
        "s3cret",
        "user/*.read",
        300,
    )
    assert "s3cret" not in repr(call)


def test_the_time_that_a_caller_asks_for():
    call = read(extension={"org.vertebroplasty-cds.asOf": "2026-11-22T09:00:00Z", "other": 1})
    assert call.as_of == datetime(2026, 11, 22, 9, tzinfo=UTC)
    refused = call.at_own_time()
    assert (refused.as_of, len(refused.notes)) == (None, 1)
    assert read().at_own_time().notes == ()


AS_OF = "extension.org.vertebroplasty-cds.asOf"


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"hook": REMOVED}, "hook"),
        ({"hook": None}, "hook"),
        ({"hook": 5}, "hook"),
        ({"hook": {"a": 1}}, "hook"),
        ({"hook": "order-dispatch"}, "hook"),
        ({"hookInstance": REMOVED}, "hookInstance"),
        ({"hookInstance": ""}, "hookInstance"),
        ({"hookInstance": []}, "hookInstance"),
        ({"context": REMOVED}, "context"),
        ({"context": None}, "context"),
        ({"context": []}, "context"),
        ({"context": "p"}, "context"),
        ({"patientId": REMOVED}, "context.patientId"),
        ({"patientId": ""}, "context.patientId"),
        ({"patientId": {"id": "p"}}, "context.patientId"),
        ({"draftOrders": REMOVED}, "context.draftOrders"),
        ({"draftOrders": None}, "context.draftOrders"),
        ({"draftOrders": "order"}, "context.draftOrders"),
        ({"draftOrders": {"resourceType": "OperationOutcome"}}, "context.draftOrders"),
        ({"hook": "appointment-book"}, "context.appointments"),
        ({"prefetch": []}, "prefetch"),
        ({"prefetch": "none"}, "prefetch"),
        ({"fhirAuthorization": {"access_token": "t"}}, "fhirServer"),
        ({"fhirServer": " ", "fhirAuthorization": {"access_token": "t"}}, "fhirServer"),
        ({"extension": {"org.vertebroplasty-cds.asOf": "yesterday"}}, AS_OF),
        ({"extension": {"org.vertebroplasty-cds.asOf": "2026-11-22T09:00:00"}}, AS_OF),
        ({"extension": {"org.vertebroplasty-cds.asOf": "2026-11-22"}}, AS_OF),
        ({"extension": {"org.vertebroplasty-cds.asOf": 5}}, AS_OF),
        ({"extension": {"org.vertebroplasty-cds.asOf": "0001-01-01T00:00:00Z"}}, AS_OF),
    ],
    ids=str,
)
def test_what_is_at_fault_is_named(changes: dict[str, Any], element: str):
    with pytest.raises(RequestError) as refused:
        read(**changes)
    assert (refused.value.status, refused.value.expression) == (400, element)
    assert refused.value.says.startswith(element)


@pytest.mark.parametrize(
    "sent",
    [
        b"", b" ", b"{", b"[]", b"null", b'"order-sign"', b"5", b"{}x", b"\xff\xfe{\x00}\x00", b"<html>", b"hook=order-sign",
        b'{"a":' * 50_000, b'{"prefetch":' + b"[" * 50_000 + b"]" * 50_000 + b"}", b'{"hook": 1e999}', b'{"hook": "\xff"}',
    ],
    ids=lambda sent: repr(sent[:16]),
)  # fmt: skip
def test_what_is_no_json_object_is_refused(sent: bytes):
    with pytest.raises(RequestError) as refused:
        read_request(sent, tuple(Hook))
    assert (refused.value.status, refused.value.code) == (400, "structure")


def test_a_hook_that_is_switched_off_is_refused():
    with pytest.raises(RequestError) as refused:
        read_request(json.dumps(body()).encode(), [Hook.ORDER_SELECT])
    assert refused.value.expression == "hook"
    assert "order-select" in refused.value.says


@pytest.mark.parametrize("sent", [None, {}, [], 5, "x"])
def test_an_odd_extension_is_ignored(sent: Any):
    assert read(extension=sent).as_of is None


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, Answer.WHOLE),
        ({"encounterId": " "}, Answer.WHOLE),
        ({"encounterId": "e"}, None),
        ({"prefetch": {"encounter": "what"}}, Answer.FAILED),
        ({"hook": "encounter-discharge"}, None),
    ],
    ids=["outside any", "blank", "named but not sent", "sent all the same", "a discharge is from somewhere"],
)
def test_where_the_context_names_no_encounter_there_is_none(changes: dict[str, Any], answer: Answer | None):
    answered = read(**changes).prefetch.get(Section.ENCOUNTER)
    assert (answered and answered.answer) == answer
