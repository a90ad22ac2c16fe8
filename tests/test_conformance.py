"""CDS Hooks as a checklist, ten points, each through HTTP against the service as it runs.

What a point needs in more depth has its own module: test_hook_request, test_fetch, test_actions, test_auth, test_http, test_store.
"""

import json
import re
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from cds_service.cases import FIXTURES
from cds_service.store.repository import feedback_on_unknown_cards, joined, tallies
from tests.fhir_servers import TOKEN, Sekmet, faulty
from tests.serving import DISCOVERY, FEEDBACK, SERVICE, Server, call, eventually, serving
from tests.tokens import ISSUER, confused, forged, key_set, publishing, token, unsigned

EXTENSION = "org.vertebroplasty-cds.assessment"
REQUESTS = {file.stem: json.loads(file.read_bytes()) for file in sorted((FIXTURES / "requests").glob("*.json"))}
SOUTH = "https://south.example/issuer"
EAST = "https://east.example/issuer"
BROWSER = {"Origin": "https://ehr.example"}


@dataclass
class Guarded:
    """A service whose clients sign: North with pinned keys, South with keys at an address that counts how often it is asked.

    East has FHIR servers that never answer, and the usual time for an answer.
    """

    server: Server
    keys: str
    asked: list[str]
    silent: list[str]

    def token(self, path: str, *key: str, **claims: Any) -> str:
        return token(datetime.now(UTC), *([claims.pop("aud", self.server.base + path)]), *key, **claims)

    def bearer(self, path: str, *key: str, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(path, *key, **claims)}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "keys.json").write_bytes(key_set("P-384", "RSA"))
    with publishing() as (keys, asked), ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(8)]
        silent = [f"http://127.0.0.1:{item.getsockname()[1]}" for item in sockets]
        config = f"""
            public_url = "http://127.0.0.1:{{port}}"
            cors_origins = ["{BROWSER["Origin"]}"]
            deadline_ms = 20000
            [[clients]]
            name = "North"
            issuer = "{ISSUER}"
            jwks = "keys.json"
            [[clients]]
            name = "South"
            issuer = "{SOUTH}"
            jku = ["{keys}/jwks.json"]
            hooks = ["order-select"]
            [[clients]]
            name = "East"
            issuer = "{EAST}"
            jwks = "keys.json"
            deadline_ms = 400
            may_set_as_of = true
            fhir_origins = {json.dumps(silent)}
        """
        with serving(folder, config=config) as server:
            yield Guarded(server, keys, asked, silent)


def hollow(value: Any, path: str = "") -> list[str]:
    """Where a body holds null, "", [] or {}. FHIR resources and the three lists that may be empty are passed over."""
    if value in (None, "", [], {}):
        return [] if path in (".cards", ".services") else [path]
    if isinstance(value, dict):
        return [
            found
            for name, item in value.items()
            if not (name == "resource" and "resourceType" in item)
            for found in hollow(item, f"{path}.{name}")
        ]
    if isinstance(value, list):
        return [found for number, item in enumerate(value) for found in hollow(item, f"{path}[{number}]")]
    return []


def findings(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["rule"]: row for row in body["extension"][EXTENSION]["findings"]}


def disposition(body: dict[str, Any]) -> str:
    return str(body["extension"][EXTENSION]["disposition"])


def is_outcome(body: Any) -> bool:
    return body["resourceType"] == "OperationOutcome" and bool(body["issue"][0]["details"]["text"])


# 1. Discovery


def test_1_discovery_is_an_object_of_services_with_what_is_required(laptop: Server):
    status, headers, body = laptop.ask("GET", DISCOVERY)
    assert (status, headers["content-type"], body.keys()) == (200, "application/json", {"services"})
    assert hollow(body) == []
    for service in body["services"]:
        for name in ("hook", "description", "id", "title", "version", "hookVersion", "usageRequirements"):
            assert isinstance(service[name], str), name
        assert all(isinstance(template, str) for template in service["prefetch"].values())
    hooks = [service["hook"] for service in body["services"]]
    assert len(hooks) == len(set(hooks))


