"""A call's JSON is read whole: no member twice, no half character that costs the rest, nothing compressed, over real HTTP."""

import copy
import gzip
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.cases.case import FIXTURES
from cds_service.chart import Section
from cds_service.errors import RequestError
from cds_service.fhir.decoding import surrogates
from cds_service.hook import Hook
from cds_service.hooks import HookRequest, read_request
from tests.serving import FEEDBACK, SERVICE, Server, serving

ASKED: dict[str, Any] = json.loads((FIXTURES / "requests" / "suitable-acute-fracture.json").read_text(encoding="utf-8"))
ASKED |= {"fhirServer": "https://ehr.example/fhir"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("envelope")) as started:
        yield started


def read(body: bytes) -> HookRequest:
    return read_request(body, tuple(Hook))


PLACES = [
    *((name,) for name in ASKED),
    *(("context", name) for name in ASKED["context"]),
    *(("prefetch", name) for name in ASKED["prefetch"]),
    *(("prefetch", "patient", name) for name in ("birthDate", "gender")),
    *(("extension", name) for name in ASKED["extension"]),
]


def _twice(place: tuple[str, ...], first: Any) -> bytes:
    """The call with the member at `place` twice: another value stands before its own."""
    asked = copy.deepcopy(ASKED)
    holder = asked
    for name in place[:-1]:
        holder = holder[name]
    own = holder[place[-1]]
    holder[place[-1]] = "@@"
    pair = f"{json.dumps(first)}, {json.dumps(place[-1])}: {json.dumps(own)}"
    return json.dumps(asked).replace('"@@"', pair, 1).encode()


@pytest.mark.parametrize("odd", [False, True], ids=["usual", "unusual"])
@pytest.mark.parametrize("first", ["other", {"resourceType": "Bundle"}, {"a": 1}], ids=str)
@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_member_that_comes_twice_is_refused_and_named(place: tuple[str, ...], first: Any, odd: bool) -> None:
    """Which of the two counts would be a guess; in an unusual call, which is read part by part, as in a usual one."""
    body = _twice(place, first)
    if odd:
        body = body.replace(b'"prefetch": {', b'"prefetch": {"tasks": 5, ', 1)
    with pytest.raises(RequestError) as refused:
        read(body)
    assert (refused.value.status, refused.value.code) == (400, "structure")
    if len(place) < 3:
        assert refused.value.expression in (".".join(place), place[0])


def test_what_no_section_has_may_come_twice() -> None:
    text = json.dumps(ASKED).replace('"prefetch": {', '"mine": 1, "mine": 2, "prefetch": {', 1)
    assert read(text.encode()).patient == ASKED["context"]["patientId"]


def _names(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all texts in a value."""
    if isinstance(value, str):
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _names(item, (*path, key))


HALVES = ["\\ud83d", "\\ude00", "\\uDBFF x", "\\ude00\\ud83d"]


@pytest.mark.parametrize("half", HALVES)
def test_half_a_character_costs_no_more_than_itself(half: str, server: Server) -> None:
    """In each text of the chart that no rule reads; the answer is the same as without it."""
    asked = copy.deepcopy(ASKED)
    expected = server.post(SERVICE, asked)
    asked["prefetch"]["patient"]["name"] = [{"family": "@@", "text": "whole \U0001f600"}]
    asked["context"]["userId"] = "Practitioner/@@"
    body = json.dumps(asked).replace("@@", half).encode()
    status, _, answer = server.ask("POST", SERVICE, body, {"Content-Type": "application/json"})
    assert (status, [card["summary"] for card in answer["cards"]]) == (
        200,
        [card["summary"] for card in expected[2]["cards"]],
    )
    assert answer["extension"] == expected[2]["extension"]


@pytest.mark.parametrize(
    ("text", "became"),
    [
        (r'"a\ud83d"', "a\ufffd"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600"),
        (r'"\\ud83d"', "\\ud83d"),
        (r'"\\\ud83d\n"', "\\\ufffd\n"),
        (r'"\u00e9"', "é"),
    ],
)
def test_only_halves_are_replaced(text: str, became: str) -> None:
    assert json.loads(surrogates.replaced(text.encode())) == became


def test_halves_are_replaced_in_linear_time() -> None:

    started = time.process_time()
    surrogates.replaced(rb"\\" * 200_000 + rb"\ud83d" * 50_000)
    assert time.process_time() - started < 4


@pytest.mark.parametrize("path", [SERVICE, FEEDBACK, "/workbench/run"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "x-gzip", "gzip, identity"])
def test_a_compressed_body_is_415(server: Server, path: str, coding: str) -> None:
    body = json.dumps(ASKED).encode()
    sent = gzip.compress(body) if "gzip" in coding else zlib.compress(body)
    status, headers, answer = server.ask(
        "POST", path, sent, {"Content-Type": "application/json", "Content-Encoding": coding}
    )
    assert (status, headers["accept-encoding"]) == (415, "identity")
    assert answer["issue"][0]["code"] == "not-supported"


def test_a_compressed_body_that_does_not_say_so_is_415(server: Server) -> None:
    status, headers, answer = server.ask("POST", SERVICE, gzip.compress(json.dumps(ASKED).encode()))
    assert (status, headers["accept-encoding"]) == (415, "identity")
    assert "compressed" in answer["issue"][0]["details"]["text"]


def test_identity_is_no_coding(server: Server) -> None:
    assert server.post(SERVICE, ASKED, {"Content-Encoding": "identity"})[0] == 200


@pytest.mark.parametrize("key", ["condition", "Conditions", "problems", "conditions ", "x" * 500])
def test_a_key_that_is_not_known_is_named_where_the_needed_one_lacks(server: Server, key: str) -> None:
    asked = copy.deepcopy(ASKED)
    asked["prefetch"][key] = asked["prefetch"].pop("conditions")
    for odd in ({}, {"vitals": 5}):
        status, _, answer = server.post(SERVICE, asked | {"prefetch": {**asked["prefetch"], **odd}})
        text = answer["issue"][0]["details"]["text"]
        assert (status, answer["issue"][0]["expression"]) == (412, ["prefetch.conditions"])
        assert f"'{key[:40]}'" in text
        assert len(text) < 300


def test_without_strange_keys_none_is_named(server: Server) -> None:
    asked = copy.deepcopy(ASKED)
    del asked["prefetch"]["conditions"]
    assert "does not know" not in server.post(SERVICE, asked)[2]["issue"][0]["details"]["text"]
    assert Section.CONDITIONS in read(json.dumps(ASKED).encode()).prefetch


def test_a_comment_with_half_a_character_is_kept(server: Server) -> None:
    entry = '{"feedback": [{"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-22T09:00:00Z", '
    entry += r'"overrideReason": {"userComment": "thanks \ud83d"}}]}'
    assert server.ask("POST", FEEDBACK, entry.encode(), {"Content-Type": "application/json"})[0] == 200
