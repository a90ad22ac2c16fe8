"""The OpenAPI document of all routes: what goes in, what comes out, and how a refusal looks."""

import re
from collections.abc import Collection

from cds_service import __version__
from cds_service.app.schemas import Schema, named, schemas
from cds_service.hook import Hook
from cds_service.hooks import LISTINGS, SERVICE_ID, DiscoveryAddress, Service
from cds_service.settings import Settings


def document(settings: Settings) -> Schema:
    """The document for a service with these settings: its address, its hooks, and a token where clients are configured."""
    hooks = settings.active_hooks
    services = [service for listing in LISTINGS for service in listing.services(hooks)]
    paths = {listing.path: {"get": _discover(listing)} for listing in LISTINGS}
    for service in services:
        paths[service.path] = {"post": _call(service, hooks)}
        paths[service.feedback] = {"post": _feedback(service)}
    described = _document(settings.base_url, paths, schemas(hooks))
    if settings.clients:
        described["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
        for operations in paths.values():
            for operation in operations.values():
                operation["security"] = [{"token": []}]
                operation["responses"]["401"] = _json("The token is missing or not accepted", "OperationOutcome")
        for service in services:
            paths[service.path]["post"]["responses"] |= {
                "404": _json("This client is not offered the service", "OperationOutcome"),
                "429": _json("More calls in this minute than were agreed; see Retry-After", "OperationOutcome"),
            }
    return described


def _document(base_url: str, paths: Schema, components: dict[str, Schema]) -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vertebroplasty suitability",
            "version": __version__,
            "description": "A CDS Hooks 2.0.1 service: advisory cards on whether vertebral augmentation suits a patient now.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": paths
        | {
            "/health": {"get": _get("health", "Whether cards are served, and whether feedback is kept", "Health")},
            "/health/live": {"get": _get("live", "Whether the process answers", "Live")},
            "/health/ready": {"get": _get("ready", "Whether cards are served", "Health")},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _get("describe", "This document", "Document")},
        },
        "components": {"schemas": components},
    }


def _json(says: str, name: str) -> Schema:
    return {"description": says, "content": {"application/json": {"schema": named(name)}}}


def _get(operation: str, summary: str, answer: str) -> Schema:
    return {"operationId": operation, "summary": summary, "responses": {"200": _json(summary, answer)}}


def _post(operation: str, summary: str, asked: Schema, answer: str, status: int) -> Schema:
    refused = {
        400: "What was sent cannot be read; the element is named",
        412: "Data without which nothing can be said is missing; the prefetch key is named",
        413: "The body is larger than the limit",
        415: "The body is compressed",
        500: "The service failed; its log says why under the id that is told",
        503: "Nothing was kept; send it again after the seconds in Retry-After",
    }
    statuses = (400, 413, 415, status, 500)
    return {
        "operationId": operation,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {"200": _json(summary, answer)}
        | {str(code): _json(refused[code], "OperationOutcome") for code in statuses},
    }


def _discover(listing: DiscoveryAddress) -> Schema:
    described = _get("discover" + _camel(listing.path.removesuffix(LISTINGS[0].path)), "What is offered", "Discovery")
    described["parameters"] = [{"name": "If-None-Match", "in": "header", "schema": {"type": "string"}}]
    described["responses"]["304"] = {"description": "Nothing changed since the answer with this ETag"}
    return described


def _call(service: Service, hooks: Collection[Hook]) -> Schema:
    answered = [hook for hook in Hook if hook in service.answered(hooks)]
    asked = {"allOf": [named("Call"), {"properties": {"hook": {"enum": answered}}}]}
    return _post("call" + _own_name(service), "Cards for one hook call", asked, "Cards", 412)


def _feedback(service: Service) -> Schema:
    name = "sendFeedback" + _own_name(service)
    return _post(name, "What users did with cards", named("Feedback"), "Nothing", 503)


def _own_name(service: Service) -> str:
    return _camel(service.id.removeprefix(SERVICE_ID))


def _camel(words: str) -> str:
    return re.sub(r"\W", "", words.title())


def _metrics() -> Schema:
    text = {"text/plain": {"schema": {"type": "string"}}}
    says = "Counters and times, as Prometheus reads them"
    return {"operationId": "metrics", "summary": says, "responses": {"200": {"description": says, "content": text}}}