def test_1_prefetch_keeps_its_order_and_is_the_same_every_time(laptop: Server):
    first, second = (laptop.ask("GET", DISCOVERY) for _ in range(2))
    keys = [list(service["prefetch"]) for service in first[2]["services"]]
    assert keys == [list(service["prefetch"]) for service in second[2]["services"]]
    assert keys[0][:2] == ["patient", "conditions"]
    assert keys[0] != sorted(keys[0])
    assert first[1]["etag"] == second[1]["etag"]


def test_1_discovery_takes_a_token_meant_for_it_alone_or_among_others(guarded: Guarded):
    url = guarded.server.base + DISCOVERY
    for audience in (url, ["https://another.example", url]):
        status, _, body = guarded.server.ask("GET", DISCOVERY, headers=guarded.bearer(DISCOVERY, aud=audience))
        assert (status, len(body["services"])) == (200, 4)


def test_1_discovery_lists_what_this_client_may_call(guarded: Guarded):
    def ask(issuer: str) -> tuple[list[str], str]:
        for _ in range(100):  # South's keys are read first
            status, headers, body = guarded.server.ask("GET", DISCOVERY, headers=guarded.bearer(DISCOVERY, iss=issuer))
            if status == 200:
                return [service["hook"] for service in body["services"]], headers["etag"]
        raise AssertionError(status)

    (north, one), (south, other) = ask(ISSUER), ask(SOUTH)
    assert north == ["order-select", "order-sign", "appointment-book", "encounter-discharge"]
    assert south == ["order-select"]
    assert one != other


# 2. Service call


def test_2_an_order_that_is_not_ours_gets_no_cards_and_nothing_else(laptop: Server):
    assert laptop.post(SERVICE, REQUESTS["not-our-order"])[::2] == (200, {"cards": []})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("suitable-acute-fracture", "criteria-met"),
        ("retropulsion-caution", "caution"),
        ("low-platelets-inpatient", "after-correction"),
        ("no-medication-section", "insufficient-data"),
        ("healed-fracture-partial-dates", "not-indicated"),
        ("active-discitis", "contraindicated"),
        ("cauda-equina-surgery-first", "refer-spine-surgery"),
    ],
)
def test_2_each_disposition_is_reached(laptop: Server, name: str, expected: str):
    status, _, body = laptop.post(SERVICE, REQUESTS[name])
    assert (status, disposition(body)) == (200, expected)
    assert body["cards"]


@pytest.mark.parametrize("name", REQUESTS)
def test_2_every_answer_keeps_to_the_specification(laptop: Server, name: str):
    status, headers, body = laptop.post(SERVICE, REQUESTS[name])
    assert headers["content-type"] == "application/json"
    if status != 200:
        assert is_outcome(body)
        return
    assert body.keys() <= {"cards", "systemActions", "extension"}
    assert hollow(body) == []
    assert len(body["cards"]) <= 5
    for card in body["cards"]:
        check_card(card)


def check_card(card: dict[str, Any]) -> None:
    assert 0 < len(card["summary"]) < 140
    assert card["indicator"] in ("info", "warning", "critical")
    assert card["source"]["label"]
    assert str(UUID(card["uuid"])) == card["uuid"]
    suggestions = card.get("suggestions", [])
    assert bool(suggestions) == ("selectionBehavior" in card)
    assert card.get("selectionBehavior", "any") in ("any", "at-most-one")
    if card.get("selectionBehavior") == "at-most-one":
        assert sum(item.get("isRecommended", False) for item in suggestions) <= 1
    for suggestion in suggestions:
        assert suggestion["label"]
        assert str(UUID(suggestion["uuid"])) == suggestion["uuid"]
        for action in suggestion.get("actions", ()):
            assert action["description"]
            assert (action["type"] == "delete") == ("resource" not in action) == ("resourceId" in action)
    assert all(reason["code"] and reason["system"] and reason["display"] for reason in card.get("overrideReasons", ()))
    for link in card.get("links", ()):
        assert link["type"] in ("absolute", "smart")
        assert link["type"] == "smart" or "appContext" not in link


