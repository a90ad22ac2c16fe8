"""The HTTP edge, request by request: what is refused and how, feedback, discovery, health and browsers."""

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import create_environ, run_wsgi_app

from cds_service.app import create_app
from cds_service.app.body import Bounded
from cds_service.cards.overrides import HL7, displays
from cds_service.feedback.recorder import Recorder
from cds_service.hooks import HookRequest
from cds_service.logs import log_to
from cds_service.service import Response
from cds_service.settings import Settings
from cds_service.store.database import Database
from cds_service.store.records import DisplayedCard, Showing
from cds_service.store.repository import joined, tallies
from tests.serving import FEEDBACK, ORDER, SERVICE, call, eventually
from tests.tokens import ELSEWHERE

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
CALL = call()


@pytest.fixture
def serve(tmp_path: Path, patience: None) -> Callable[..., FlaskClient]:
    def make(respond: Callable[..., Response] | None = None, **settings: Any) -> FlaskClient:
        chosen = {"database_url": f"sqlite:///{tmp_path}/f.sqlite3"} | settings
        return create_app(Settings(**chosen), respond, now=lambda: NOW).test_client()

    return make


def issue(response: Any) -> dict[str, Any]:
    outcome = json.loads(response.data)
    assert response.content_type == "application/json"
    assert outcome["resourceType"] == "OperationOutcome"
    return outcome["issue"][0]


def test_discovery_lists_each_hook_in_order_with_prefetch_in_order(serve):
    response = serve().get("/cds-services")
    services = json.loads(response.data)["services"]
    assert [service["hook"] for service in services] == [
        "order-select", "order-sign", "appointment-book", "encounter-discharge", "patient-view",
    ]  # fmt: skip
    assert {service["id"] for service in services} == {"vertebroplasty-suitability"}
    for service in services:
        assert list(service["prefetch"])[:2] == ["patient", "conditions"]
        assert all(service[name] for name in ("title", "description", "usageRequirements", "version", "hookVersion"))


def test_discovery_is_answered_by_its_tag(serve):
    client = serve()
    first = client.get("/cds-services")
    again = client.get("/cds-services", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_hook_that_is_switched_off_is_neither_listed_nor_answered(serve):
    client = serve(hooks=("order-select",))
    assert [service["hook"] for service in json.loads(client.get("/cds-services").data)["services"]] == ["order-select"]
    response = client.post(SERVICE, json=CALL)
    assert (response.status_code, issue(response)["expression"]) == (400, ["hook"])


def test_an_answer_keeps_the_order_of_its_keys(serve):
    body = {"cards": [], "extension": {"z": 1, "a": {"y": 1, "b": 2}}}
    response = serve(lambda request, now, *_: Response(body)).post(SERVICE, json=CALL)
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert response.data == b'{"cards":[],"extension":{"z":1,"a":{"y":1,"b":2}}}'


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("POST", SERVICE, b"{", 400, "structure"),
        ("POST", SERVICE, b"[]", 400, "structure"),
        ("POST", SERVICE, b"{}", 400, "invalid"),
        ("POST", SERVICE, b"", 400, "structure"),
        ("POST", "/cds-services/another", b"{}", 404, "not-found"),
        ("POST", "/cds-services/another/feedback", b"{}", 404, "not-found"),
        ("GET", "/cds-services/another/feedback", b"", 404, "not-found"),
        ("GET", "/cds-services//", b"", 404, "not-found"),
        ("GET", "/favicon.ico", b"", 404, "not-found"),
        ("GET", SERVICE, b"", 405, "not-supported"),
        ("DELETE", FEEDBACK, b"", 405, "not-supported"),
        ("POST", "/cds-services", b"{}", 405, "not-supported"),
        ("POST", "/health", b"{}", 405, "not-supported"),
        ("POST", SERVICE, b" " * 2001, 413, "too-long"),
        ("POST", FEEDBACK, b" " * 2001, 413, "too-long"),
        ("POST", FEEDBACK, b"{", 400, "structure"),
    ],
)
def test_what_is_refused(serve, method: str, path: str, sent: bytes, status: int, code: str):
    response = serve(body_limit=2000).open(path, method=method, data=sent)
    assert (response.status_code, issue(response)["code"]) == (status, code)
    assert ("Allow" in response.headers) == (status == 405)


