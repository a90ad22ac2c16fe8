"""Signed tokens lead to one client; everything else is a 401 that explains nothing, and a reason in the log."""

import base64
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from cds_service.app import create_app
from cds_service.app.pace import Pace
from cds_service.auth import ALGORITHMS
from cds_service.auth.keys import FRESH, PAUSE, USABLE, Keys, _Source, parse
from cds_service.auth.spent import SpentTokens
from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.logs import log_to
from cds_service.settings import Client, Settings
from cds_service.store.database import Database
from tests.serving import DISCOVERY, FEEDBACK, ORDER, SERVICE, call
from tests.tokens import ISSUER, NOW, confused, forged, key, key_set, public, publishing, token, unsigned

BASE = "https://cds.example"
KEYS = ("P-384", "P-256", "RSA")
SIGNED_WITH = {"ES384": "P-384", "ES256": "P-256", "RS384": "RSA", "RS256": "RSA", "PS384": "RSA"}
CALL = call()
ENTRY = {"card": CALL["hookInstance"], "outcome": "accepted", "outcomeTimestamp": "2026-11-22T08:59:00Z"}
Serve = Callable[..., Any]
"""Makes a test client; `Any`, because its answers are read as JSON everywhere."""


@pytest.fixture
def serve(tmp_path: Path, patience: None) -> Serve:
    """A service with one client, whose keys are pinned; what is given changes the client, or the settings with `site`."""
    pinned = tmp_path / "keys.json"
    pinned.write_bytes(key_set(*KEYS))

    def make(site: dict[str, Any] | None = None, **client: Any) -> FlaskClient:
        known: dict[str, Any] = {"issuer": ISSUER, "name": "North", "jwks": pinned} | client
        # Half of the time for an answer may go into the check for a token's first use: what is slow here must not pass it by.
        chosen: dict[str, Any] = {
            "database_url": f"sqlite:///{tmp_path}/f.sqlite3",
            "public_url": BASE,
            "deadline_ms": 20_000,
        }
        return create_app(Settings(**chosen | (site or {}), clients=(Client(**known),)), now=lambda: NOW).test_client()

    return make


@pytest.fixture
def log() -> StringIO:
    stream = StringIO()
    log_to(stream)
    return stream


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def sent(*args: Any, **claims: Any) -> dict[str, str]:
    """The header with a token for the service, or for the audience given first."""
    return bearer(token(NOW, *(args or (BASE + SERVICE,)), **claims))


def reasons(log: StringIO) -> list[str]:
    return [line["reason"] for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == "not let in"]


# Who is let in


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_algorithm_is_accepted(serve: Serve, algorithm: str):
    assert (
        serve().post(SERVICE, json=CALL, headers=sent(BASE + SERVICE, SIGNED_WITH[algorithm], algorithm)).json["cards"]
    )


@pytest.mark.parametrize(
    ("method", "path", "audience"),
    [
        ("GET", DISCOVERY, BASE + DISCOVERY),
        ("GET", DISCOVERY, BASE + DISCOVERY + "/"),
        ("GET", DISCOVERY, ["https://another.example", BASE + DISCOVERY]),
        ("POST", SERVICE, BASE + SERVICE),
        ("POST", SERVICE, [BASE + SERVICE]),
        ("POST", SERVICE, "https://set-by-hand.example/cds"),
        ("POST", FEEDBACK, BASE + FEEDBACK),
        ("POST", FEEDBACK, BASE + SERVICE),
    ],
)
def test_a_token_is_meant_for_the_address_that_is_called(serve: Serve, method: str, path: str, audience: Any):
    client = serve(audiences=("https://set-by-hand.example/cds/",))
    body = {"feedback": []} if path == FEEDBACK else CALL
    response = client.open(path, method=method, json=body if method == "POST" else None, headers=sent(audience))
    assert response.status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(NOW.timestamp()) - 59},
        {"iat": int(NOW.timestamp()) + 59},
        {"iat": NOW.timestamp() - 0.5},
        {"nbf": int(NOW.timestamp())},
        {"tenant": "north"},
        {"jti": "x" * 5000},
        {"jti": "\x00 any text \U0001f600"},
    ],
    ids=str,
)
def test_small_differences_are_tolerated(serve: Serve, claims: dict[str, Any]):
    if "exp" in claims:
        claims = {"iat": claims["exp"] - 300} | claims
    assert serve().get(DISCOVERY, headers=sent(BASE + DISCOVERY, **claims)).status_code == 200