# 3. Prefetch: each state, for a key that is required and one that is not, without and with access


def bundle(*resources: dict[str, Any], **members: Any) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset"} | ({"entry": entries} if entries else {}) | members


OTHERS = bundle({"resourceType": "Condition", "id": "o", "subject": {"reference": "Patient/q"}, "code": {"text": "x"}})
OTHERS_ALLERGY = bundle(
    {"resourceType": "AllergyIntolerance", "id": "o", "patient": {"reference": "Patient/q"}, "code": {"text": "x"}}
)
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
MISSING = "(missing)"
PAGED = "(first page)"

STATES = [
    # key, what is sent, with access, status, and why its rule is unknown (nothing: it is not)
    ("conditions", MISSING, False, 412, None),
    ("conditions", MISSING, True, 200, None),
    ("conditions", None, False, 200, None),
    ("conditions", None, True, 200, None),
    ("conditions", bundle(), False, 200, None),
    ("conditions", PAGED, False, 200, "cut"),
    ("conditions", PAGED, True, 200, None),
    ("conditions", OUTCOME, False, 412, None),
    ("conditions", OUTCOME, True, 412, None),
    ("conditions", OTHERS, False, 412, None),
    ("conditions", OTHERS, True, 200, None),
    ("conditions", {"resourceType": "Patient", "id": "p"}, False, 412, None),
    ("conditions", {"resourceType": "Patient", "id": "p"}, True, 200, None),
    ("allergies", {"resource": {"resourceType": "Practitioner", "id": "d"}}, False, 200, "failed"),
    ("allergies", bundle(OUTCOME), False, 200, "failed"),
    ("allergies", MISSING, False, 200, "omitted"),
    ("allergies", MISSING, True, 200, None),
    ("allergies", None, False, 200, None),
    ("allergies", None, True, 200, None),
    ("allergies", bundle(), False, 200, None),
    ("allergies", bundle(total=3), False, 200, "cut"),
    ("allergies", OUTCOME, False, 200, "failed"),
    ("allergies", OUTCOME, True, 200, "failed"),
    ("allergies", OTHERS_ALLERGY, False, 200, "failed"),
    ("allergies", OTHERS_ALLERGY, True, 200, None),
]


@pytest.mark.parametrize(("key", "sent", "access", "status", "reason"), STATES)
def test_3_each_prefetch_state(
    laptop: Server, fhir: Sekmet, key: str, sent: Any, access: bool, status: int, reason: str | None
):
    values: dict[str, Any] = {"conditions": bundle(), "allergies": bundle(), "somebody-elses-key": bundle()}
    values[key] = fhir.get("Condition?patient=p") if sent == PAGED else sent
    asked = call(prefetch={name: value for name, value in values.items() if value != MISSING})
    asked["context"]["patientId"] = "p"
    asked["context"]["draftOrders"]["entry"][0]["resource"].pop("subject", None)
    if access:
        asked |= granted(fhir.base)
    answered, _, body = laptop.post(SERVICE, asked)
    assert answered == status, body
    if status == 412:
        assert is_outcome(body)
        assert body["issue"][0]["expression"] == [f"prefetch.{key}"]
        return
    rule = findings(body)["cement_allergy" if key == "allergies" else "spinal_infection"]
    gaps = {gap["reason"] for gap in rule.get("missing", ()) if gap["section"] == key}
    assert gaps == ({reason} if reason else set())