def test_an_order_without_conditions_is_a_precondition_that_names_the_key(serve):
    response = serve().post(SERVICE, json=CALL | {"prefetch": {}})
    assert (response.status_code, issue(response)["code"]) == (412, "processing")
    assert issue(response)["expression"] == ["prefetch.conditions"]


def test_an_order_that_is_ours_gets_cards(serve):
    body = json.loads(serve().post(SERVICE, json=CALL).data)
    assert body["cards"]
    assert body["extension"]["org.vertebroplasty-cds.assessment"]["asOf"].startswith("2026-11-22T09:00:00")


LOCAL = {"system": "urn:hospital:orders", "code": "VP-1"}


@pytest.mark.parametrize(("codes", "answered"), [([LOCAL], True), ([LOCAL | {"code": "VP-2"}], False), ([], False)])
def test_a_site_names_its_own_order_codes(serve, codes: list[dict[str, str]], answered: bool):
    order = ORDER | {"code": {"coding": [LOCAL]}}
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]}
    asked = CALL | {"context": CALL["context"] | {"draftOrders": drafts}}
    cards = json.loads(serve(order_codes=codes).post(SERVICE, json=asked).data)["cards"]
    assert bool(cards) is answered


def test_a_fault_of_ours_is_an_outcome_and_a_log_line_without_patient_data(serve):
    def break_down(request: HookRequest, now: datetime, *_: object) -> Response:
        raise KeyError(request.patient)

    stream = StringIO()
    log_to(stream)
    response = serve(break_down).post(SERVICE, json=CALL)
    assert (response.status_code, issue(response)["code"]) == (500, "exception")
    failed, answered, _ = map(json.loads, stream.getvalue().splitlines())
    assert failed["error"] == "KeyError"
    assert failed["at"][-1].endswith("break_down")
    assert failed["request"] == answered["request"] == response.headers["X-Request-Id"]
    assert failed["request"] in issue(response)["details"]["text"]
    assert "SECRET-ID" not in stream.getvalue() + response.text


def test_on_a_laptop_a_call_may_set_the_time(serve):
    seen = []

    def keep(request: HookRequest, now: datetime, *_: object) -> Response:
        seen.append((request.as_of, bool(request.notes), now))
        return Response({"cards": []})

    serve(keep).post(SERVICE, json=CALL | {"extension": {"org.vertebroplasty-cds.asOf": "2020-01-01T00:00:00Z"}})
    assert seen == [(datetime(2020, 1, 1, tzinfo=UTC), False, NOW)]


# Feedback


def entry(**changes: Any) -> dict[str, Any]:
    told = {"card": str(uuid4()), "outcome": "overridden", "outcomeTimestamp": "2026-11-22T08:59:00Z"} | changes
    return {name: value for name, value in told.items() if value is not None}


def kept(tmp_path: Path) -> list[dict[str, Any]]:
    database = Database(f"sqlite:///{tmp_path}/f.sqlite3")
    rows = list(joined(database))
    database.close()
    return rows


def test_feedback_is_kept_before_it_is_acknowledged(serve, tmp_path: Path):
    accepted = entry(outcome="accepted", acceptedSuggestions=[{"id": str(uuid4())}])
    reason = {"system": HL7, "code": "patient-refuses", "display": "Mrs Smith refuses"}
    overridden = entry(overrideReason={"reason": reason, "userComment": "Mrs Smith says no"})
    response = serve().post(FEEDBACK, json={"feedback": [accepted, overridden, overridden, entry()]})
    assert (response.status_code, response.data) == (200, b"{}")
    rows = kept(tmp_path)
    assert [str(row["card"]) for row in rows] == [accepted["card"], *[overridden["card"]] * 2, str(rows[3]["card"])]
    assert rows[0]["suggestions"] == (accepted["acceptedSuggestions"][0]["id"],)
    assert (rows[1]["reason_system"], rows[1]["reason_code"]) == (HL7, "patient-refuses")
    assert rows[1]["reason_display"] == displays()[HL7, "patient-refuses"]
    assert (rows[1]["comment"], rows[1]["received_at"]) == ("", NOW)


