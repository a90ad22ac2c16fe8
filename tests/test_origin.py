"""Who made a call: only what a client was sent counts as shown; what our own tools were sent is kept under their name."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.cli._endpoint import Remote, here
from cds_service.hooks import BY_HOOK, ONE_ID
from cds_service.logs import log_to
from cds_service.settings import Client, Settings
from cds_service.store.database import Database
from cds_service.store.medication_lists import list_histories
from cds_service.store.repository import cards_of_trials, joined, tallies
from cds_service.web import examples
from tests.serving import FEEDBACK, SERVICE, call, eventually, feedback, serving
from tests.tokens import ISSUER, key_set, token

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BASE = "https://cds.example"
EXAMPLE = examples.first()
MARK = "X-Call-Origin"
ANOTHER = EXAMPLE | {"context": EXAMPLE["context"] | {"userId": "Practitioner/another"}}
"""A call about the same chart that is not the example: another user makes it."""
Serve = Callable[..., FlaskClient]
Send = Callable[..., dict[str, Any]]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/f.sqlite3")


@pytest.fixture
def serve(database: Database, tmp_path: Path, patience: None) -> Serve:
    def make(**chosen: Any) -> FlaskClient:
        return create_app(Settings(database_url=database.address, **chosen), now=lambda: NOW).test_client()

    return make


@pytest.fixture
def guarded(serve: Serve, tmp_path: Path) -> Serve:
    """A service with one client."""
    keys = tmp_path / "keys.json"
    keys.write_bytes(key_set("P-384"))
    client = Client(issuer=ISSUER, name="North", jwks=keys, deadline_ms=60_000)
    return lambda: serve(clients=(client,), public_url=BASE)


def send(client: FlaskClient, body: Any, path: str = SERVICE, **headers: str) -> dict[str, Any]:
    """The answer to a call; a body that is no text is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post(path, data=sent, headers={"Content-Type": "application/json", **headers})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = json.loads(response.data)
    return answer


def signed(path: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(NOW, BASE + path)}"}


def origins(database: Database) -> set[str]:
    """The origins of the cards on record, once there are any."""
    found: set[str] = set()

    def recorded() -> bool:
        with database.transaction() as connection:
            found.update(connection.exec_driver_sql("SELECT origin FROM shown_card").scalars())
        return bool(found)

    assert eventually(recorded)
    return found


def counts(client: FlaskClient) -> list[str]:
    """The lines of the metrics that count cards."""
    names = ("cds_cards_total{", "cds_card_rules_total{", "cds_dispositions_total{", "cds_shadow_")
    return [line for line in client.get("/metrics").text.splitlines() if line.startswith(names)]


def lists_noted(database: Database) -> list[Any]:
    """Which medication lists callers answered; those of a client are noted soon."""
    eventually(lambda: bool(list_histories(database)) or not tallies(database))
    return list_histories(database)


@pytest.mark.parametrize(
    ("changes", "origin"),
    [
        ({}, "self-test"),
        ({"hookInstance": str(uuid4())}, "self-test"),
        ({"prefetch": EXAMPLE["prefetch"] | {"pain": None}}, "client"),
        ({"context": EXAMPLE["context"] | {"userId": "Practitioner/other"}}, "client"),
        ({"fhirServer": "https://fhir.example"}, "client"),
        ({"extension": {"origin": "self-test"}}, "client"),
    ],
)
def test_the_example_of_the_test_is_known_by_what_it_says(
    serve: Serve, database: Database, changes: dict[str, Any], origin: str
):
    client = serve()
    send(client, EXAMPLE | changes)
    assert origins(database) == {origin}
    assert bool(counts(client)) == bool(tallies(database)) == (origin == "client")
    assert bool(lists_noted(database)) == (origin == "client")


def test_the_example_is_known_as_another_writes_it(serve: Serve, database: Database):
    sent = dict(reversed(EXAMPLE.items())) | {"hookInstance": "of its own"}
    send(serve(), b"\xef\xbb\xbf" + json.dumps(sent, indent=4).encode())
    assert origins(database) == {"self-test"}


@pytest.mark.parametrize("more", [b"1e999", b'"\xff"'])
def test_what_cannot_be_read_whole_is_a_clients(serve: Serve, database: Database, more: bytes):
    send(serve(), json.dumps(EXAMPLE).encode()[:-1] + b', "more": ' + more + b"}")
    assert origins(database) == {"client"}