def test_the_word_bearer_is_read_in_any_case(serve: Serve):
    header = {"Authorization": f"bearer   {token(NOW, BASE + DISCOVERY)} "}
    assert serve().get(DISCOVERY, headers=header).status_code == 200


# Who is not


GOOD = BASE + SERVICE
MOMENT = int(NOW.timestamp())
REFUSED: list[tuple[Callable[[], dict[str, str]], str]] = [
    (dict, "no bearer token"),
    (lambda: {"Authorization": "Basic dTpw"}, "no bearer token"),
    (lambda: {"Authorization": "Bearer"}, "no bearer token"),
    (lambda: bearer("no.jwt.atall"), "not a JWT"),
    (lambda: bearer("a" * 100_000), "not a JWT"),
    (lambda: bearer("é.é.é"), "not a JWT"),
    (lambda: bearer(unsigned(token(NOW, GOOD))), "algorithm"),
    (lambda: bearer(forged(token(NOW, GOOD), alg="HS256")), "algorithm"),
    (lambda: bearer(forged(token(NOW, GOOD), alg=["ES384"])), "algorithm"),
    (lambda: bearer(confused(token(NOW, GOOD))), "algorithm"),
    (lambda: bearer(jwt.encode({"iss": ISSUER}, key("RSA"), "RS512", headers={"kid": "RSA"})), "algorithm"),
    (lambda: bearer(forged(token(NOW, GOOD), typ="at+jwt")), "typ"),
    (lambda: bearer(forged(token(NOW, GOOD), kid="")), "kid"),
    (lambda: bearer(forged(token(NOW, GOOD), alg="ES256", kid="P-384")), "not in the pinned file"),
    (lambda: bearer(forged(token(NOW, GOOD), alg="RS384", kid="P-384")), "not in the pinned file"),
    (lambda: bearer(forged(token(NOW, GOOD), kid="unknown")), "not in the pinned file"),
    (lambda: bearer(forged(token(NOW, GOOD, "P-384 another"), kid="P-384")), "signature"),
    (lambda: bearer(token(NOW, GOOD)[:-8] + "AAAAAAAA"), "signature"),
    (lambda: bearer(forged(token(NOW, GOOD), crit=["exp"])), "not a JWT"),
    (lambda: sent(iss="https://unknown.example"), "issuer"),
    (lambda: sent(iss=None), "issuer"),
    (lambda: sent(BASE + DISCOVERY), "audience"),
    (lambda: sent(BASE + FEEDBACK), "audience"),
    (lambda: sent("http://localhost" + SERVICE), "the audience, http://localhost/cds-services/vert"),
    (lambda: sent(aud=None), "which is missing"),
    (lambda: sent(aud=[]), "which is missing"),
    (lambda: sent(exp=MOMENT - 61, iat=MOMENT - 300), "expired"),
    (lambda: sent(iat=MOMENT + 61), "not valid yet"),
    (lambda: sent(nbf=MOMENT + 61), "not valid yet"),
    (lambda: sent(exp=MOMENT + 90_000), "more than 24 hours"),
    (lambda: sent(exp=None), "not a number"),
    (lambda: sent(exp="soon"), "not a number"),
    (lambda: sent(exp=True), "not a number"),
    (lambda: sent(exp=1e400), "not a number"),
    (lambda: sent(iat=None), "not a number"),
    (lambda: sent(jti=None), "jti"),
    (lambda: sent(jti=""), "jti"),
]


@pytest.mark.parametrize(("headers", "reason"), REFUSED, ids=[f"{n}-{reason}" for n, (_, reason) in enumerate(REFUSED)])
def test_everyone_else_gets_no_explanation(
    serve: Serve, log: StringIO, headers: Callable[[], dict[str, str]], reason: str
):
    response = serve().post(SERVICE, json=CALL, headers=headers())
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json["issue"] == [
        {"severity": "error", "code": "login", "details": {"text": "This call needs a valid token"}}
    ]
    [told] = reasons(log)
    assert reason in told
    assert "eyJ" not in log.getvalue()