@pytest.mark.parametrize("comments", [True, False])
def test_words_are_kept_only_if_configured(serve, tmp_path: Path, comments: bool):
    reasons = (
        {"system": "urn:site", "code": "r7", "display": "Mrs Smith's wish"},
        {"system": "urn:mrs smith", "code": "Mrs Smith refuses", "display": "Smith"},
        {"system": "urn:mrs smith", "code": "r8"},
    )
    told = [entry(overrideReason={"reason": reason, "userComment": "Seen by\x00 spine team"}) for reason in reasons]
    assert serve(keep_comments=comments).post(FEEDBACK, json={"feedback": told}).status_code == 200
    rows = kept(tmp_path)
    assert {row["comment"] for row in rows} == {"Seen by spine team" if comments else ""}
    assert [(row["reason_system"], row["reason_code"]) for row in rows] == [
        ("urn:site", "r7"), ("", "free-text"), ("", "r8"),
    ]  # fmt: skip
    assert [row["reason_display"] for row in rows] == (["Mrs Smith's wish", "Smith", ""] if comments else ["", "", ""])


@pytest.mark.parametrize(
    "changes",
    [
        {"overrideReason": None},
        {"overrideReason": {}},
        {"overrideReason": {"reason": {"display": "Free text"}}},
        {"overrideReason": {"reason": {"code": "ours", "system": None}}},
        {"outcome": "accepted"},
        {"outcome": "accepted", "acceptedSuggestions": ["bare-id"]},
        {"card": "no uuid at all"},
        {"outcomeTimestamp": "2026-11-22T08:59:00.123456789+01:00"},
        {"extension": {"x": 1}, "more": 2},
    ],
    ids=str,
)
def test_feedback_in_odd_shapes_is_kept(serve, tmp_path: Path, changes: dict[str, Any]):
    assert serve().post(FEEDBACK, json={"feedback": [entry(**changes)]}).status_code == 200
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    ("sent", "element"),
    [
        ({}, "feedback"),
        ({"feedback": None}, "feedback"),
        ({"feedback": {}}, "feedback"),
        ({"feedback": [entry(), "x"]}, "feedback[1]"),
        ({"feedback": [entry(), entry(card=None)]}, "feedback[1].card"),
        ({"feedback": [entry(card=5)]}, "feedback[0].card"),
        ({"feedback": [entry(outcome=None)]}, "feedback[0].outcome"),
        ({"feedback": [entry(outcome="ignored")]}, "feedback[0].outcome"),
        ({"feedback": [entry(outcome={})]}, "feedback[0].outcome"),
        ({"feedback": [entry(outcomeTimestamp=None)]}, "feedback[0].outcomeTimestamp"),
        ({"feedback": [entry(outcomeTimestamp="yesterday")]}, "feedback[0].outcomeTimestamp"),
        ({"feedback": [entry(outcomeTimestamp="2026-11-22T08:59:00")]}, "feedback[0].outcomeTimestamp"),
        ({"feedback": [entry(outcomeTimestamp=5)]}, "feedback[0].outcomeTimestamp"),
        ({"feedback": [entry(outcome="accepted", acceptedSuggestions="x")]}, "feedback[0].acceptedSuggestions"),
        ({"feedback": [entry(outcome="accepted", acceptedSuggestions=[{}])]}, "feedback[0].acceptedSuggestions[0].id"),
    ],
)
def test_bad_feedback_is_refused_whole(serve, tmp_path: Path, sent: Any, element: str):
    response = serve().post(FEEDBACK, json=sent)
    assert (response.status_code, issue(response)["expression"]) == (400, [element])
    assert kept(tmp_path) == []