def granted(base: str, access_token: str = TOKEN) -> dict[str, Any]:
    return {
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/*.read",
            "subject": "cds",
        },
    }


def test_3_a_body_without_prefetch_at_all_is_legal(laptop: Server, fhir: Sekmet):
    asked = call()
    del asked["prefetch"]
    assert laptop.post(SERVICE, asked)[0] == 412
    asked["context"]["patientId"] = "p"
    asked["context"]["draftOrders"]["entry"][0]["resource"].pop("subject", None)
    status, _, body = laptop.post(SERVICE, asked | granted(fhir.base))
    assert (status, findings(body)["spinal_infection"]["status"]) == (200, "met")


# 4. Dispatch


def test_4_the_same_id_answers_by_hook(laptop: Server):
    asked = REQUESTS["order-select-other-selection"]
    assert laptop.post(SERVICE, asked)[2]["cards"] == []
    assert laptop.post(SERVICE, asked | {"hook": "order-sign"})[2]["cards"]


def test_4_a_hook_that_is_not_listed_is_refused_and_an_unknown_id_is_not_found(laptop: Server, guarded: Guarded):
    status, _, body = laptop.post(SERVICE, call(hook="order-dispatch"))
    assert (status, body["issue"][0]["expression"]) == (400, ["hook"])
    status, _, body = laptop.post(f"{DISCOVERY}/another", call())
    assert status == 404
    assert is_outcome(body)
    headers = guarded.bearer(SERVICE, iss=SOUTH)
    assert eventually(
        lambda: guarded.server.post(SERVICE, call(), headers | guarded.bearer(SERVICE, iss=SOUTH))[0] == 400
    )


# 5. Hooks


def test_5_order_select_is_about_what_was_selected(laptop: Server):
    asked = json.loads(json.dumps(REQUESTS["order-select-two-drafts"]))
    body = laptop.post(SERVICE, asked)[2]
    assert body["extension"][EXTENSION]["orders"] == asked["context"]["selections"]
    drafts = [entry["resource"] for entry in asked["context"]["draftOrders"]["entry"]]
    others = [f"{item['resourceType']}/{item['id']}" for item in drafts]
    asked["context"]["selections"] = [name for name in others if name not in asked["context"]["selections"]]
    assert laptop.post(SERVICE, asked)[2] == {"cards": []}


@pytest.mark.parametrize("status", ["draft", "active", "on-hold"])
def test_5_order_sign_takes_an_order_signed_before(laptop: Server, status: str):
    asked = json.loads(json.dumps(REQUESTS["suitable-acute-fracture"]))
    asked["context"]["draftOrders"]["entry"][0]["resource"]["status"] = status
    assert laptop.post(SERVICE, asked)[2]["cards"]


def test_5_a_call_needs_no_user(laptop: Server):
    asked = json.loads(json.dumps(REQUESTS["suitable-acute-fracture"]))
    del asked["context"]["userId"]
    status, _, body = laptop.post(SERVICE, asked)
    assert (status, bool(body["cards"])) == (200, True)


# 6. Actions


def actions(body: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [
        action
        for card in body["cards"]
        for suggestion in card.get("suggestions", ())
        for action in suggestion.get("actions", ())
        if action["type"] == kind
    ]


def test_6_an_update_is_the_whole_order_with_what_nobody_knows(laptop: Server):
    asked = json.loads(json.dumps(REQUESTS["apixaban-20h-before-slot"]))
    order = asked["context"]["draftOrders"]["entry"][0]["resource"]
    order["extension"] = [{"url": "https://ehr.example/colour", "valueString": "blue"}]
    order["_priority"] = {"extension": [{"url": "https://ehr.example/why", "valueDecimal": 1.50}]}
    [update] = actions(laptop.post(SERVICE, asked)[2], "update")
    changed = {
        name for name in order.keys() | update["resource"].keys() if order.get(name) != update["resource"].get(name)
    }
    assert changed == {"occurrenceDateTime"}
    assert "resourceId" not in update


def test_6_a_delete_names_the_order(laptop: Server):
    asked = REQUESTS["active-discitis"]
    order = asked["context"]["draftOrders"]["entry"][0]["resource"]
    [delete] = actions(laptop.post(SERVICE, asked)[2], "delete")
    assert delete == {
        "type": "delete",
        "description": delete["description"],
        "resourceId": f"ServiceRequest/{order['id']}",
    }


# 7. Feedback


def told(card: str, outcome: str = "overridden", **more: Any) -> dict[str, Any]:
    return {"card": card, "outcome": outcome, "outcomeTimestamp": datetime.now(UTC).isoformat()} | more


def test_7_what_users_did_is_kept_with_the_card(laptop: Server):
    cards = laptop.post(SERVICE, REQUESTS["low-platelets-inpatient"])[2]["cards"]
    offered = next(card for card in cards if "suggestions" in card)
    accepted = {"acceptedSuggestions": [{"id": offered["suggestions"][0]["uuid"]}]}
    reason = {"reason": cards[0]["overrideReasons"][0], "userComment": "Seen by the haematologist"}
    again, unknown = told(offered["uuid"], "accepted", **accepted), told(str(uuid4()))
    said = [again, again, told(cards[0]["uuid"], overrideReason=reason), told(cards[-1]["uuid"]), unknown]
    database = laptop.database()
    before = feedback_on_unknown_cards(database)
    assert laptop.post(FEEDBACK, {"feedback": said})[::2] == (200, {})
    ours = {entry["card"] for entry in said}
    rows = [row for row in joined(database) if str(row["card"]) in ours]
    assert [(str(row["card"]), row["outcome"]) for row in rows] == [(entry["card"], entry["outcome"]) for entry in said]
    assert rows[0]["suggestions"] == (offered["suggestions"][0]["uuid"],)
    assert (rows[2]["reason_code"], rows[2]["comment"]) == (cards[0]["overrideReasons"][0]["code"], "")

    def all_shown() -> bool:
        shown = {str(row["card"]) for row in joined(database) if row["card_topic"]}
        return ours - {unknown["card"]} <= shown

    assert eventually(all_shown)
    assert feedback_on_unknown_cards(database) > before
    assert any(tally.rules for tally in tallies(database))
    database.close()


@pytest.mark.parametrize(
    ("entry", "element"),
    [
        (told(str(uuid4()), "ignored"), "feedback[0].outcome"),
        ({"card": str(uuid4()), "outcome": "accepted"}, "feedback[0].outcomeTimestamp"),
        ({"outcome": "accepted", "outcomeTimestamp": "2026-11-22T09:00:00Z"}, "feedback[0].card"),
    ],
)
def test_7_feedback_that_says_nothing_is_refused_and_the_element_named(
    laptop: Server, entry: dict[str, Any], element: str
):
    status, _, body = laptop.post(FEEDBACK, {"feedback": [entry]})
    assert (status, body["issue"][0]["expression"]) == (400, [element])


# 8. Signed calls


@pytest.mark.parametrize("key", [("P-384", "ES384"), ("RSA", "RS384")])
def test_8_a_signed_call_is_let_in_once(guarded: Guarded, key: tuple[str, str]):
    header = guarded.bearer(SERVICE, *key)
    assert [guarded.server.post(SERVICE, call(), header)[0] for _ in range(2)] == [200, 401]


REFUSED: dict[str, Callable[[Guarded], str]] = {
    "none": lambda g: unsigned(g.token(SERVICE)),
    "HS256": lambda g: forged(g.token(SERVICE), alg="HS256"),
    "HS256 with the public key": lambda g: confused(g.token(SERVICE)),
    "wrong audience": lambda g: g.token(DISCOVERY),
    "expired": lambda g: g.token(SERVICE, exp=int(time.time()) - 90, iat=int(time.time()) - 300),
    "unknown issuer": lambda g: g.token(SERVICE, iss="https://unknown.example"),
    "an address of keys that is not allowed": lambda g: g.token(SERVICE, iss=SOUTH, jku=f"{g.keys}/others.json"),
    "another's key": lambda g: forged(g.token(SERVICE, "P-384 another"), kid="P-384"),
}


@pytest.mark.parametrize("why", [*REFUSED, "no token"])
def test_8_everyone_else_is_refused_without_a_reason(guarded: Guarded, why: str):
    header = {"Authorization": f"Bearer {REFUSED[why](guarded)}"} if why in REFUSED else {}
    status, headers, body = guarded.server.post(SERVICE, call(), header)
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert body == {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "login", "details": {"text": "This call needs a valid token"}}],
    }
    assert "/others.json" not in guarded.asked


def test_8_an_unknown_key_is_looked_for_once(guarded: Guarded):
    def south(*key: str) -> int:
        return guarded.server.ask("GET", DISCOVERY, headers=guarded.bearer(DISCOVERY, *key, iss=SOUTH))[0]

    assert eventually(lambda: south() == 200)
    assert [south("P-256", "ES256") for _ in range(20)] == [401] * 20
    # Each process reads the keys, and reads them once more for a key that it does not have.
    assert len(guarded.asked) <= 6
    assert eventually(lambda: south() == 200)


# 9. Browsers


@pytest.mark.parametrize("path", [DISCOVERY, SERVICE, FEEDBACK])
def test_9_a_preflight_needs_no_token(guarded: Guarded, path: str):
    asked = BROWSER | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    status, headers, _ = guarded.server.ask("OPTIONS", path, headers=asked)
    assert (status, headers["access-control-allow-origin"]) == (204, BROWSER["Origin"])
    assert "authorization" in headers["access-control-allow-headers"].lower()


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", SERVICE, 401), ("GET", "/nowhere", 404), ("GET", SERVICE, 405)]
)
def test_9_a_page_may_read_what_is_refused(guarded: Guarded, method: str, path: str, status: int):
    answered, headers, _ = guarded.server.ask(method, path, b"{}" if method == "POST" else None, BROWSER)
    assert (answered, headers["access-control-allow-origin"]) == (status, BROWSER["Origin"])
    stranger = guarded.server.ask(method, path, None, {"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger[1]


# 10. Time, and what is left behind


def test_10_nineteen_of_twenty_answers_with_prefetch_keep_the_specifications_half_second(laptop: Server):
    taken = []
    for _ in range(40):
        started = time.perf_counter()
        assert laptop.post(SERVICE, REQUESTS["suitable-acute-fracture"] | {"hookInstance": str(uuid4())})[0] == 200
        taken.append(time.perf_counter() - started)
    assert statistics.quantiles(taken, n=20)[-1] < 0.5


def test_10_a_fhir_server_that_hangs_costs_no_more_than_the_deadline(guarded: Guarded):
    """The deadline is 400 ms; 100 ms are for all else. The best of a few, as other tests share the machine."""
    taken = []
    for base in guarded.silent:  # another each time: one that hangs is not asked again for a while
        asked = REQUESTS["suitable-acute-fracture"] | granted(f"{base}/fhir")
        asked["prefetch"] = {"conditions": asked["prefetch"]["conditions"]}
        headers = guarded.bearer(SERVICE, iss=EAST)
        started = time.perf_counter()
        status, _, body = guarded.server.post(SERVICE, asked, headers)
        taken.append(time.perf_counter() - started)
        assert status == 200
        [gap] = findings(body)["cement_allergy"]["missing"]
        assert gap["reason"] == "failed"
        assert gap["says"] in (
            "the FHIR server did not answer in time",
            "there was no time left to ask the FHIR server",
        )
        if taken[-1] < 0.5:
            break
    assert min(taken) < 0.5, taken


SECRET = "Zq7x"


def marked(value: Any, path: str = "") -> Any:
    """A chart in which every text of people, and every id, is marked as secret."""
    if isinstance(value, dict):
        return {name: marked(item, f"{path}.{name}") for name, item in value.items()}
    if isinstance(value, list):
        return [marked(item, path) for item in value]
    if path.endswith((".reference",)) and isinstance(value, str):
        return re.sub("/(?=[^/]*$)", f"/{SECRET}", value)
    if path.endswith((".id", ".text", ".display", ".conclusion", ".div", ".note", ".family", ".comment", ".data")):
        return f"{SECRET}{value}"
    return value


def test_10_nothing_of_a_patient_a_token_or_a_users_words_is_left_behind(laptop: Server, fhir: Sekmet):
    """Neither in the log, nor in the metrics, nor in the database."""
    server, original = laptop, REQUESTS["apixaban-20h-before-slot"]
    patient = f"{SECRET}{original['context']['patientId']}"
    with faulty(fhir) as front:
        chart = marked(original["prefetch"])
        chart["imaging-reports"] = {
            "resource": {"resourceType": "DiagnosticReport", "conclusion": f"{SECRET} oedema T12"}
        }
        chart["pain"] = {
            "resourceType": "Observation",
            "valueString": f"{SECRET} pain",
            "subject": {"reference": f"Patient/{patient}"},
        }
        order = {
            "resourceType": "ServiceRequest",
            "id": f"{SECRET}o",
            "code": {"text": f"Vertebroplasty T12 {SECRET}"},
            "note": [{"text": SECRET}],
        }
        context = {
            "userId": f"Practitioner/{SECRET}u",
            "patientId": patient,
            "encounterId": f"{SECRET}e",
            "draftOrders": bundle(order),
        }
        asked = {"hook": "order-sign", "hookInstance": f"{SECRET} instance", "context": context, "prefetch": chart}
        del chart["allergies"]
        status, _, body = server.post(SERVICE, asked)
        assert status == 200
        assert SECRET in json.dumps(body)  # it was read, and the clinician sees it
        for fault in ("401", "html", "reset", "half-json", "redirect"):
            access = granted(front.base(fault, "AllergyIntolerance"), f"{SECRET}.token")
            assert server.post(SERVICE, asked | access)[0] == 200
        reason = {"code": f"{SECRET} says no", "system": f"urn:{SECRET} x", "display": SECRET}
        words = {"reason": reason, "userComment": f"{SECRET} refuses"}
        known = {"reason": body["cards"][0]["overrideReasons"][0] | {"display": SECRET}, "userComment": SECRET}
        said = [told(f"{SECRET} card", overrideReason=words), told(body["cards"][0]["uuid"], overrideReason=known)]
        assert server.post(FEEDBACK, {"feedback": said})[0] == 200
        refused = [
            server.ask("POST", SERVICE, f'{{"{SECRET}": '.encode()),
            server.post(SERVICE, asked | {"hook": SECRET}),
            server.post(SERVICE, asked | {"prefetch": {}}),
            server.post(SERVICE, asked | {"extension": {"org.vertebroplasty-cds.asOf": SECRET}}),
            server.post(FEEDBACK, {"feedback": [told(SECRET, SECRET)]}),
            server.ask(
                "GET",
                f"/{SECRET}?{SECRET}={SECRET}",
                headers={"Origin": f"https://{SECRET}.example", "User-Agent": SECRET},
            ),
            server.ask("POST", f"{DISCOVERY}/{SECRET}", b"{}"),
        ]
        assert [answer[0] for answer in refused] == [400, 400, 412, 400, 400, 404, 404]
        assert not [answer for answer in refused if SECRET in json.dumps(answer[2])]
        database = server.database()
        assert eventually(lambda: sum(tally.cards for tally in tallies(database)) >= len(body["cards"]))
        database.close()
        metrics = server.ask("GET", "/metrics")[2].decode()
        assert "cds_fetches_total" in metrics
        assert '"audit"' in server.log
        for what in (server.log, metrics, server.records):
            assert len(what) > 500
            assert SECRET not in what


def test_10_no_signed_token_is_left_behind(guarded: Guarded):
    signed = guarded.token(SERVICE, jti="the-one-and-only")
    replies = [guarded.server.post(SERVICE, call(), {"Authorization": f"Bearer {signed}"})[0] for _ in range(2)]
    assert replies == [200, 401]
    metrics = guarded.server.ask("GET", "/metrics")[2].decode()
    for what in (guarded.server.log, metrics, guarded.server.records):
        assert signed not in what
        assert "eyJ" not in what
        assert "the-one-and-only" not in what
    assert "the token was used before" in guarded.server.log