ODD = [
    "1" * 310, "-" + "1" * 310, "9" * 5000, "1e400", "-1e400", "1.5e308", "NaN", "Infinity", "-Infinity", "-1", "0", "1e18", "253402300800",
    "null", "true", "false", '""', '"soon"', '"1795338000"', '"\\ud800"', '"\\u0000"', '"http://["', "[]", "[[]]", "[1]", "{}", '{"a": 1}',
    "[" * 500 + "]" * 500, "[" * 50_000, '"' + "x" * 100_000 + '"',
]  # fmt: skip
"""Values, as they are written in JSON, that no member of a token should have."""


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "iss", "aud", "jti", "sub"])
def test_whatever_a_claim_holds_is_no_fault_of_ours(serve: Serve, log: StringIO, name: str):
    """Each is sent without a signature: nothing of it may count before that was looked at."""
    client = serve()
    for value in ODD:
        assert _status(client, f'"{name}": {value}') == 401, value[:40]
    assert len(reasons(log)) == len(ODD)


@pytest.mark.parametrize("name", ["alg", "typ", "kid", "jku", "crit", "b64", "zip", "jwk"])
def test_whatever_the_header_of_a_token_holds_is_no_fault_of_ours(serve: Serve, log: StringIO, name: str):
    client = serve()
    for value in ODD:
        assert _status(client, "", f'"{name}": {value}') == 401, value[:40]
    assert len(reasons(log)) == len(ODD)


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"[]", b"null", b'{"exp": "\xbb"}', b"{" * 50_000, b'{"a":' * 50_000]
)
def test_whatever_stands_for_a_part_of_a_token_is_no_fault_of_ours(serve: Serve, part: int, text: bytes):
    parts = token(NOW, GOOD).split(".")
    parts[part] = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    response = serve().post(SERVICE, json=CALL, headers=bearer(".".join(parts)))
    assert response.status_code == 401


def _status(client: FlaskClient, claim: str, member: str = "") -> int:
    """The status for a token with one more claim, or one more member of its header, as written; the last of a name counts."""
    usual = {"iss": ISSUER, "aud": GOOD, "iat": MOMENT, "exp": MOMENT + 60, "jti": "1"}
    written = (
        json.dumps(value)[:-1] + (f", {more}}}" if more else "}")
        for value, more in (({"alg": "ES384", "typ": "JWT", "kid": "P-384"}, member), (usual, claim))
    )
    opened = ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in written)
    return int(client.post(SERVICE, json=CALL, headers=bearer(f"{opened}.AAAA")).status_code)


def test_a_token_is_used_once(serve: Serve, log: StringIO):
    first, second = serve(), serve()
    header = sent()
    assert first.post(SERVICE, json=CALL, headers=header).status_code == 200
    assert first.post(SERVICE, json=CALL, headers=header).status_code == 401
    assert second.post(SERVICE, json=CALL, headers=header).status_code == 401
    assert reasons(log) == ["the token was used before"] * 2


def test_a_refused_token_is_not_spent(serve: Serve):
    client = serve()
    header = sent()
    assert client.get(DISCOVERY, headers=header).status_code == 401
    assert client.post(SERVICE, json=CALL, headers=header).status_code == 200


def test_without_the_store_a_token_still_is_used_once_in_a_process(serve: Serve, log: StringIO):
    client = serve({"database_url": "sqlite:////no/such/folder/f.sqlite3"})
    header = sent()
    assert client.post(SERVICE, json=CALL, headers=header).status_code == 200
    assert client.post(SERVICE, json=CALL, headers=header).status_code == 401
    assert "in this process only" in log.getvalue()