def test_without_a_database_cards_are_served_and_feedback_is_asked_for_later(serve):
    shown = DisplayedCard(uuid4(), "suitability", "info", "suitable", ("severe_pain",), "1")
    client = serve(
        lambda request, now, *_: Response({"cards": []}, (shown,), {"read": 0.001}),
        database_url="sqlite:////no/such/folder/f.sqlite3",
    )
    assert client.post(SERVICE, json=CALL).status_code == 200
    response = client.post(FEEDBACK, json={"feedback": [entry()]})
    assert (response.status_code, issue(response)["code"]) == (503, "transient")
    assert int(response.headers["Retry-After"]) > 0
    assert json.loads(client.get("/health").data)["feedback"] == "unavailable"
    assert client.get("/health/ready").status_code == 200


# What was shown


def test_shown_cards_are_recorded(serve, tmp_path: Path):
    shown = DisplayedCard(
        uuid4(), "suitability", "warning", "relative", ("severe_pain", "recent_fracture"), "2026.11.0"
    )
    serve(lambda request, now, *_: Response({"cards": []}, (shown,), {"read": 0.001})).post(SERVICE, json=CALL)
    database = Database(f"sqlite:///{tmp_path}/f.sqlite3")
    assert eventually(lambda: [tally.rules for tally in tallies(database)] == [shown.rules])
    database.close()


def a_showing() -> Showing:
    return Showing(uuid4(), "order-sign", "s", "", NOW, ())


def test_a_full_queue_is_counted_and_costs_nothing():
    hold = threading.Event()
    lost: list[int] = []

    def keep(batch: list[Showing]) -> None:
        hold.wait(5)

    recorder = Recorder(keep, lost.append, most=2)
    for _ in range(10):
        recorder.add(a_showing())
    hold.set()
    recorder.close()
    assert 5 <= sum(lost) <= 8


def test_what_waits_is_written_when_the_recorder_closes():
    written: list[Showing] = []
    recorder = Recorder(written.extend, lambda number: None)
    for _ in range(500):
        recorder.add(a_showing())
    recorder.close()
    assert len(written) == 500


def test_a_fault_while_recording_does_not_end_recording():
    written: list[Showing] = []
    lost: list[int] = []
    first = [True]

    def keep(batch: list[Showing]) -> None:
        if first:
            first.clear()
            raise ZeroDivisionError
        written.extend(batch)

    recorder = Recorder(keep, lost.append)
    recorder.add(a_showing())
    assert eventually(lambda: lost == [1])
    recorder.add(a_showing())
    recorder.close()
    assert len(written) == 1


# Health, metrics, browsers


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health(serve, path: str):
    response = serve().get(path)
    assert (response.status_code, json.loads(response.data)["status"]) == (200, "ok")


def test_metrics_count_requests_cards_and_feedback(serve):
    shown = DisplayedCard(uuid4(), "suitability", "warning", "relative", ("severe_pain",), "1")
    client = serve(lambda request, now, *_: Response({"cards": []}, (shown,), {"read": 0.001}))
    client.post(SERVICE, json=CALL)
    client.post(FEEDBACK, json={"feedback": [entry()]})
    client.get("/nowhere/SECRET-ID")
    lines = client.get("/metrics").text.splitlines()
    assert f'cds_requests_total{{route="{SERVICE}",status="200"}} 1.0' in lines
    assert 'cds_requests_total{route="none",status="404"} 1.0' in lines
    assert 'cds_cards_total{indicator="warning",topic="suitability"} 1.0' in lines
    assert 'cds_card_rules_total{rule="severe_pain"} 1.0' in lines
    assert 'cds_dispositions_total{disposition="relative"} 1.0' in lines
    assert 'cds_feedback_total{outcome="overridden"} 1.0' in lines
    assert 'cds_stage_seconds_count{stage="read"} 1.0' in lines
    assert "SECRET-ID" not in "\n".join(lines)