@pytest.mark.parametrize(
    ("named", "origin"),
    [
        ("workbench", "workbench"),
        ("replay", "replay"),
        ("self-test", "client"),
        ("client", "client"),
        ("Replay", "client"),
        ("nonsense", "client"),
        ("", "client"),
    ],
)
@pytest.mark.parametrize("path", [SERVICE, f"{BY_HOOK.path}/vertebroplasty-suitability--order-sign"])
def test_our_own_tools_name_themselves(serve: Serve, database: Database, path: str, named: str, origin: str):
    client = serve()
    send(client, ANOTHER, path, **{MARK: named})
    assert origins(database) == {origin}
    assert bool(counts(client)) == (origin == "client")


@pytest.mark.parametrize("named", ["workbench", "replay", "self-test"])
def test_a_configured_client_cannot_hide_its_calls(guarded: Serve, database: Database, named: str):
    client = guarded()
    body = ANOTHER | {"origin": named, "extension": {"origin": named}}
    send(client, body, **signed(SERVICE), **{MARK: named})
    assert origins(database) == {"client"}
    assert counts(client)


def test_a_client_may_test_its_connection(guarded: Serve, database: Database):
    client = guarded()
    answer = send(client, EXAMPLE, **signed(SERVICE))
    card = answer["cards"][0]["uuid"]
    assert origins(database) == {"self-test"}
    assert (counts(client), list_histories(database)) == ([], [])
    send(client, feedback(card), FEEDBACK, **signed(FEEDBACK))
    [entry] = joined(database)
    assert (str(entry["card"]), entry["outcome"], entry["card_origin"]) == (card, "overridden", "self-test")
    assert (tallies(database), cards_of_trials(database)) == ([], len(answer["cards"]))


def test_a_test_in_shadow_mode_is_not_counted(serve: Serve, tmp_path: Path):
    (tmp_path / "keys.json").write_bytes(key_set("P-384"))
    north = Client(issuer=ISSUER, name="North", jwks=tmp_path / "keys.json", shadow=True, deadline_ms=60_000)
    client = serve(clients=(north,), public_url=BASE)
    send(client, EXAMPLE, **signed(SERVICE))
    assert counts(client) == []
    send(client, ANOTHER, **signed(SERVICE))
    assert counts(client)


def test_a_page_of_another_origin_may_not_name_itself_a_tool(serve: Serve):
    asks = {"Origin": "https://sandbox.example", "Access-Control-Request-Headers": MARK}
    answer = serve().options(SERVICE, headers=asks)
    assert MARK.lower() not in answer.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("named", ["", "replay"])
def test_the_audit_line_names_the_origin(serve: Serve, named: str):
    log_to(stream := StringIO())
    send(serve(), ANOTHER, **{MARK: named})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    [audit] = [line["resource"] for line in lines if line["event"] == "audit"]
    details = audit["entity"][0]["detail"]
    assert [item["valueString"] for item in details if item["type"] == "origin"] == ([named] if named else [])
    assert [item for item in details if item["type"] == "card"]


def test_what_is_answered_without_a_call_is_not_recorded(serve: Serve, database: Database, tmp_path: Path):
    """The workbench, and a replay in the process of the command line, speak to no address of a client."""
    client = serve()
    assert client.get("/").status_code == 200
    answer = client.post("/workbench/run", json={"fixture": examples.FIRST})
    assert json.loads(answer.data)["response"]["cards"]
    assert here(NOW, Settings(database_url=database.address)).call(json.dumps(ANOTHER).encode()).body["cards"]
    send(client, ANOTHER, **{MARK: "workbench"})  # what came before would have been recorded before
    assert origins(database) == {"workbench"}
    assert counts(client) == []


def test_a_replay_against_a_running_service_is_not_counted(tmp_path: Path):
    with serving(tmp_path) as server:
        answer = Remote(server.base + ONE_ID.path).call(json.dumps(ANOTHER).encode())
        assert server.post(FEEDBACK, feedback(answer.body["cards"][0]["uuid"], "accepted"))[0] == 200
        database = server.database()
        assert origins(database) == {"replay"}
        assert [(row["outcome"], row["card_origin"]) for row in joined(database)] == [("accepted", "replay")]
        assert tallies(database) == []
        assert server.post(SERVICE, call())[0] == 200
        assert eventually(lambda: tallies(database) != [])
        database.close()