@pytest.mark.parametrize(("site", "own"), [({"deadline_ms": 200}, {}), ({}, {"deadline_ms": 200})])
def test_a_database_that_somebody_holds_holds_up_no_card(
    serve: Serve, tmp_path: Path, log: StringIO, site: dict[str, Any], own: dict[str, Any]
):
    client = serve(site, **own)
    database = Database(f"sqlite:///{tmp_path}/f.sqlite3")
    database.upgrade()
    with closing(sqlite3.connect(tmp_path / "f.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert client.post(SERVICE, json=CALL, headers=sent()).json["cards"]
        assert time.monotonic() - started < 1.5  # a writer waits two seconds for another
        assert "in this process only" in log.getvalue()
        assert client.post(FEEDBACK, json={"feedback": [ENTRY]}, headers=sent(BASE + FEEDBACK)).status_code == 503
    assert client.post(FEEDBACK, json={"feedback": []}, headers=sent(BASE + FEEDBACK)).status_code == 200
    database.close()


def test_spent_tokens_are_forgotten_once_they_have_expired(monkeypatch):
    monkeypatch.setattr("cds_service.auth.spent._MANY", 10)
    asked: list[str] = []

    def spend(issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        asked.append(jti)
        raise StoreUnavailable("away")

    spent = SpentTokens(spend)
    for number in range(100):
        moment = NOW + timedelta(minutes=number)
        assert spent.is_first(ISSUER, str(number), moment + timedelta(seconds=30), moment)
        assert len(spent._here) <= 11
    assert not spent.is_first(ISSUER, "99", NOW, NOW)
    assert len(asked) == 100


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics", "/openapi.json"])
def test_what_holds_no_patient_needs_no_token(serve: Serve, path: str):
    assert serve().get(path).status_code == 200


@pytest.mark.parametrize("path", [DISCOVERY, SERVICE, FEEDBACK])
def test_a_preflight_needs_no_token_and_a_refusal_can_be_read_by_a_page(serve: Serve, path: str):
    origin = {"Origin": "https://ehr.example"}
    client = serve({"cors_origins": ("https://ehr.example",)})
    assert client.options(path, headers=origin).status_code == 204
    refused = client.open(path, method="GET" if path == DISCOVERY else "POST", headers=origin)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "https://ehr.example")


def test_the_openapi_document_says_that_a_token_is_needed(serve: Serve):
    document = json.loads(serve().get("/openapi.json").data)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert ("401" in operation["responses"]) is (DISCOVERY in path)
            assert ("security" in operation) is (DISCOVERY in path)


# What a client gets


def test_a_client_has_its_own_hooks(serve: Serve):
    client = serve(hooks=("order-select",))
    offered = client.get(DISCOVERY, headers=sent(BASE + DISCOVERY)).json["services"]
    assert [service["hook"] for service in offered] == ["order-select"]
    assert client.post(SERVICE, json=CALL, headers=sent()).status_code == 400


def test_a_client_has_its_own_order_codes(serve: Serve):
    local = {"system": "urn:north:orders", "code": "VP-1"}
    drafts = {"resourceType": "Bundle", "entry": [{"resource": ORDER | {"code": {"coding": [local]}}}]}
    asked = CALL | {"context": CALL["context"] | {"draftOrders": drafts}}
    assert serve().post(SERVICE, json=asked, headers=sent()).json == {"cards": []}
    assert serve(order_codes=(local,)).post(SERVICE, json=asked, headers=sent()).json["cards"]


@pytest.mark.parametrize("may", [True, False])
def test_a_client_sets_the_time_only_if_it_may(serve: Serve, may: bool):
    asked = CALL | {"extension": {"org.vertebroplasty-cds.asOf": "2020-01-01T00:00:00Z"}}
    body = serve(may_set_as_of=may).post(SERVICE, json=asked, headers=sent()).json
    assessment = body["extension"]["org.vertebroplasty-cds.assessment"]
    assert assessment["asOf"].startswith("2020-01-01" if may else "2026-11-22")


def test_in_shadow_mode_cards_are_counted_and_not_shown(serve: Serve):
    client = serve(shadow=True)
    assert client.post(SERVICE, json=CALL, headers=sent()).json == {"cards": []}
    lines = client.get("/metrics").text.splitlines()
    assert 'cds_shadow_dispositions_total{disposition="insufficient-data"} 1.0' in lines
    assert [line for line in lines if line.startswith("cds_shadow_cards_total{")]
    assert [line for line in lines if line.startswith("cds_shadow_card_rules_total{")]
    shown = ("cds_cards_total{", "cds_card_rules_total{", "cds_dispositions_total{")
    assert not [line for line in lines if line.startswith(shown)]


def test_a_client_calls_so_many_times_a_minute(serve: Serve):
    client = serve(calls_per_minute=2)
    answers = [client.post(SERVICE, json=CALL, headers=sent()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json["issue"][0]["code"] == "throttled"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 30
    assert client.get(DISCOVERY, headers=sent(BASE + DISCOVERY)).status_code == 200
    assert client.post(FEEDBACK, json={"feedback": []}, headers=sent(BASE + FEEDBACK)).status_code == 200


def test_calls_come_back_evenly():
    moment = [0.0]
    pace = Pace(60, lambda: moment[0])
    assert [pace.take() for _ in range(61)] == [0.0] * 60 + [1.0]
    moment[0] = 0.75
    assert pace.take() == 0.25
    moment[0] = 2.0
    assert [pace.take() > 0 for _ in range(3)] == [False, False, True]
    assert not any(Pace().take() for _ in range(100))


@pytest.mark.parametrize(("client", "site"), [({"body_limit": 300}, {}), ({}, {"body_limit": 300})])
def test_a_client_has_its_own_limit_of_size(serve: Serve, client: dict[str, Any], site: dict[str, Any]):
    application = serve(site, **client)
    assert application.post(SERVICE, json=CALL, headers=sent()).status_code == 413
    assert application.post(FEEDBACK, data=b" " * 301, headers=sent()).status_code == 413


def test_a_client_has_its_own_time(serve: Serve):
    granted = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "", "subject": "s"}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}"
        asked = CALL | {"fhirServer": base, "fhirAuthorization": granted}
        client = serve(fhir_origins=(base,), deadline_ms=50)
        started = time.monotonic()
        body = client.post(SERVICE, json=asked, headers=sent()).json
        assert time.monotonic() - started < 5
    findings = body["extension"]["org.vertebroplasty-cds.assessment"]["findings"]
    assert any("time" in gap["says"] for row in findings for gap in row.get("missing", ()))


def test_without_a_token_of_its_own_the_ehrs_server_is_not_asked(serve: Serve):
    asked = CALL | {"fhirServer": "https://ehr.example/fhir", "prefetch": {}}
    response = serve(fhir_origins=("https://ehr.example",)).post(SERVICE, json=asked, headers=sent())
    assert (response.status_code, response.json["issue"][0]["expression"]) == (412, ["prefetch.conditions"])
    assert "with a token" in response.json["issue"][0]["details"]["text"]


def test_a_server_that_a_client_may_not_name_is_not_asked(serve: Serve):
    granted = {"access_token": "t", "token_type": "Bearer", "expires_in": 300, "scope": "user/*.read", "subject": "s"}
    asked = CALL | {"prefetch": {}, "fhirServer": "http://127.0.0.1:9", "fhirAuthorization": granted}
    response = serve(fhir_origins=("https://ehr.example",)).post(SERVICE, json=asked, headers=sent())
    assert response.status_code == 412
    assert "not one that this client may name" in response.json["issue"][0]["details"]["text"]


def test_clients_elsewhere_need_a_public_address():
    known = Client(issuer=ISSUER, name="North", jku=("https://ehr.example/jwks.json",))
    with pytest.raises(ValueError, match="public_url"):
        Settings(host="0.0.0.0", clients=(known,))


def test_keys_are_read_over_https_only():
    with pytest.raises(ValueError, match="https only"):
        Client(issuer=ISSUER, name="North", jku=("http://ehr.example/jwks.json",))


# Keys


@pytest.mark.parametrize("text", [b"", b"{}", b'{"keys": []}', b'{"keys": [{"kid": "a", "kty": "oct", "k": "c2Vj"}]}'])
def test_a_pinned_file_without_a_key_stops_the_start(serve: Serve, tmp_path: Path, text: bytes):
    file = tmp_path / "no.json"
    file.write_bytes(text)
    for path in (file, tmp_path / "none.json"):
        with pytest.raises(SettingsError, match=r"no(ne)?\.json"):
            serve(jwks=path)


def test_keys_serve_their_own_algorithms():
    found = parse(
        json.dumps(
            {
                "keys": [
                    *map(public, KEYS),
                    public("RSA", kid="one", alg="RS256"),
                    public("P-384", kid="for encryption", use="enc"),
                    public("P-384", kid="broken", x="AAAA"),
                    public("P-384", kid=7),
                    public("P-384", kid="strange", crv="P-999"),
                    public("RSA-1024"),
                    {"kid": "secret", "kty": "oct", "k": "c2VjcmV0"},
                    "no key",
                ]
            }
        ).encode()
    )
    assert set(found) == {
        ("P-384", "ES384"), ("P-256", "ES256"), ("RSA", "RS384"), ("RSA", "RS256"), ("RSA", "PS384"), ("one", "RS256"),
    }  # fmt: skip


class Published:
    """A JWK Set whose keys change, on a clock that is set by hand; it counts how often it is read."""

    def __init__(self, *names: str) -> None:
        self.text: bytes | None = key_set(*names)
        self.now = 1000.0
        self.read = 0
        self.source = _Source(self._read, lambda: self.now)

    def _read(self) -> bytes:
        self.read += 1
        if self.text is None:
            raise ConnectionError
        return self.text

    def has(self, name: str) -> bool:
        return self.source.find(name, SIGNED_BY[name.split(maxsplit=1)[0]]) is not None


SIGNED_BY = {"P-384": "ES384", "P-256": "ES256", "RSA": "RS384"}


def test_keys_are_kept_and_read_again_after_a_while():
    published = Published("P-384")
    assert [published.has("P-384") for _ in range(3)] == [True] * 3
    assert published.read == 1
    published.now += FRESH + 1
    assert published.has("P-384")
    assert published.read == 2


def test_an_unknown_key_is_looked_for_once():
    published = Published("P-384")
    assert published.has("P-384")
    published.text = key_set("P-384", "RSA")
    assert published.has("RSA")
    assert published.read == 2
    assert not any(published.has("P-256") for _ in range(50))
    assert published.read == 2
    published.now += PAUSE + 1
    published.text = key_set("P-256")
    assert published.has("P-256")
    assert published.read == 3
    assert not published.has("P-384")


def test_keys_that_cannot_be_read_again_serve_for_a_while():
    published = Published("P-384")
    assert published.has("P-384")
    published.text = None
    published.now += FRESH + 1
    assert all(published.has("P-384") for _ in range(20))
    assert published.read == 2
    published.now += USABLE
    assert not published.has("P-384")


def test_keys_that_were_never_read_are_not_asked_for_all_the_time():
    published = Published("P-384")
    published.text = None
    assert not any(published.has("P-384") for _ in range(20))
    assert published.read == 1
    published.text = key_set("P-384")
    published.now += PAUSE + 1
    assert published.has("P-384")


def test_many_calls_at_once_read_the_keys_once_or_twice():
    published = Published("P-384")
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(published.has("P-384"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 20
    assert published.read <= 2


def test_pinned_keys_come_first_and_then_the_addresses(tmp_path: Path):
    file = tmp_path / "keys.json"
    file.write_bytes(key_set("P-384"))
    asked: list[str] = []

    def read(address: str) -> bytes:
        asked.append(address)
        return key_set("RSA")

    keys = Keys(Client(issuer=ISSUER, name="N", jwks=file, jku=("https://a.example/k",)), read)
    assert not isinstance(keys.find("P-384", "ES384", "https://evil.example/k"), str)
    assert asked == []
    assert "not allowed" in str(keys.find("RSA", "RS384", "https://evil.example/k"))
    assert "not allowed" in str(keys.find("RSA", "RS384", ["https://a.example/k"]))
    assert asked == []
    assert not isinstance(keys.find("RSA", "RS384", "https://a.example/k"), str)
    assert not isinstance(keys.find("RSA", "RS384"), str)
    assert asked == ["https://a.example/k"]


@pytest.fixture
def published() -> Iterator[tuple[str, list[str]]]:
    with publishing() as server:
        yield server


def test_keys_come_from_an_allowed_address(serve: Serve, published: tuple[str, list[str]], log: StringIO):
    base, asked = published
    client = serve(jwks=None, jku=(f"{base}/jwks.json",))
    for named in (None, f"{base}/jwks.json"):
        assert client.post(SERVICE, json=CALL, headers=sent(jku=named)).status_code == 200
    assert asked == ["/jwks.json"]
    assert client.post(SERVICE, json=CALL, headers=sent(jku=f"{base}/others.json")).status_code == 401
    assert client.post(SERVICE, json=CALL, headers=sent(GOOD, "P-256", "ES256")).status_code == 401
    assert asked == ["/jwks.json"] * 2
    assert reasons(log) == [
        "the address of keys that the token names is not allowed",
        "the key that the token names was not found",
    ]


def test_keys_that_do_not_come_hold_nobody_up(serve: Serve, monkeypatch: pytest.MonkeyPatch, log: StringIO):
    monkeypatch.setattr("cds_service.auth.keys.PATIENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = serve(jwks=None, jku=(f"http://127.0.0.1:{silent.getsockname()[1]}/jwks.json",))
        started = time.monotonic()
        assert client.post(SERVICE, json=CALL, headers=sent()).status_code == 401
        assert time.monotonic() - started < 1.5  # reading is given up after two seconds
    assert reasons(log) == ["the key that the token names was not found"]


@pytest.mark.parametrize("path", ["moved", "huge"])
def test_keys_are_taken_from_nowhere_else_and_in_measure(serve: Serve, published: tuple[str, list[str]], path: str):
    base, asked = published
    client = serve(jwks=None, jku=(f"{base}/{path}",))
    assert client.post(SERVICE, json=CALL, headers=sent()).status_code == 401
    assert set(asked) == {f"/{path}"}
