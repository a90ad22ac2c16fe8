"""The service as it runs: `cds-service serve` in a process of its own, spoken to over HTTP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cds_service.store.database import Database
from cds_service.store.ledger import joined, tallies

ROOT = Path(__file__).parent.parent
SERVICE = "/cds-services/vertebroplasty-suitability"
FEEDBACK = SERVICE + "/feedback"
ORDER = {
    "resourceType": "ServiceRequest",
    "id": "vp",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/SECRET-ID"},
    "code": {"text": "Percutaneous vertebroplasty of T12"},
}


@dataclass
class Server:
    """A running server: its process, port, folder and what it writes."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            text = response.read()
            lower = {name.lower(): value for name, value in response.getheaders()}
            return (
                response.status,
                lower,
                json.loads(text) if text and lower["content-type"] == "application/json" else text,
            )
        finally:
            connection.close()

    def post(self, path: str, value: Any) -> tuple[int, dict[str, str], Any]:
        return self.ask("POST", path, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def database(self) -> Database:
        return Database(f"sqlite:///{self.folder}/cds-service.sqlite3")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(folder: Path, port: int, *options: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port), *options],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    server = Server(start(folder, port := free_port(), *options), port, folder)
    try:
        for _ in range(1200):
            assert server.process.poll() is None, server.log
            try:
                if server.ask("GET", "/health/live")[0] == 200:
                    break
            except OSError:
                time.sleep(0.05)
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("serve")) as running:
        yield running


def call(**changes: Any) -> dict[str, Any]:
    context = {
        "userId": "Practitioner/d",
        "patientId": "SECRET-ID",
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": ORDER}]},
    }
    prefetch = {"conditions": {"resourceType": "Bundle", "type": "searchset"}}
    return {"hook": "order-sign", "hookInstance": str(uuid4()), "context": context, "prefetch": prefetch} | changes


def feedback(card: str, outcome: str = "overridden") -> dict[str, Any]:
    return {"feedback": [{"card": card, "outcome": outcome, "outcomeTimestamp": "2026-11-22T09:00:00Z"}]}


def test_it_says_where_it_is_and_what_to_try(server: Server):
    base = f"http://127.0.0.1:{server.port}"
    assert f"Discovery: {base}/cds-services" in server.log
    assert f"cds-service replay --url {base} " in server.log


def test_discovery(server: Server):
    status, headers, body = server.ask("GET", "/cds-services")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert {service["id"] for service in body["services"]} == {"vertebroplasty-suitability"}
    assert server.ask("GET", "/cds-services", headers={"If-None-Match": headers["etag"]})[0] == 304


def test_an_order_gets_cards_and_they_are_recorded(server: Server):
    status, _, body = server.post(SERVICE, call())
    assert status == 200
    assert body["cards"]
    database = server.database()
    for _ in range(100):
        if sum(tally.cards for tally in tallies(database)) >= len(body["cards"]):
            break
        time.sleep(0.05)
    assert {tally.topic for tally in tallies(database)} >= {card["source"]["topic"]["code"] for card in body["cards"]}
    database.close()


def test_an_order_that_is_not_ours_gets_none(server: Server):
    other = {"resourceType": "Bundle", "entry": [{"resource": ORDER | {"code": {"text": "Chest X-ray"}}}]}
    asked = call(context={"patientId": "SECRET-ID", "draftOrders": other}, prefetch={})
    assert server.post(SERVICE, asked)[::2] == (200, {"cards": []})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", SERVICE, b"not json", 400),
        ("POST", SERVICE, b"\xff\xfe", 400),
        ("POST", SERVICE, b"[]", 400),
        ("POST", SERVICE, b"", 400),
        ("POST", SERVICE, None, 400),
        ("POST", SERVICE, b'{"hook": "order-sign"}', 400),
        ("POST", SERVICE, json.dumps(call(hook="order-dispatch")).encode(), 400),
        ("POST", SERVICE, b"[" * 200_000, 400),
        ("POST", SERVICE, json.dumps(call(prefetch={})).encode(), 412),
        ("POST", "/cds-services/unknown", b"{}", 404),
        ("GET", "/cds-services/%00", None, 404),
        ("GET", SERVICE, None, 405),
        ("PATCH", "/cds-services", b"{}", 405),
        ("POST", FEEDBACK, b'{"feedback": [{}]}', 400),
        ("POST", SERVICE, b" " * 20_000_001, 413),
        ("POST", SERVICE, iter([b" " * 1_000_001] * 20), 413),
    ],
    ids=lambda value: repr(value)[:40] if not isinstance(value, Iterator) else "chunked",
)
def test_what_is_refused(server: Server, method: str, path: str, body: Any, status: int):
    answered, headers, outcome = server.ask(method, path, body, {"Origin": "https://sandbox.example"})
    assert (answered, headers["content-type"], outcome["resourceType"]) == (
        status,
        "application/json",
        "OperationOutcome",
    )
    assert headers["access-control-allow-origin"] == "https://sandbox.example"


def test_a_body_just_within_the_limit_is_read(server: Server):
    text = json.dumps(call()).encode()
    assert server.ask("POST", SERVICE, text.ljust(20_000_000))[0] == 200
    assert server.ask("POST", SERVICE, iter([text, *[b" " * 1_000_000] * 19]))[0] == 200


def test_a_preflight_needs_nothing(server: Server):
    asked = {"Origin": "https://sandbox.example", "Access-Control-Request-Method": "POST"}
    status, headers, _ = server.ask("OPTIONS", FEEDBACK, headers=asked)
    assert (status, headers["access-control-allow-origin"]) == (204, "https://sandbox.example")


def test_nothing_of_a_patient_is_logged_and_nothing_failed(server: Server):
    server.post(SERVICE, call())
    server.post(FEEDBACK, feedback("SECRET-CARD"))
    assert '"status":200' in server.log
    assert "SECRET" not in server.log
    assert '"status":5' not in server.log


def test_every_request_of_the_fixtures_replays_as_expected(server: Server):
    command = [sys.executable, "-m", "cds_service.cli", "replay", "--quiet", "--url", f"http://127.0.0.1:{server.port}"]
    run = subprocess.run([*command, "fixtures/requests"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_acknowledged_feedback_survives_a_kill(tmp_path: Path):
    card = str(uuid4())
    with serving(tmp_path) as server:
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
        assert server.post(FEEDBACK, feedback(card))[0] == 200
        for process in (server.process.pid, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        server.process.wait(5)
        database = server.database()
        assert [str(row["card"]) for row in joined(database)] == [card]
        database.close()


@pytest.mark.slow
def test_a_stop_is_graceful_and_writes_what_waits(tmp_path: Path):
    with serving(tmp_path, "--workers", "2") as server:
        answered = [server.post(SERVICE, call()) for _ in range(20)]
        shown = sum(len(body["cards"]) for status, _, body in answered if status == 200)
        metrics = server.ask("GET", "/metrics")[2].decode().splitlines()
        assert f'cds_requests_total{{route="{SERVICE}",status="200"}} 20.0' in metrics
        assert server.stop() == 0
        database = server.database()
        assert sum(tally.cards for tally in tallies(database)) == shown >= 20
        database.close()


def test_it_refuses_to_listen_elsewhere_without_clients(tmp_path: Path):
    process = start(tmp_path, free_port(), "--host", "0.0.0.0")
    assert process.wait(20) == 1
    assert "[[clients]]" in (tmp_path / "log").read_text()


def test_it_says_that_a_port_is_taken(server: Server, tmp_path: Path):
    process = start(tmp_path, server.port)
    assert process.wait(20) == 1
    assert "--port" in (tmp_path / "log").read_text()