ORIGIN = {"Origin": "https://sandbox.example"}
ALLOWED = "Access-Control-Allow-Origin"


@pytest.mark.parametrize("path", ["/cds-services", SERVICE, FEEDBACK, "/health", "/metrics", "/cds-services/another"])
def test_a_preflight_is_answered_everywhere(serve, path: str):
    response = serve().options(path, headers=ORIGIN | {"Access-Control-Request-Method": "POST"})
    assert (response.status_code, response.headers[ALLOWED]) == (204, ORIGIN["Origin"])
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(("path", "status"), [("/cds-services", 200), ("/nowhere", 404), (SERVICE, 405)])
def test_a_browser_may_read_every_answer_on_loopback(serve, path: str, status: int):
    response = serve().get(path, headers=ORIGIN)
    assert (response.status_code, response.headers[ALLOWED]) == (status, ORIGIN["Origin"])
    assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({"cors_origins": ["https://sandbox.example/"]}, True),
        ({"cors_origins": ["https://other.example"]}, False),
        (ELSEWHERE, False),
        (ELSEWHERE | {"host": "127.0.0.1"}, False),  # behind a proxy
        (ELSEWHERE | {"cors_origins": ["https://sandbox.example"]}, True),
    ],
    ids=str,
)
def test_elsewhere_only_listed_origins_may(serve, settings: dict[str, Any], allowed: bool):
    client = serve(**settings)
    for response in (
        client.get("/cds-services", headers=ORIGIN),
        client.options(SERVICE, headers=ORIGIN),
        client.get("/no", headers=ORIGIN),
    ):
        assert (ALLOWED in response.headers) is allowed


# Bodies


class Endless:
    """A body that never ends, as a server hands one over that comes in chunks; `given` bytes were read."""

    given = 0

    def read(self, size: int | None = -1) -> bytes:
        size = 100_000_000 - self.given if size is None or size < 0 else size
        self.given += size
        return b" " * size

    readline = read


@pytest.mark.parametrize("announced", [None, 10**12], ids=["in chunks", "of a length that nobody has"])
def test_no_address_reads_more_than_the_limit(serve, announced: int | None):
    """Every address and method, whether it has a use for a body or not."""
    client = serve(body_limit=50_000)
    reading = set()
    for rule in client.application.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            stream = Endless()
            environ = create_environ(re.sub("<.*>", "x", rule.rule), method=method, content_type="application/json")
            environ |= {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
            environ.pop("CONTENT_LENGTH", None)
            if announced is not None:
                environ["CONTENT_LENGTH"] = str(announced)
            answer = run_wsgi_app(client.application, environ)
            assert stream.given <= 2_100_000, rule.rule
            if method == "POST":
                reading.add(rule.rule)
                assert answer[1].startswith("413"), rule.rule
                assert json.loads(b"".join(answer[0]))["issue"][0]["code"] == "too-long", rule.rule
            else:
                assert stream.given == 0
    assert reading >= {SERVICE, FEEDBACK, "/workbench/run"}


@pytest.mark.parametrize("path", [SERVICE, FEEDBACK, "/workbench/run"])
def test_a_body_that_ends_early_is_refused(serve, path: str):
    environ = create_environ(path, method="POST", data=b'{"hook":', content_type="application/json")
    environ["CONTENT_LENGTH"] = "500"
    assert run_wsgi_app(serve().application, environ)[1].startswith("400")


def test_whatever_reads_a_body_is_bounded():
    for read in (Bounded.read, Bounded.readline):
        stream = Bounded(BytesIO(b"ab\ncdefgh"), 5, None)
        assert read(stream, 3) == b"ab\n"
        with pytest.raises(RequestEntityTooLarge):
            read(stream)
        assert read(Bounded(BytesIO(b"abcde"), 5, 5)) == b"abcde"
        with pytest.raises(RequestEntityTooLarge):
            read(Bounded(BytesIO(b""), 5, 6), 1)
