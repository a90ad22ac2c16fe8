"""The OpenAPI document of all routes: what goes in, what comes out, and how a refusal looks."""

from collections.abc import Collection
from typing import Any

from cds_service import __version__
from cds_service.hooks import SERVICE_ID, Hook
from cds_service.settings import Settings
from cds_service.store.records import Outcome

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_UUID: Schema = {"type": "string", "format": "uuid"}
_ADDRESS: Schema = {"type": "string", "format": "uri"}
_FHIR: Schema = {"type": "object", "description": "A FHIR R4 resource.", "additionalProperties": True}


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
        "components": {"schemas": _schemas(hooks)},
    }


def _object(required: str = "", /, **members: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": members}
    return schema | {"required": required.split()} if required else schema


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(says: str, name: str) -> Schema:
    return {"description": says, "content": {"application/json": {"schema": _named(name)}}}


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
        "requestBody": {"required": True, "content": {"application/json": {"schema": _named(asked)}}},
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


def _schemas(hooks: Collection[Hook]) -> dict[str, Schema]:
    names = [hook.value for hook in Hook if hook in hooks]
    return {
        "Coding": _object("system code", system=_TEXT, code=_TEXT, display=_TEXT),
        "Discovery": _object("services", services=_list(_named("Service"))),
        "Service": _object(
            "hook description id",
            hook={"enum": names},
            title=_TEXT,
            description=_TEXT,
            id={"const": SERVICE_ID},
            version=_TEXT,
            hookVersion=_TEXT,
            usageRequirements=_TEXT,
            prefetch={"type": "object", "additionalProperties": _TEXT, "minProperties": 1},
            extension={"type": "object"},
        ),
        "Call": _object(
            "hook hookInstance context",
            hook={"enum": names},
            hookInstance=_UUID,
            fhirServer=_ADDRESS,
            fhirAuthorization=_named("Authorization"),
            context=_named("Context"),
            prefetch={"type": "object", "additionalProperties": {"anyOf": [_FHIR, {"type": "null"}]}},
            extension={"type": "object"},
        )
        | {"dependentRequired": {"fhirAuthorization": ["fhirServer"]}},
        "Context": _object(
            "patientId",
            userId=_TEXT,
            patientId=_TEXT,
            encounterId=_TEXT,
            selections=_list(_TEXT),
            draftOrders=_FHIR,
            appointments=_FHIR,
        ),
        "Authorization": _object(
            "access_token token_type expires_in scope subject",
            access_token=_TEXT,
            token_type={"const": "Bearer"},
            expires_in={"type": "integer"},
            scope={"type": "string"},
            subject=_TEXT,
            patient=_TEXT,
        ),
        "Cards": _object("cards", cards=_list(_named("Card")), extension={"type": "object", "minProperties": 1}),
        "Card": _object(
            "uuid summary indicator source",
            uuid=_UUID,
            summary=_TEXT | {"maxLength": 139},
            detail=_TEXT,
            indicator={"enum": ["info", "warning", "critical"]},
            source=_object("label", label=_TEXT, url=_ADDRESS, topic=_named("Coding")),
            suggestions=_list(_named("Suggestion")) | {"minItems": 1},
            selectionBehavior={"enum": ["any", "at-most-one"]},
            overrideReasons=_list(_named("Coding")) | {"minItems": 1},
            links=_list(_named("Link")) | {"minItems": 1},
            extension={"type": "object", "minProperties": 1},
        )
        | {"additionalProperties": False, "dependentRequired": {"suggestions": ["selectionBehavior"]}},
        "Suggestion": _object(
            "label uuid",
            label=_TEXT,
            uuid=_UUID,
            isRecommended={"const": True},
            actions=_list(_named("Action")) | {"minItems": 1},
        ),
        "Action": _object(
            "type description",
            type={"enum": ["create", "update", "delete"]},
            description=_TEXT,
            resource=_FHIR,
            resourceId=_TEXT,
        ),
        "Link": _object("label url type", label=_TEXT, url=_ADDRESS, type={"enum": ["absolute", "smart"]}),
        "Feedback": _object("feedback", feedback=_list(_named("FeedbackEntry"))),
        "FeedbackEntry": _object(
            "card outcome outcomeTimestamp",
            card=_TEXT,
            outcome={"enum": [outcome.value for outcome in Outcome]},
            acceptedSuggestions=_list(_object("id", id=_TEXT)),
            overrideReason=_object(reason=_named("Coding"), userComment=_TEXT),
            outcomeTimestamp={"type": "string", "format": "date-time"},
        ),
        "Nothing": {"type": "object", "maxProperties": 0},
        "Health": _object(
            "status version knowledge feedback",
            status={"enum": ["ok", "degraded"]},
            version=_TEXT,
            knowledge=_TEXT,
            feedback={"enum": ["ok", "behind", "unavailable"]},
        ),
        "Document": _object("openapi info paths", openapi=_TEXT, info={"type": "object"}, paths={"type": "object"}),
        "Live": _object("status", status={"const": "ok"}),
        "OperationOutcome": _object(
            "resourceType issue",
            resourceType={"const": "OperationOutcome"},
            issue=_list(_named("Issue")) | {"minItems": 1},
        ),
        "Issue": _object(
            "severity code details",
            severity={"const": "error"},
            code=_TEXT,
            details=_object("text", text=_TEXT),
            diagnostics=_TEXT,
            expression=_list(_TEXT) | {"minItems": 1},
        ),
    }
