"""An order for vertebral augmentation is recognised, by code and in words, and called what was ordered."""

import json
import tomllib
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cds_service.cases.case import FIXTURES
from cds_service.chart import Augmentation
from cds_service.cli._endpoint import here
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import Part
from cds_service.knowledge import load
from cds_service.orders import Orders

ORDERS = tomllib.loads((Path(__file__).parent / "data" / "orders.toml").read_text(encoding="utf-8"))["order"]
CONTEXT = Context(load(), UTC)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DOOR = here(NOW)


def _service_request(number: int = 0, **said: Any) -> dict[str, Any]:
    code: dict[str, Any] = {"text": said["says"]} if "says" in said else {}
    if "code" in said:
        code["coding"] = [dict(zip(("system", "code"), said["code"], strict=True))]
    parts = {"bodySite": said.get("site"), "orderDetail": said.get("detail")}
    listed = {name: [{"text": text}] for name, text in parts.items() if text}
    return {
        "resourceType": "ServiceRequest",
        "id": f"o{number}",
        "status": "draft",
        "intent": "order",
        "code": code,
    } | listed


def _orders(*resources: dict[str, Any]) -> Orders:
    return Orders.of([Part(msgspec.Raw(json.dumps(item).encode())) for item in resources], CONTEXT, as_of=NOW)


@pytest.mark.parametrize("said", ORDERS, ids=lambda said: " · ".join(map(str, said.values())))
def test_an_order_is_called_what_it_is(said: dict[str, Any]) -> None:
    found = _orders(_service_request(**said)).ours
    assert [item.procedure for item in found] == ([Augmentation(said["is"])] if said["is"] else [])


def test_several_orders_of_one_kind_keep_it_and_of_two_kinds_are_augmentation() -> None:
    one = {
        kind: _service_request(number, says=f"{kind} L1")
        for number, kind in enumerate(("Vertebroplasty", "Kyphoplasty"))
    }
    again = {**one["Kyphoplasty"], "id": "o9"}
    assert _orders(one["Kyphoplasty"], again).order.procedure is Augmentation.KYPHOPLASTY
    for pair in permutations(one.values()):
        assert _orders(*pair).order.procedure is Augmentation.UNSTATED


@pytest.mark.parametrize(
    ("description", "kind"),
    [
        ("", Augmentation.KYPHOPLASTY),
        ("Vertebroplasty", Augmentation.VERTEBROPLASTY),
        ("Vertebral augmentation", Augmentation.KYPHOPLASTY),
    ],
)
def test_an_appointment_is_for_what_it_says_else_for_what_was_ordered(description: str, kind: Augmentation) -> None:
    ordered = _service_request(says="Kyphoplasty L1")
    visit = {
        "resourceType": "Appointment",
        "id": "a",
        "status": "proposed",
        "description": description,
        "basedOn": [{"reference": "ServiceRequest/o0"}],
    }
    assert _orders(ordered, visit).ours[1].procedure is kind


LONG = "Seen today in clinic, and doing well overall. " * 12
"""Longer than a term is read."""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Vertebroplasty L1", Augmentation.VERTEBROPLASTY),
        ("BKP L1", Augmentation.KYPHOPLASTY),
        ("status post vertebroplasty", None),
        ("knee arthroplasty", None),
    ],
)
@pytest.mark.parametrize("before", [LONG, *(LONG[:length] for length in range(380, 520, 7))], ids=len)
def test_a_long_text_is_searched_to_its_end(before: str, text: str, kind: Augmentation | None) -> None:
    visit = {"resourceType": "Appointment", "id": "a", "status": "proposed", "description": f"{before} {text}"}
    for resource in (_service_request(says=f"{before} {text}"), visit):
        found = _orders(resource).ours
        assert [item.procedure for item in found] == ([kind] if kind else [])
        assert all(item.levels <= {"L1"} for item in found)


def test_every_display_of_a_code_names_one_kind_or_none() -> None:
    """Supplements (ICD-10-PCS) are either; everything else that is listed says what it is."""
    listed = CONTEXT.know.index.value_sets["vertebral-augmentation"].codes
    for system, codes in listed.items():
        for display in codes.values():
            kinds = CONTEXT.know.index.of_text(display) & {"vertebroplasty", "kyphoplasty"}
            assert len(kinds) == (0 if system == "icd-10-pcs" else 1), display


CALLED = [
    path
    for path in sorted((FIXTURES / "requests").glob("*.json"))
    if '"summary": "Vertebroplasty' in (FIXTURES / "expected" / path.name).read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", CALLED, ids=lambda path: path.stem)
def test_no_card_calls_a_kyphoplasty_a_vertebroplasty(path: Path) -> None:
    """Every request on a vertebroplasty, asked for a kyphoplasty instead: summaries and suggestions say so."""
    asked = path.read_text(encoding="utf-8")
    for other in ("Percutaneous vertebroplasty", "Vertebroplasty", "vertebroplasty"):
        asked = asked.replace(other, "Kyphoplasty")
    asked = asked.replace('"431911003"', '"426243004"')
    cards = DOOR.call(asked.encode()).body["cards"]
    named = [
        text for card in cards for text in (card["summary"], *(item["label"] for item in card.get("suggestions", ())))
    ]
    assert any(text.startswith("Kyphoplasty") for text in named)
    assert not any("Vertebroplasty" in text for text in named)
