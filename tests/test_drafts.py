"""A draft is ours, of no concern, refused or said not to be read, never passed over in silence; a selection names it in any form."""

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.cards.assessment import EXTENSION
from cds_service.cases.case import FIXTURES
from cds_service.fhir.decoding.type_names import NAMES
from tests.serving import SERVICE, Server, serving

ASKED: dict[str, Any] = json.loads((FIXTURES / "requests" / "suitable-acute-fracture.json").read_text(encoding="utf-8"))
PATIENT = ASKED["context"]["patientId"]
SUBJECT = {"reference": f"Patient/{PATIENT}"}
ID = "0b6ff7a0-94bb-4a8e-a7d5-1b3c0a6c9d10"
OURS = {
    "resourceType": "ServiceRequest",
    "id": ID,
    "status": "draft",
    "intent": "order",
    "subject": SUBJECT,
    "code": {"text": "Percutaneous vertebroplasty"},
    "bodySite": [{"text": "T12"}],
}
OTHER = OURS | {"id": "xray", "code": {"text": "Radiograph of the knee"}}
DRUG = {
    "resourceType": "MedicationRequest",
    "id": "drug",
    "status": "draft",
    "intent": "order",
    "subject": SUBJECT,
    "medicationCodeableConcept": {"text": "acetaminophen"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("drafts")) as started:
        yield started


def bundle(*entries: Any) -> dict[str, Any]:
    listed = [item if isinstance(item, dict) and "resource" in item else {"resource": item} for item in entries]
    return {"resourceType": "Bundle", "type": "collection", "entry": listed}


def asked(
    drafts: Any, selections: Any = None, *, hook: str = "", prefetch: dict[str, Any] | None = None
) -> dict[str, Any]:
    call = copy.deepcopy(ASKED)
    call["context"]["draftOrders"] = drafts
    call["hook"] = hook or ("order-sign" if selections is None else "order-select")
    call["context"] |= {} if selections is None else {"selections": selections}
    call["prefetch"] |= prefetch or {}
    return call


def outcome(server: Server, call: Any) -> str:
    """How a call was answered: ours (cards), silent, said (in an assessment without cards), or the element that was refused."""
    status, _, answer = server.post(SERVICE, call)
    if status == 400:
        issue = answer["issue"][0]
        assert issue["details"]["text"].startswith(issue["expression"][0])
        return str(issue["expression"][0])
    assert status == 200
    found = answer.get("extension", {}).get(EXTENSION)
    if answer["cards"]:
        assert found["orders"]
        return "ours"
    if found is None:
        return "silent"
    assert found["disposition"] == "insufficient-data"
    assert found["orders"]
    assert found["notes"]
    return "said"


FIRST = "context.draftOrders.entry[0]"


NO_TYPES: tuple[Any, ...] = ("servicerequest", "Servicerequest", "Order Request", "", 5, None, [], {})
BROKEN: tuple[dict[str, Any], ...] = ({}, {"code": 5}, {"status": []}, {"subject": "Patient"})


@pytest.mark.parametrize(
    "draft",
    [
        *(OURS | {"resourceType": kind} for kind in NO_TYPES),
        {name: value for name, value in OURS.items() if name != "resourceType"},
        json.dumps(OURS),
        "Vertebroplasty",
        5,
        True,
        [OURS],
        {},
        {"resource": {}},
        {"fullUrl": f"urn:uuid:{ID}", "resource": None},
        {"resource": OURS | {"resourceType": "Patient"}},
    ],
    ids=lambda draft: json.dumps(draft)[:40],
)  # fmt: skip
@pytest.mark.parametrize("others", [(), (DRUG,), (OTHER, DRUG)], ids=["alone", "with a drug", "with others"])
def test_what_is_no_order_at_all_is_refused_by_its_place(server: Server, draft: Any, others: tuple[Any, ...]) -> None:
    is_resource = isinstance(draft, dict) and draft.get("resource", {}) == OURS | {"resourceType": "Patient"}
    if is_resource and others:
        assert outcome(server, asked(bundle(draft, *others))) == "silent"  # what an order refers to may come with it
        return
    assert outcome(server, asked(bundle(draft, *others))) == FIRST
    if draft is not None and draft != {"fullUrl": f"urn:uuid:{ID}", "resource": None}:
        assert outcome(server, asked(bundle(draft, OURS))) == "ours"


def test_the_type_that_is_meant_is_named(server: Server) -> None:
    answer = server.post(SERVICE, asked(bundle(OURS | {"resourceType": "servicerequest"})))[2]
    assert "ServiceRequest is meant" in answer["issue"][0]["details"]["text"]


ORDER_TYPES = (
    "CommunicationRequest", "DeviceRequest", "MedicationRequest", "NutritionOrder", "SupplyRequest", "VisionPrescription",
    "CarePlan", "Task", "RequestGroup", "Appointment", "ReferralRequest", "DiagnosticOrder", "MedicationOrder",
)  # fmt: skip


@pytest.mark.parametrize("kind", ORDER_TYPES)
def test_an_order_of_another_type_is_silent(server: Server, kind: str) -> None:
    """However broken: it can be none of ours."""
    assert kind in NAMES
    for broken in BROKEN:
        draft = {"resourceType": kind, "id": "a", "status": "draft", **broken}
        assert outcome(server, asked(bundle(draft))) == "silent"


@pytest.mark.parametrize("kind", ["ServiceRequest", "ProcedureRequest"])
@pytest.mark.parametrize("code", ["Percutaneous vertebroplasty", 5, True, [5], {"coding": 7}, {"coding": [5]}], ids=str)
def test_an_order_whose_code_cannot_be_read_is_said(server: Server, kind: str, code: Any) -> None:
    draft = {**OURS, "resourceType": kind, "code": code}
    assert outcome(server, asked(bundle(draft, DRUG))) == "said"
    withdrawn = draft | {"status": "entered-in-error"}
    assert outcome(server, asked(bundle(withdrawn))) == "silent"
    [note] = [
        note
        for note in server.post(SERVICE, asked(bundle(draft, OURS | {"id": "b"})))[2]["extension"][EXTENSION]["notes"]
        if f"{kind}/{ID}" in note
    ]
    assert "was not read" in note


@pytest.mark.parametrize("element", ["orderDetail"])
@pytest.mark.parametrize("value", ["vertebroplasty", [5]], ids=str)
def test_details_that_cannot_be_read_are_said(server: Server, element: str, value: Any) -> None:
    draft = OURS | {"code": {"text": "Interventional radiology, spine"}, element: value}
    assert outcome(server, asked(bundle(draft))) == "said"


@pytest.mark.parametrize(
    "draft", [OURS | {"code": {}}, {k: v for k, v in OURS.items() if k != "code"}], ids=["empty", "none"]
)
def test_a_draft_that_says_nothing_yet_is_silent(server: Server, draft: Any) -> None:
    assert outcome(server, asked(bundle(draft))) == "silent"


def test_what_of_ours_could_not_be_read_is_noted(server: Server) -> None:
    answer = server.post(SERVICE, asked(bundle(OURS | {"occurrenceDateTime": [5]})))[2]
    assert any("occurrenceDateTime" in note for note in answer["extension"][EXTENSION]["notes"])


@pytest.mark.parametrize(
    ("change", "answered"),
    [
        ({"total": 2}, "said"),
        ({"link": [{"relation": "next", "url": "https://ehr.example/2"}]}, "said"),
        ({"total": 1}, "silent"),
    ],
    ids=str,
)
def test_drafts_that_came_in_part_are_said(server: Server, change: dict[str, Any], answered: str) -> None:
    assert outcome(server, asked(bundle(OTHER) | change)) == answered
    assert outcome(server, asked(bundle(OURS) | change)) == "ours"


@pytest.mark.parametrize(
    "twice",
    [
        '"code": {"text": "Radiograph of the knee"}, "code": {"text": "Vertebroplasty"}',
        '"code": {"text": "Vertebroplasty"}, "code": {"text": "Radiograph of the knee"}',
        '"code": {"text": "Vertebroplasty", "text": "Radiograph"}',
        '"code": {"text": "x"}, "status": "draft"',
    ],
)
def test_a_draft_that_names_a_member_twice_is_refused(server: Server, twice: str) -> None:
    body = json.dumps(asked(bundle({k: v for k, v in OURS.items() if k != "code"} | {"@@": 1}))).replace(
        '"@@": 1', twice
    )
    status, _, answer = server.ask("POST", SERVICE, body.encode(), {"Content-Type": "application/json"})
    assert (status, answer["issue"][0]["expression"]) == (400, [FIRST])


def test_drafts_whose_entries_come_twice_are_refused(server: Server) -> None:
    first = f'"type": "collection", "entry": [{{"resource": {json.dumps(OURS)}}}],'
    body = json.dumps(asked(bundle(OTHER))).replace('"type": "collection",', first, 1)
    status, _, answer = server.ask("POST", SERVICE, body.encode(), {"Content-Type": "application/json"})
    assert (status, answer["issue"][0]["expression"]) == (400, ["context.draftOrders.entry"])


ROOT = "https://ehr.example/fhir"
FORMS = [
    ID,
    f"ServiceRequest/{ID}",
    f" ServiceRequest/{ID} ",
    f"ServiceRequest/{ID}/",
    f"ServiceRequest/{ID}/_history/3",
    f"{ROOT}/ServiceRequest/{ID}",
    f"{ROOT}/ServiceRequest/{ID}/_history/3",
    f"HTTPS://EHR.example/fhir/ServiceRequest/{ID}",
    f"https://proxy.example/r4/ServiceRequest/{ID}",
    f"urn:uuid:{ID}",
    {"reference": f"ServiceRequest/{ID}"},
]  # fmt: skip
ADDRESSES = [
    "",
    f"{ROOT}/ServiceRequest/{ID}",
    f"urn:uuid:{ID}",
    "urn:uuid:11111111-2222-4333-8444-555555555555",
    "urn:oid:1.2.3",
]


@pytest.mark.parametrize("full_url", ADDRESSES)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_selection_names_a_draft_in_any_form(server: Server, form: Any, full_url: str) -> None:
    entry = {"resource": OURS} | ({"fullUrl": full_url} if full_url else {})
    assert outcome(server, asked(bundle(DRUG, entry, OTHER), [form])) == "ours"
    assert outcome(server, asked(bundle(DRUG, entry, OTHER), form)) == "ours"
    assert outcome(server, asked(bundle(DRUG, entry, OTHER), ["MedicationRequest/drug"])) == "silent"


@pytest.mark.parametrize("full_url", [address for address in ADDRESSES if address])
def test_a_selection_names_a_draft_without_an_id_by_the_address_of_its_entry(server: Server, full_url: str) -> None:
    draft = {name: value for name, value in OURS.items() if name != "id"}
    assert outcome(server, asked(bundle({"fullUrl": full_url, "resource": draft}, DRUG), [full_url])) == "ours"


@pytest.mark.parametrize(
    "other",
    [
        "MedicationRequest/103",
        "ServiceRequest/none",
        "urn:uuid:none",
        "#a",
        "ServiceRequest?x=1",
        "MedicationRequest/" + ID,
    ],
)
@pytest.mark.parametrize("matched", [[], ["MedicationRequest/drug"]], ids=["alone", "beside one that is there"])
def test_a_selection_that_names_no_draft_is_refused_unless_one_of_ours_is(
    server: Server, other: str, matched: list[str]
) -> None:
    drafts = bundle(OURS, DRUG)
    assert outcome(server, asked(drafts, [*matched, other])) == "context.selections"
    assert outcome(server, asked(drafts, [*matched, other, ID])) == "ours"


def test_of_one_id_on_two_servers_the_one_that_is_named_is_meant(server: Server) -> None:
    one = {"fullUrl": "https://a.example/ServiceRequest/1", "resource": OURS | {"id": "1"}}
    two = {"fullUrl": "https://b.example/ServiceRequest/1", "resource": OTHER | {"id": "1"}}
    for drafts in (bundle(one, two), bundle(two, one)):
        assert outcome(server, asked(drafts, ["https://a.example/ServiceRequest/1"])) == "ours"
        assert outcome(server, asked(drafts, ["https://b.example/ServiceRequest/1"])) == "silent"
        assert outcome(server, asked(drafts, ["ServiceRequest/1"])) == "ours"


CONTAINED = OURS | {"id": "in"}


@pytest.mark.parametrize("kind", ["RequestGroup", "RequestOrchestration"])
class TestGroups:
    """Orders that belong together."""

    @staticmethod
    def group(kind: str, actions: Any, contained: Any = None, **more: Any) -> dict[str, Any]:
        made = {
            "resourceType": kind,
            "id": "g",
            "status": "draft",
            "intent": "order",
            "subject": SUBJECT,
            "action": actions,
        }
        return made | ({} if contained is None else {"contained": contained}) | more

    def test_a_contained_order_is_read_and_not_changed(self, server: Server, kind: str) -> None:
        group = self.group(kind, [{"resource": {"reference": "#in"}}], [CONTAINED])
        for call in (asked(bundle(group)), asked(bundle(group), ["g"]), asked(bundle(group), [f"{kind}/g#in"])):
            assert outcome(server, call) == "ours"
        nothing = {key: {"resourceType": "Bundle"} for key in ("conditions", "imaging-reports")}
        no_fracture = asked(bundle(group), prefetch=nothing)
        answer = server.post(SERVICE, no_fracture)[2]
        assert answer["extension"][EXTENSION]["orders"] == [f"{kind}/g#in"]
        types = [
            action["type"]
            for card in answer["cards"]
            for item in card.get("suggestions", ())
            for action in item["actions"]
        ]
        assert not {"update", "delete"} & set(types)

    def test_an_order_that_it_names(self, server: Server, kind: str) -> None:
        for reference in (f"ServiceRequest/{ID}", f"{ROOT}/ServiceRequest/{ID}", f"urn:uuid:{ID}"):
            nested = [{"action": [{"title": "x", "resource": {"reference": reference}}]}]
            group = self.group(kind, nested)
            assert outcome(server, asked(bundle(group, OURS, DRUG), [f"{kind}/g"])) == "ours"
            held = {"resourceType": "Bundle", "entry": [{"resource": OURS | {"status": "active"}}]}
            assert outcome(server, asked(bundle(group), prefetch={"service-requests": held})) == "ours"
            assert outcome(server, asked(bundle(group, DRUG))) == "said"

    @pytest.mark.parametrize(
        ("actions", "contained", "more", "answered"),
        [
            ([{"resource": {"reference": "MedicationRequest/none"}}], None, {}, "silent"),
            ([{"resource": {"reference": "#lost"}}], [OTHER], {}, "said"),
            ([{"resource": {"reference": "#in"}}], [CONTAINED], {"status": "entered-in-error"}, "silent"),
            ([{"resource": {"reference": "#in"}}], [CONTAINED | {"code": 5}], {}, "said"),
            ([{"resource": {"reference": "#in"}}], [CONTAINED | {"resourceType": "servicerequest"}], {}, FIRST),
            ([{"resource": {"reference": "#in"}}], CONTAINED, {}, "ours"),
            (5, 5, {}, "silent"),
            (None, [DRUG], {}, "silent"),
        ],
        ids=str,
    )  # fmt: skip
    def test_what_else_it_may_hold(
        self, server: Server, kind: str, actions: Any, contained: Any, more: Any, answered: str
    ) -> None:
        assert outcome(server, asked(bundle(self.group(kind, actions, contained, **more)))) == answered


@pytest.mark.parametrize("form", [form for form in FORMS if isinstance(form, str)])
@pytest.mark.parametrize(
    "full_url", [address for address in ADDRESSES if "1111" not in address and "oid" not in address]
)
def test_an_appointment_is_for_the_order_that_it_names_in_any_form(server: Server, form: str, full_url: str) -> None:
    visit = {"resourceType": "Appointment", "id": "a", "status": "proposed", "basedOn": [{"reference": form}]}
    held = {"resourceType": "Bundle", "entry": [{"resource": OURS} | ({"fullUrl": full_url} if full_url else {})]}
    call = asked(None, hook="appointment-book", prefetch={"service-requests": held})
    call["context"]["appointments"] = bundle(visit)
    assert outcome(server, call) == "ours"
    call["prefetch"]["service-requests"] = {"resourceType": "Bundle", "entry": [{"resource": OTHER}]}
    assert outcome(server, call) == "said"
    call["context"]["appointments"] = bundle(visit | {"description": "Knee clinic"})
    assert outcome(server, call) == "silent"


@pytest.mark.parametrize(
    "reference",
    [
        "urn:uuid:11111111-2222-4333-8444-555555555555",
        "urn:oid:1.2.3",
        "Patient?identifier=a|b",
        "#p",
        f"{ROOT}/Patient/{PATIENT}/_history/2",
        "",
    ],
)
def test_a_subject_that_cannot_be_followed_is_not_another_patient(server: Server, reference: str) -> None:
    assert outcome(server, asked(bundle(OURS | {"subject": {"reference": reference}}))) == "ours"


@pytest.mark.parametrize("reference", ["Patient/another", f"{ROOT}/Patient/another", "Group/1"])
def test_another_patients_order_is_refused(server: Server, reference: str) -> None:
    answer = server.post(SERVICE, asked(bundle(OURS | {"subject": {"reference": reference}})))
    assert (answer[0], answer[2]["issue"][0]["expression"]) == (400, ["context.draftOrders"])


def test_many_drafts_and_selections_cost_time_in_proportion(server: Server) -> None:
    drafts = bundle(*(OTHER | {"id": str(number)} for number in range(3000)))
    for selections in (
        [f"ServiceRequest/{n}" for n in range(3000)],
        [f"ServiceRequest/1/_history/{n}" for n in range(3000)],
    ):
        started = time.monotonic()
        assert outcome(server, asked(drafts, selections)) == "silent"
        assert time.monotonic() - started < 5
