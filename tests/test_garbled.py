"""Requests of which parts are garbled: each is answered or refused with a reason, none with a fault of ours."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.app import create_app
from cds_service.cards.assessment import EXTENSION
from cds_service.settings import Settings
from tests.serving import ROOT, SERVICE

REQUESTS = sorted((ROOT / "fixtures/requests").glob("*.json"))
GARBLED = [
    b"null", b"true", b"0", b"-1", b"1e400", b"NaN", b"9" * 400, b"-" + b"9" * 4400, b"0.5", b'""', b'" "', b'"\\ud800"', b'"\\u0000"',
    b'"\xbb"', b'"http://["', b'"' + b"x" * 5000 + b'"', b'"' + b"no fracture, " * 500 + b'"', b"[]", b"[[]]", b"{}", b'{"\xbb": 1}',
    b'{"a": 1, "a": 2}', b'{"resourceType": "Bundle", "entry": [{"resource": 5}]}', b"[" * 500 + b"]" * 500,
    b'{"a":' * 500 + b"1" + b"}" * 500,
    b"[" * 5000,
]  # fmt: skip
MARK = "\x02garbled"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = tmp_path_factory.mktemp("garbled")
    return create_app(Settings(database_url=f"sqlite:///{folder}/f.sqlite3")).test_client()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for name, item in members for place in ((*path, name), *places(item, (*path, name)))]


def garbled(file: Path, random: Random) -> bytes:
    """The request of a file with some of its parts replaced."""
    request = json.loads(file.read_bytes())
    sent: list[bytes] = []
    for _ in range(random.randint(1, 3)):
        *path, last = random.choice(places(request))
        holder = request
        for name in path:
            holder = holder[name]
        holder[last] = f"{MARK}{len(sent)}\x03"
        sent.append(random.choice(GARBLED))
    text = json.dumps(request).encode()
    for number, what in enumerate(sent):
        text = text.replace(json.dumps(f"{MARK}{number}\x03").encode(), what)
    return text


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(file=st.sampled_from(REQUESTS), random=st.randoms(use_true_random=False))
def test_a_garbled_request_is_answered_or_refused_with_a_reason(client: FlaskClient, file: Path, random: Random):
    text = garbled(file, random)
    response = client.post(SERVICE, data=text)
    body = json.loads(response.data)
    if response.status_code == 200:
        assert body["cards"] == [] or EXTENSION in body["extension"]
    else:
        assert 400 <= response.status_code < 500, text[:2000]
        assert body["resourceType"] == "OperationOutcome"
    page = client.post("/workbench/run", data=b'{"pasted": ' + text + b"}")
    assert page.status_code < 500, text[:2000]
