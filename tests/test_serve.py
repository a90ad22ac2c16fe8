"""The service as it runs: `cds-service serve` in a process of its own, spoken to over HTTP."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cds_service.store.repository import joined, tallies
from tests.endurance import endure
from tests.fhir_servers import free_port
from tests.postgres import Postgres
from tests.serving import FEEDBACK, ROOT, SERVICE, Server, call, eventually, feedback, serving, start


@pytest.fixture
def server(laptop: Server) -> Server:
    return laptop


def test_it_says_where_it_is_and_what_to_try(server: Server):
    base = f"http://127.0.0.1:{server.port}"
    assert f"Discovery: {base}/cds-services" in server.log
    assert f"cds-service replay --url {base} " in server.log


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
    """Killed while four clients send feedback: what was answered 200 before is in the database, whole."""
    acknowledged: list[str] = []
    with serving(tmp_path) as server:
        processes = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()

        def send() -> None:
            try:
                while True:
                    card = str(uuid4())
                    assert server.post(FEEDBACK, feedback(card))[0] == 200
                    acknowledged.append(card)
            except (OSError, HTTPException):
                return  # the server is gone

        with ThreadPoolExecutor(4) as pool:
            sending = [pool.submit(send) for _ in range(4)]
            while len(acknowledged) < 60 and not any(future.done() for future in sending):
                time.sleep(0.005)
            for process in (server.process.pid, *map(int, processes)):
                os.kill(process, signal.SIGKILL)
            for future in sending:
                future.result()
        server.process.wait(5)
        database = server.database()
        kept = {str(row["card"]) for row in joined(database)}
        database.close()
    assert len(acknowledged) >= 60
    assert kept.issuperset(acknowledged)
    assert len(kept) <= len(acknowledged) + 4


@pytest.mark.slow
@pytest.mark.postgres
def test_no_acknowledged_feedback_is_lost_and_no_card_fails_while_the_database_is_away(
    postgres_server: Postgres, tmp_path: Path
):
    """`python -m tests.endurance` does the same with ten thousand calls, and with a database that crashes or stands still."""
    tally = endure(postgres_server, tmp_path, calls=300, clients=8, outages=1, seconds=0.5)
    assert tally.statuses["cards"].keys() == {200}
    assert tally.statuses["feedback"].keys() == {200, 503}
    assert (tally.broken, tally.without_retry_after, tally.lost) == (0, 0, 0)
    assert tally.acknowledged <= tally.shown
    assert tally.found > 100
    assert tally.shown_found == len(tally.shown)


@pytest.mark.slow
def test_a_stop_is_graceful_and_writes_what_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(tmp_path, "--workers", "2") as server:
        answered = [server.post(SERVICE, call()) for _ in range(20)]
        shown = sum(len(body["cards"]) for status, _, body in answered if status == 200)
        metrics = server.ask("GET", "/metrics")[2].decode().splitlines()
        assert f'cds_requests_total{{route="{SERVICE}",status="200"}} 20.0' in metrics
        assert len(list(tmp_path.glob("cds-service-metrics-*"))) == 1
        assert server.stop() == 0
        assert not list(tmp_path.glob("cds-service-metrics-*"))
        database = server.database()
        assert sum(tally.cards for tally in tallies(database)) == shown >= 20
        database.close()


def _answering(server: Server) -> set[int]:
    """The processes that answer."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return {int(child) for child in children if b"tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()}


def test_a_process_that_dies_is_replaced_while_the_other_answers(tmp_path: Path):
    with serving(tmp_path, "--workers", "2") as server:
        before = _answering(server)
        assert len(before) == 2
        lost = min(before)
        os.kill(lost, signal.SIGKILL)
        assert eventually(lambda: len(_answering(server) - {lost}) == 2)
        assert len(before & _answering(server)) == 1
        assert eventually(lambda: _is_answered(server))
        for _ in range(20):
            assert server.post(SERVICE, call())[0] == 200
        assert server.stop() == 0


@pytest.mark.slow
def test_processes_that_die_in_turn_end_the_service(tmp_path: Path):
    """As where each fails soon after its start: who looks after the service is to see it, and no machine is kept busy for ever."""
    with serving(tmp_path, "--workers", "2") as server:
        killed: set[int] = set()
        for _ in range(3000):
            if server.process.poll() is not None:
                break
            with suppress(OSError):
                left = _answering(server) - killed
                if len(left) == 2:
                    os.kill(min(left), signal.SIGKILL)
                    killed.add(min(left))
            time.sleep(0.01)
        assert server.process.wait(20) == 1
        assert len(killed) == 11
        assert "again and again" in server.log


def _is_answered(server: Server) -> bool:
    try:
        return server.ask("GET", "/health/live")[0] == 200
    except (OSError, HTTPException):
        return False  # the connection was one of the process that died


def test_it_refuses_to_listen_elsewhere_without_clients(tmp_path: Path):
    process = start(tmp_path, free_port(), "--host", "0.0.0.0")
    assert process.wait(20) == 1
    assert "[[clients]]" in (tmp_path / "log").read_text()


def test_it_says_that_a_port_is_taken(server: Server, tmp_path: Path):
    process = start(tmp_path, server.port)
    assert process.wait(20) == 1
    assert "--port" in (tmp_path / "log").read_text()
