"""The OpenAPI document of all routes: what goes in, what comes out, and how a refusal looks."""

from collections.abc import Collection

from cds_service import __version__
from cds_service.app.schemas import Schema, named, schemas
from cds_service.hook import Hook
from cds_service.hooks import SERVICE_ID
from cds_service.settings import Settings


def document(settings: Settings) -> Schema:
    """The document for a service with these settings: its address, its hooks, and a token where clients are configured."""
    described = _document(settings.base_url, settings.active_hooks)
    if settings.clients:
        described["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
        for path, operations in described["paths"].items():
            for operation in operations.values() if path.startswith("/cds-services") else ():
                operation["security"] = [{"token": []}]
                operation["responses"]["401"] = _json("The token is missing or not accepted", "OperationOutcome")
        call = described["paths"][f"/cds-services/{SERVICE_ID}"]["post"]
        call["responses"]["429"] = _json(
            "More calls in this minute than were agreed; see Retry-After", "OperationOutcome"
        )
    return described


def _document(base_url: str, hooks: Collection[Hook]) -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vertebroplasty suitability",
            "version": __version__,
            "description": "A CDS Hooks 2.0.1 service: advisory cards on whether vertebral augmentation suits a patient now.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": {
            "/cds-services": {"get": _discover()},
            f"/cds-services/{SERVICE_ID}": {"post": _post("call", "Cards for one hook call", "Call", "Cards", 412)},
            f"/cds-services/{SERVICE_ID}/feedback": {
                "post": _post("sendFeedback", "What users did with cards", "Feedback", "Nothing", 503)
            },
            "/health": {"get": _get("health", "Whether cards are served, and whether feedback is kept", "Health")},
            "/health/live": {"get": _get("live", "Whether the process answers", "Live")},
            "/health/ready": {"get": _get("ready", "Whether cards are served", "Health")},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _get("describe", "This document", "Document")},
        },
        "components": {"schemas": schemas(hooks)},
    }


def _json(says: str, name: str) -> Schema:
    return {"description": says, "content": {"application/json": {"schema": named(name)}}}


def _get(operation: str, summary: str, answer: str) -> Schema:
    return {"operationId": operation, "summary": summary, "responses": {"200": _json(summary, answer)}}


def _post(operation: str, summary: str, asked: str, answer: str, status: int) -> Schema:
    refused = {
        400: "What was sent cannot be read; the element is named",
        412: "Data without which nothing can be said is missing; the prefetch key is named",
        413: "The body is larger than the limit",
        500: "The service failed; its log says why under the id that is told",
        503: "Nothing was kept; send it again after the seconds in Retry-After",
    }
    statuses = (400, 413, status, 500)
    return {
        "operationId": operation,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": named(asked)}}},
        "responses": {"200": _json(summary, answer)}
        | {str(code): _json(refused[code], "OperationOutcome") for code in statuses},
    }


def _discover() -> Schema:
    described = _get("discover", "What is offered", "Discovery")
    described["parameters"] = [{"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}]
    described["responses"]["304"] = {"description": "Nothing changed since the answer with this ETag"}
    return described


def _metrics() -> Schema:
    text = {"text/plain": {"schema": {"type": "string"}}}
    says = "Counters and times, as Prometheus reads them"
    return {"operationId": "metrics", "summary": says, "responses": {"200": {"description": says, "content": text}}}
