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
from cds_service.settings import Settings

SERVICE = "/cds-services/vertebroplasty-suitability"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
REQUESTS = Path(__file__).parent.parent / "fixtures/requests"


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("openapi")
    return create_app(Settings(database_url=f"sqlite:///{folder}/f.sqlite3"))


@pytest.mark.parametrize(
    "path", [SERVICE, f"{SERVICE}/feedback", "/cds-services", "/health", "/metrics", "/openapi.json"]
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
