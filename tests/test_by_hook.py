"""Clients that find a service by its id, through HTTP: the second discovery address gives each hook an id of its own."""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from cds_service.cases import FIXTURES
from cds_service.cli._endpoint import Remote
from cds_service.hook import Hook
from cds_service.hooks import LISTINGS, SERVICE_ID, listing_at
from tests.serving import DISCOVERY, SERVICE, Server, call, eventually, feedback, serving
from tests.tokens import ISSUER, key_set, token

BY_HOOK = "/by-hook/cds-services"
REQUESTS = {
    "order-select": "order-select-two-drafts",
    "order-sign": "suitable-acute-fracture",
    "appointment-book": "appointment-book-apixaban-taken",
    "encounter-discharge": "discharge-after-vertebroplasty",
    "patient-view": "patient-view-untreated-fracture",
}
"""A request of each hook that gets cards."""


def request_of(hook: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / "requests" / f"{REQUESTS[hook]}.json").read_bytes())
    return loaded


def summaries(body: dict[str, Any]) -> list[str]:
    return [card["summary"] for card in body["cards"]]


class ByAddress:
    """A client that keeps services by discovery address and id, as the public sandbox does: of several under one id the last."""

    def __init__(self, server: Server, bearer: Callable[[str], dict[str, str]] = lambda path: {}) -> None:
        self._server = server
        self._bearer = bearer
        self.services: dict[str, dict[str, Any]] = {}

    def add(self, discovery: str) -> None:
        status, _, body = self._server.ask("GET", discovery, headers=self._bearer(discovery))
        assert status == 200
        assert body["services"]
        for service in body["services"]:
            self.services[f"{discovery}/{service['id']}"] = service

    def on_screen(self, hook: str, request: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """What each service of the hook answers, by its address; the request is sent with the prefetch that it asks for."""
        return [
            (path, self._post(path, service, request))
            for path, service in self.services.items()
            if service["hook"] == hook
        ]

    def send_feedback(self, path: str, card: str) -> int:
        where = f"{path}/feedback"
        return self._server.post(where, feedback(card), self._bearer(where))[0]

    def _post(self, path: str, service: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        filled = {key: request["prefetch"][key] for key in service["prefetch"] if key in request["prefetch"]}
        sent = request | {"hookInstance": str(uuid4()), "prefetch": filled}
        status, _, body = self._server.post(path, sent, self._bearer(path))
        assert status == 200, body
        assert isinstance(body, dict)
        return body


class ById:
    """A client that takes the first service with an id, as Medplum does."""

    def __init__(self, server: Server, discovery: str) -> None:
        self._server = server
        self._discovery = discovery
        self.services: list[dict[str, Any]] = server.ask("GET", discovery)[2]["services"]

    def call(self, service_id: str, request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The service that was found, and what it answers to the request under the hook that it is listed with."""
        found = next(service for service in self.services if service["id"] == service_id)
        status, _, body = self._server.post(
            f"{self._discovery}/{service_id}", request | {"hook": found["hook"], "hookInstance": str(uuid4())}
        )
        assert status == 200, body
        return found, body


# Clients


@pytest.mark.parametrize("hook", REQUESTS)
def test_a_client_that_keeps_services_by_address_and_id_gets_the_cards_of_each_hook(laptop: Server, hook: str):
    client = ByAddress(laptop)
    client.add(BY_HOOK)
    request = request_of(hook)
    ((path, body),) = client.on_screen(hook, request)
    assert path == f"{BY_HOOK}/{SERVICE_ID}--{hook}"
    assert summaries(body) == summaries(laptop.post(SERVICE, request)[2]) != []
    assert client.send_feedback(path, body["cards"][0]["uuid"]) == 200


def test_at_the_first_address_such_a_client_is_left_with_the_last_hook(laptop: Server):
    client = ByAddress(laptop)
    client.add(DISCOVERY)
    assert [service["hook"] for service in client.services.values()] == ["patient-view"]
    assert client.on_screen("order-sign", request_of("order-sign")) == []


@pytest.mark.parametrize("hook", REQUESTS)
def test_a_client_that_finds_a_service_by_its_id_gets_the_cards_of_each_hook(laptop: Server, hook: str):
    found, body = ById(laptop, BY_HOOK).call(f"{SERVICE_ID}--{hook}", request_of(hook))
    assert found["hook"] == hook
    assert summaries(body) == summaries(laptop.post(SERVICE, request_of(hook))[2]) != []


def test_at_the_first_address_such_a_client_finds_the_first_hook_whatever_it_looks_for(laptop: Server):
    found, _ = ById(laptop, DISCOVERY).call(SERVICE_ID, request_of("order-sign"))
    assert found["hook"] == "order-select"


# What is listed


def test_the_second_document_differs_from_the_first_in_ids_alone(laptop: Server):
    first, second = (laptop.ask("GET", path) for path in (DISCOVERY, BY_HOOK))
    ids = [service["id"] for service in second[2]["services"]]
    assert ids == [f"{SERVICE_ID}--{service['hook']}" for service in first[2]["services"]]
    assert all(re.fullmatch("[A-Za-z0-9-]{1,60}", item) for item in ids)  # safe in an address, and kept whole
    assert [service | {"id": SERVICE_ID} for service in second[2]["services"]] == first[2]["services"]
    assert second[1]["etag"] != first[1]["etag"]
    assert laptop.ask("GET", BY_HOOK, headers={"If-None-Match": second[1]["etag"]})[0] == 304


def test_each_hook_is_listed_once_at_each_address_and_leads_to_the_service_that_has_its_id():
    for listing in LISTINGS:
        services = listing.services()
        assert [hook for service in services for hook in Hook if hook in service.hooks] == list(Hook)
        assert {hook: service.id for service in services for hook in service.hooks} == listing.ids


# Hooks at the wrong address


@pytest.mark.parametrize("sent", REQUESTS)
@pytest.mark.parametrize("hook", REQUESTS)
def test_a_hook_is_answered_at_its_own_address_and_elsewhere_refused_by_name(laptop: Server, hook: str, sent: str):
    status, _, body = laptop.post(f"{BY_HOOK}/{SERVICE_ID}--{hook}", request_of(sent))
    if (hook, sent) in [(own, own) for own in REQUESTS] + [("order-select", "order-sign")]:
        assert (status, summaries(body)) == (200, summaries(laptop.post(SERVICE, request_of(sent))[2]))
        return
    (issue,) = body["issue"]
    assert (status, issue["expression"]) == (400, ["hook"])
    assert issue["details"]["text"].startswith(f"hook is {sent}; this address answers {hook}")


@pytest.mark.parametrize("sent", ["order-dispatch", "SECRET", "", None, 3, ["order-sign"]], ids=str)
def test_what_is_no_hook_of_ours_is_refused_and_not_repeated(laptop: Server, sent: Any):
    status, _, body = laptop.post(f"{BY_HOOK}/{SERVICE_ID}--order-sign", call(hook=sent))
    assert (status, body["issue"][0]["expression"]) == (400, ["hook"])
    assert "SECRET" not in json.dumps(body)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{BY_HOOK}/another", 404),
        ("POST", f"{BY_HOOK}/{SERVICE_ID}", 404),
        ("POST", f"{BY_HOOK}/{SERVICE_ID}--", 404),
        ("POST", f"{BY_HOOK}/{SERVICE_ID}--order-dispatch", 404),
        ("POST", f"{BY_HOOK}/{SERVICE_ID}--order-dispatch/feedback", 404),
        ("POST", f"{DISCOVERY}/{SERVICE_ID}--order-sign", 404),
        ("GET", "/by-hook", 404),
        ("POST", BY_HOOK, 405),
        ("GET", f"{BY_HOOK}/{SERVICE_ID}--order-sign", 405),
        ("GET", f"{BY_HOOK}/{SERVICE_ID}--order-sign/feedback", 405),
    ],
)
def test_other_addresses_are_refused_with_an_outcome(laptop: Server, method: str, path: str, status: int):
    answered, headers, body = laptop.ask(method, path, b"{}", {"Origin": "https://sandbox.cds-hooks.org"})
    assert (answered, body["resourceType"]) == (status, "OperationOutcome")
    assert headers["access-control-allow-origin"] == "https://sandbox.cds-hooks.org"
    assert status == 405 or BY_HOOK in body["issue"][0]["details"]["text"]


def test_a_browsers_preflight_is_answered(laptop: Server):
    for path in (BY_HOOK, f"{BY_HOOK}/{SERVICE_ID}--order-sign", f"{BY_HOOK}/{SERVICE_ID}--order-sign/feedback"):
        status, headers, _ = laptop.ask("OPTIONS", path, headers={"Origin": "https://sandbox.cds-hooks.org"})
        assert (status, headers["access-control-allow-origin"]) == (204, "https://sandbox.cds-hooks.org")


# Clients that sign, and what is kept of a call


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "keys.json").write_bytes(key_set("P-384"))
    config = f"""
        public_url = "http://127.0.0.1:{{port}}"
        deadline_ms = 20000
        [[clients]]
        name = "North"
        issuer = "{ISSUER}"
        jwks = "keys.json"
        may_set_as_of = true
        [[clients]]
        name = "South"
        issuer = "{ISSUER}/south"
        jwks = "keys.json"
        hooks = ["order-select"]
    """
    with serving(folder, config=config) as server:
        yield server


def bearer(server: Server, issuer: str = ISSUER) -> Callable[[str], dict[str, str]]:
    return lambda path: {"Authorization": f"Bearer {token(datetime.now(UTC), server.base + path, iss=issuer)}"}


def test_a_signed_call_is_kept_under_the_address_that_was_called(guarded: Server):
    client = ByAddress(guarded, bearer(guarded))
    client.add(BY_HOOK)
    ((path, body),) = client.on_screen("order-sign", request_of("order-sign"))
    card = body["cards"][0]["uuid"]
    assert client.send_feedback(path, card) == 200
    database = guarded.database()
    rows: list[Any] = []

    def recorded() -> bool:
        with database.transaction() as connection:
            rows[:] = connection.execute(text("SELECT service, hook, client FROM shown_card"))
        return bool(rows)

    assert eventually(recorded)
    database.close()
    assert {tuple(row) for row in rows} == {(f"{SERVICE_ID}--order-sign", "order-sign", "North")}
    counted = guarded.ask("GET", "/metrics")[2].decode()
    assert f'cds_requests_total{{route="{path}",status="200"}} 1.0' in counted
    assert f'cds_requests_total{{route="{path}/feedback",status="200"}} 1.0' in counted
    guarded.post(f"{BY_HOOK}/SECRET", {})
    assert "SECRET" not in guarded.log
    assert f'"route":"{path}"' in guarded.log.replace('": "', '":"')


def test_a_token_for_the_other_address_is_refused(guarded: Server):
    sign = bearer(guarded)
    path = f"{BY_HOOK}/{SERVICE_ID}--order-sign"
    assert guarded.ask("GET", BY_HOOK, headers=sign(DISCOVERY))[0] == 401
    assert guarded.post(path, call(), sign(SERVICE))[0] == 401
    assert guarded.post(path, call())[0] == 401
    assert guarded.post(f"{path}/feedback", {"feedback": []}, sign(path))[0] == 200


def test_a_client_sees_and_reaches_only_the_hooks_that_it_is_offered(guarded: Server):
    sign = bearer(guarded, f"{ISSUER}/south")
    _, _, listed = guarded.ask("GET", BY_HOOK, headers=sign(BY_HOOK))
    assert [service["id"] for service in listed["services"]] == [f"{SERVICE_ID}--order-select"]

    def post(hook: str, sent: str) -> tuple[int, str]:
        path = f"{BY_HOOK}/{SERVICE_ID}--{hook}"
        status, _, body = guarded.post(path, request_of(sent), sign(path))
        return status, str(body["issue"][0]["code"]) if "issue" in body else ""

    assert post("order-select", "order-select") == (200, "")
    assert post("order-select", "order-sign") == (400, "invalid")  # not offered to it at the first address either
    assert post("order-sign", "order-sign") == (404, "not-found")
    assert post("patient-view", "patient-view") == (404, "not-found")


# Replaying


@pytest.mark.parametrize(
    ("address", "base", "discovery"),
    [
        ("http://h", "http://h", DISCOVERY),
        ("http://h/", "http://h", DISCOVERY),
        ("http://h/cds-services", "http://h", DISCOVERY),
        ("http://h/cds/cds-services/", "http://h/cds", DISCOVERY),
        ("http://h/by-hook", "http://h", BY_HOOK),
        ("http://h/cds/by-hook/cds-services", "http://h/cds", BY_HOOK),
        ("http://h/xby-hook", "http://h/xby-hook", DISCOVERY),
    ],
)
def test_an_address_leads_to_its_listing(address: str, base: str, discovery: str):
    found, listing = listing_at(address)
    assert (found, listing.path) == (base, discovery)


@pytest.mark.parametrize("path", ["", "/", DISCOVERY, "/by-hook", BY_HOOK])
def test_requests_are_replayed_against_either_address(laptop: Server, path: str):
    remote = Remote(laptop.base + path)
    assert remote.base == laptop.base
    for hook in REQUESTS:
        request = deepcopy(request_of(hook))
        reply = remote.call(json.dumps(request).encode())
        assert (reply.status, summaries(dict(reply.body))) == (200, summaries(laptop.post(SERVICE, request)[2]))
    assert [remote.call(body).status for body in (b"{", b"[]", b'{"hook": "order-dispatch"}')] == [400, 400, 400]
