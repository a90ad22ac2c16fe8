"""The OpenAPI document tells the truth: what is generated from it is never met with a fault, and answers fit it."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cds_service.app import create_app
from cds_service.app.openapi import document
from cds_service.hook import Hook
from cds_service.settings import Settings
from tests.tokens import ELSEWHERE

SERVICE = "/cds-services/vertebroplasty-suitability"
BY_HOOK = "/by-hook/cds-services/vertebroplasty-suitability--order-select"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
REQUESTS = Path(__file__).parent.parent / "fixtures/requests"


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("openapi")
    return create_app(Settings(database_url=f"sqlite:///{folder}/f.sqlite3"))


@pytest.mark.parametrize(
    "path",
    [
        SERVICE,
        f"{SERVICE}/feedback",
        "/cds-services",
        "/by-hook/cds-services",
        BY_HOOK,
        f"{BY_HOOK}/feedback",
        "/health",
        "/metrics",
        "/openapi.json",
    ],
)
def test_what_the_document_allows_is_never_met_with_a_fault(application, path: str):
    schema = schemathesis.openapi.from_wsgi("/openapi.json", application)
    (operation,) = schema[path].values()

    @given(case=operation.as_strategy())
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def ask(case):
        case.call_and_validate(checks=CHECKS)

    ask()


def test_the_document_lists_every_route(application):
    paths = json.loads(application.test_client().get("/openapi.json").data)["paths"]
    served = [
        rule for rule in application.url_map.iter_rules() if not rule.endpoint.startswith("web.")
    ]  # pages are for people
    routes = {rule.rule: (rule.methods or set()) - {"HEAD", "OPTIONS"} for rule in served}
    assert {path: {method.upper() for method in operations} for path, operations in paths.items()} == routes


def test_each_address_says_which_hooks_it_takes(tmp_path: Path):
    chosen = Settings(
        database_url=f"sqlite:///{tmp_path}/f.sqlite3", hooks=(Hook.ORDER_SIGN, Hook.PATIENT_VIEW, Hook.ORDER_SELECT)
    )
    paths = json.loads(create_app(chosen).test_client().get("/openapi.json").data)["paths"]
    calls = {
        path: operations["post"]["requestBody"]["content"]["application/json"]["schema"]
        for path, operations in paths.items()
        if operations.get("post", {}).get("operationId", "").startswith("call")
    }
    assert {path: schema["allOf"][1]["properties"]["hook"]["enum"] for path, schema in calls.items()} == {
        SERVICE: ["order-select", "order-sign", "patient-view"],
        BY_HOOK: ["order-select", "order-sign"],
        BY_HOOK.replace("order-select", "order-sign"): ["order-sign"],
        BY_HOOK.replace("order-select", "patient-view"): ["patient-view"],
    }
    names = [operation["operationId"] for operations in paths.values() for operation in operations.values()]
    assert len(names) == len(set(names))


def test_beside_clients_each_address_asks_for_a_token():
    described = document(Settings(**ELSEWHERE))
    services = [
        path for path, operations in described["paths"].items() if "security" in next(iter(operations.values()))
    ]
    assert services == [path for path in described["paths"] if "cds-services" in path]
    assert described["paths"][BY_HOOK]["post"]["responses"].keys() >= {"401", "404", "429"}


@pytest.mark.parametrize("file", sorted(REQUESTS.glob("*.json")), ids=lambda file: file.stem)
def test_answers_to_real_requests_fit_the_document(application, file: Path):
    client = application.test_client()
    document = json.loads(client.get("/openapi.json").data)
    response = client.post("/cds-services/vertebroplasty-suitability", data=file.read_bytes())
    name = "Cards" if response.status_code == 200 else "OperationOutcome"
    problems = validator(document, name).iter_errors(json.loads(response.data))
    assert [f"{problem.instance_path}: {problem.message}" for problem in problems] == []


def validator(document: dict[str, Any], name: str) -> jsonschema_rs.Draft202012Validator:
    described = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(described, validate_formats=True)
