"""What each answer leaves behind: a line in the log, an audit event, counts; and what is deleted once it is old."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from fhir.resources.R4B.auditevent import AuditEvent
from flask.testing import FlaskClient
from msgspec.structs import replace

from cds_service.app import create_app
from cds_service.chart import Chart
from cds_service.errors import StoreUnavailable
from cds_service.feedback.retention import Retention
from cds_service.findings import Finding
from cds_service.knowledge import Knowledge
from cds_service.logs import log_to
from cds_service.service import respond
from cds_service.settings import Settings
from cds_service.store.database import Database
from cds_service.store.records import DisplayedCard, FeedbackEntry, FeedbackOutcome, Showing
from cds_service.store.repository import add_feedback, add_showings, joined, tallies
from tests.serving import eventually

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SERVICE = "/cds-services/vertebroplasty-suitability"
CALL = json.loads(
    (Path(__file__).parent.parent / "fixtures/requests/platelets-failed-null-allergies.json").read_bytes()
)
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def serve(tmp_path: Path, patience: None) -> Callable[..., FlaskClient]:
    def make(respond: Any = None, **settings: Any) -> FlaskClient:
        chosen = {"database_url": f"sqlite:///{tmp_path}/f.sqlite3"} | settings
        return create_app(Settings(**chosen), respond, now=lambda: NOW).test_client()

    return make


@pytest.fixture
def lines() -> Lines:
    stream = StringIO()
    log_to(stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def broken(chart: Chart, know: Knowledge) -> Iterator[Finding]:
    raise KeyError("Mrs Smith")
    yield


def failing(*_: object) -> Any:
    raise KeyError("Mrs Smith")


def with_a_broken_rule(asked: Any, now: datetime, site: Any, fill: Any) -> Any:
    first, *others = site.rules
    return respond(asked, now, replace(site, rules=(replace(first, judge=broken), *others)), fill)


def test_the_log_line_says_what_was_asked_how_long_it_took_and_what_the_rules_came_to(serve, lines: Lines):
    body = serve().post(SERVICE + "?name=Smith", json=CALL).json
    line, audit = lines()
    assert (line["event"], line["route"], line["status"], line["hook"]) == ("answered", SERVICE, 200, "order-sign")
    assert list(line["stages"]) == ["admit", "order", "fetch", "read", "judge", "cards"]
    findings = body["extension"]["org.vertebroplasty-cds.assessment"]["findings"]
    for status in ("met", "unknown"):
        rules = dict.fromkeys(row["rule"] for row in findings if row["status"] == status)
        assert line["rules"][status] == list(rules)
    assert "error" not in line["rules"]
    assert (audit["event"], audit["request"]) == ("audit", line["request"])


def test_a_request_that_is_no_hook_call_has_a_short_line(serve, lines: Lines):
    serve().get("/health")
    [line] = lines()
    assert line.keys() == {"event", "request", "method", "route", "status", "milliseconds", "level", "timestamp"}


def test_a_rule_that_raises_is_logged_by_its_id_and_place_and_counted(serve, lines: Lines):
    client = serve(with_a_broken_rule)
    body = client.post(SERVICE, json=CALL).json
    assert body["cards"]
    failed, answered, _ = lines()
    [rule] = answered["rules"]["error"]
    assert (failed["event"], failed["rule"], failed["error"]) == ("rule failed", rule, "KeyError")
    assert failed["at"][-1].endswith("broken")
    assert failed["request"] == answered["request"]
    assert "Smith" not in json.dumps(lines())
    assert f'cds_rule_failures_total{{rule="{rule}"}} 1.0' in client.get("/metrics").text.splitlines()


def test_what_was_missing_is_counted_once_an_answer_by_section_and_reason(serve):
    client = serve()
    body = client.post(SERVICE, json=CALL).json
    findings = body["extension"]["org.vertebroplasty-cds.assessment"]["findings"]
    missing = {(gap["section"], gap["reason"]) for row in findings for gap in row.get("missing", ())}
    assert ("blood-count", "failed") in missing
    lines = client.get("/metrics").text.splitlines()
    counted = [line for line in lines if line.startswith("cds_gaps_total{")]
    assert sorted(counted) == sorted(
        f'cds_gaps_total{{reason="{reason}",section="{section}"}} 1.0' for section, reason in missing
    )


@pytest.mark.parametrize(
    ("codings", "counted"),
    [
        ([{"system": "http://snomed.info/sct", "code": "80146002"}], ["snomed"]),
        (
            [{"system": "urn:mrs-smith", "code": "1"}, {"system": "http://loinc.org", "code": "2160-0"}],
            ["loinc", "other"],
        ),
        ([{"code": "1"}], ["none"]),
        ([], []),
    ],
    ids=["known", "an address may hold a name", "without a system", "as text alone"],
)
@pytest.mark.parametrize("with_ours", [False, True])
def test_an_order_not_recognised_is_counted_by_code_system(serve, codings: Any, counted: list[str], with_ours: bool):
    """So that a site sees whose codes it has to add; a text or an address that nobody knows is not told."""
    drafts = deepcopy(CALL["context"]["draftOrders"]["entry"])
    other = deepcopy(drafts[0])
    other["resource"] |= {"id": "other", "code": {"coding": codings, "text": "Mrs Smith"}, "bodySite": []}
    asked = deepcopy(CALL)
    asked["context"]["draftOrders"]["entry"] = [*drafts, other] if with_ours else [other]
    client = serve()
    assert bool(client.post(SERVICE, json=asked).json["cards"]) == with_ours
    text = client.get("/metrics").text
    assert "mith" not in text
    lines = [line for line in text.splitlines() if line.startswith("cds_orders_unrecognised_total{")]
    assert lines == [f'cds_orders_unrecognised_total{{system="{system}"}} 1.0' for system in counted]


def test_whoever_makes_the_application_gets_the_same_lines(serve, monkeypatch: pytest.MonkeyPatch):
    """Where nobody has said where to log, a text of a patient must not be told by a default of the library."""
    structlog.reset_defaults()
    monkeypatch.setattr("sys.stderr", stream := StringIO())
    client = serve(failing)
    assert client.post(SERVICE, json=CALL).status_code == 500
    failed, *_ = map(json.loads, stream.getvalue().splitlines())
    assert (failed["event"], failed["error"]) == ("failed", "KeyError")
    assert "Smith" not in stream.getvalue()


def test_a_library_is_named_and_not_quoted(lines: Lines):
    logging.getLogger("urllib3.connectionpool").warning("Failed to parse headers (url=%s)", "/fhir/Patient/SMITH")
    [line] = lines()
    assert (line["event"], line["library"], line["level"]) == (
        "told by a library",
        "urllib3.connectionpool",
        "warning",
    )
    assert "SMITH" not in json.dumps(line)


@pytest.mark.parametrize(
    ("changes", "status", "outcome"), [({}, 200, "0"), ({"prefetch": {}}, 412, "4"), ({"hook": "x"}, 400, "4")]
)
def test_each_hook_call_leaves_an_audit_event(serve, lines: Lines, changes: dict[str, Any], status: int, outcome: str):
    response = serve().post(SERVICE, json=CALL | changes)
    assert response.status_code == status
    resource = lines()[-1]["resource"]
    AuditEvent.model_validate(resource)
    assert (resource["action"], resource["outcome"]) == ("E", outcome)
    assert resource["recorded"] == NOW.isoformat()
    assert resource["agent"] == [{"who": {"display": "not authenticated"}, "requestor": True}]
    [entity] = resource["entity"]
    assert entity["what"]["identifier"]["value"] == response.headers["X-Request-Id"]
    shown = [item["valueString"].split()[-1] for item in entity.get("detail", ()) if item["type"] == "card"]
    assert shown == [card["uuid"] for card in response.json.get("cards", ())]
    if status == 200:
        [sent] = [item["valueString"].split() for item in entity["detail"] if item["type"] == "prefetched"]
        assert sorted(sent) == sorted(CALL["prefetch"])
    if status != 400:
        assert entity["what"]["display"] == f"hook instance {CALL['hookInstance']}"


# How long it is kept


def kept(path: Path) -> tuple[int, int]:
    """Entries of feedback, and shown cards."""
    database = Database(f"sqlite:///{path}/f.sqlite3")
    found = len(list(joined(database))), sum(tally.cards for tally in tallies(database))
    database.close()
    return found


def fill(path: Path) -> None:
    """One entry and one card of each of two moments: forty days ago and yesterday."""
    database = Database(f"sqlite:///{path}/f.sqlite3")
    for at in (NOW - timedelta(days=40), NOW - timedelta(days=1)):
        card = DisplayedCard(uuid4(), "suitability", "info", "caution", ("severe_pain",), "1")
        add_showings(database, [Showing(uuid4(), "order-sign", "s", "", at, (card,))])
        add_feedback(database, [FeedbackEntry(card.uuid, FeedbackOutcome.ACCEPTED, at, at, comment=f"SECRET {at:%d}")])
    database.close()


def test_a_running_service_deletes_what_is_older_than_the_retention(serve, lines: Lines, tmp_path: Path):
    fill(tmp_path)
    serve(retention_days=30).get("/health/live")
    assert eventually(lambda: kept(tmp_path) == (1, 1))
    assert eventually(lambda: any(line["event"] == "old feedback deleted" for line in lines()))
    [line] = [line for line in lines() if line["event"] == "old feedback deleted"]
    assert (line["entries"], line["cards"], line["days"]) == (1, 1, 30)
    content = b"".join(file.read_bytes() for file in tmp_path.glob("f.sqlite3*"))  # the file and its journal
    assert b"SECRET 21" in content
    assert b"SECRET 13" not in content


def test_without_a_retention_everything_is_kept(serve, tmp_path: Path):
    fill(tmp_path)
    serve().get("/health/live")
    time.sleep(0.1)
    assert kept(tmp_path) == (2, 2)


def test_it_is_done_again_every_day_and_sooner_if_the_database_was_away(monkeypatch, lines: Lines):
    monkeypatch.setattr("cds_service.feedback.retention._DAY", 0.02)
    monkeypatch.setattr("cds_service.feedback.retention._AGAIN", 0.01)
    limits: list[datetime] = []

    def purge(before: datetime) -> tuple[int, int]:
        limits.append(before)
        if len(limits) == 1:
            raise StoreUnavailable("away")
        return 0, 0

    retention = Retention(30, purge, lambda: NOW + timedelta(days=len(limits)))
    for _ in range(3):
        retention.ensure()
    assert eventually(lambda: len(limits) >= 3)
    assert limits[:3] == [NOW + timedelta(days=number - 30) for number in range(3)]
    assert [line["event"] for line in lines()[:2]] == ["old feedback not deleted yet", "old feedback deleted"]
