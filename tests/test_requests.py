"""Whole requests get the whole responses that are expected of them; what issue readers look for first is spelt out."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cds_service.cases import FIXTURES
from cds_service.cli import _outcome as outcome
from cds_service.cli._endpoint import here

REQUESTS = sorted((FIXTURES / "requests").glob("*.json"))
DOOR = here(datetime(2026, 11, 22, 9, tzinfo=UTC))


def answer(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The assessment and the cards of a request."""
    body = DOOR.call((FIXTURES / "requests" / f"{name}.json").read_bytes()).body
    return dict(outcome.assessment(body)), list(body["cards"])


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.stem)
def test_the_response_is_the_expected_one(path) -> None:
    """`cds-service replay --update fixtures/requests` writes the expected files anew; read the difference before it is committed."""
    expected = (FIXTURES / "expected" / path.name).read_text(encoding="utf-8")
    actual = outcome.as_text(outcome.golden(DOOR.call(path.read_bytes()), DOOR.base))
    assert not outcome.differences(expected, actual, path.name)


def test_every_expected_file_has_its_request() -> None:
    """Nothing stale lies about."""
    assert {path.name for path in (FIXTURES / "expected").glob("*.json")} == {path.name for path in REQUESTS}


def test_apixaban_twenty_hours_before_the_slot() -> None:
    """After correction; a critical card says the interval, the earliest time and the source."""
    found, cards = answer("apixaban-20h-before-slot")
    assert found["disposition"] == "after-correction"
    first = cards[0]
    assert first["indicator"] == "critical"
    for part in ("20 h", "48 h", "Wed 25 Nov 12:00", "SIR 2019"):
        assert part in first["summary"] + first["detail"]


def test_no_medication_section_is_not_no_medication() -> None:
    """Insufficient data, and a card says that antithrombotics are unknown."""
    found, cards = answer("no-medication-section")
    assert found["disposition"] == "insufficient-data"
    assert any("unknown: antithrombotics" in card["detail"] for card in cards)


def test_active_discitis() -> None:
    """Contraindicated, on a critical card."""
    found, cards = answer("active-discitis")
    assert found["disposition"] == "contraindicated"
    assert any("Discitis" in card["summary"] and card["indicator"] == "critical" for card in cards)


@pytest.mark.parametrize(
    ("encounter", "disposition", "unknown"),
    [
        (None, "criteria-met", set()),
        ("enc-1", "insufficient-data", {"inr_above_limit"}),
    ],
    ids=["outside any encounter", "the encounter was not sent"],
)
def test_an_inr_of_ten_days_ago_is_current_for_an_outpatient(encounter, disposition: str, unknown: set[str]) -> None:
    """No encounter in the context is an outpatient; one that is named and not sent could be a stay, with its shorter window."""
    request = msgspec.json.decode((FIXTURES / "requests" / "suitable-acute-fracture.json").read_bytes())
    request["prefetch"].pop("encounter")
    request["context"].pop("encounterId")
    if encounter:
        request["context"]["encounterId"] = encounter
    for entry in request["prefetch"]["coagulation"]["entry"]:
        entry["resource"]["effectiveDateTime"] = "2026-11-12T09:00:00Z"
    body = DOOR.call(msgspec.json.encode(request)).body
    found = outcome.assessment(body)
    assert found["disposition"] == disposition
    assert {item["rule"] for item in found["findings"] if item["status"] == "unknown"} >= unknown
    due = {item["rule"] for item in found["findings"] if item["status"] == "met"} & {"coagulation_tests_due"}
    assert not due


@pytest.mark.parametrize("name", ["not-our-order", "draft-without-code", "order-select-other-selection"])
def test_what_is_not_about_augmentation_gets_no_cards(name: str) -> None:
    """Silence means that nothing in the hook is about vertebral augmentation."""
    assert DOOR.call((FIXTURES / "requests" / f"{name}.json").read_bytes()).body == {"cards": []}


def test_a_repeated_call_gives_the_same_cards() -> None:
    """The same hook instance gives the same uuid, so that feedback joins."""
    body = (FIXTURES / "requests" / "apixaban-20h-before-slot.json").read_bytes()
    first, again = (DOOR.call(body).body for _ in range(2))
    assert [card["uuid"] for card in first["cards"]] == [card["uuid"] for card in again["cards"]]
    other = msgspec.json.decode(body) | {"hookInstance": "1b4e28ba-2fa1-41d2-883f-0016d3cca427"}
    assert first["cards"][0]["uuid"] != DOOR.call(msgspec.json.encode(other)).body["cards"][0]["uuid"]
