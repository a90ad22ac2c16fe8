"""What goes in and out of each route, as JSON Schema: the components of the OpenAPI document."""

from collections.abc import Collection
from typing import Any

from cds_service.hook import Hook
from cds_service.hooks import LISTINGS
from cds_service.store.records import FeedbackOutcome

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_UUID: Schema = {"type": "string", "format": "uuid"}
_ADDRESS: Schema = {"type": "string", "format": "uri"}
_FHIR: Schema = {"type": "object", "description": "A FHIR R4 resource.", "additionalProperties": True}


def named(name: str) -> Schema:
    """A reference to one of the schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(hooks: Collection[Hook]) -> dict[str, Schema]:
    """Every schema by its name; calls are those of the hooks given."""
    names = [hook.value for hook in Hook if hook in hooks]
    return {
        "Coding": _object("system code", system=_TEXT, code=_TEXT, display=_TEXT),
        "Discovery": _object("services", services=_list(named("Service"))),
        "Service": _object(
            "hook description id",
            hook={"enum": names},
            title=_TEXT,
            description=_TEXT,
            id={"enum": [service.id for listing in LISTINGS for service in listing.services(hooks)]},
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
            fhirAuthorization=named("Authorization"),
            context=named("Context"),
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
        "Cards": _object("cards", cards=_list(named("Card")), extension={"type": "object", "minProperties": 1}),
        "Card": _object(
            "uuid summary indicator source",
            uuid=_UUID,
            summary=_TEXT | {"maxLength": 139},
            detail=_TEXT,
            indicator={"enum": ["info", "warning", "critical"]},
            source=_object("label", label=_TEXT, url=_ADDRESS, topic=named("Coding")),
            suggestions=_list(named("Suggestion")) | {"minItems": 1},
            selectionBehavior={"enum": ["any", "at-most-one"]},
            overrideReasons=_list(named("Coding")) | {"minItems": 1},
            links=_list(named("Link")) | {"minItems": 1},
            extension={"type": "object", "minProperties": 1},
        )
        | {"additionalProperties": False, "dependentRequired": {"suggestions": ["selectionBehavior"]}},
        "Suggestion": _object(
            "label uuid",
            label=_TEXT,
            uuid=_UUID,
            isRecommended={"const": True},
            actions=_list(named("Action")) | {"minItems": 1},
        ),
        "Action": _object(
            "type description",
            type={"enum": ["create", "update", "delete"]},
            description=_TEXT,
            resource=_FHIR,
            resourceId=_TEXT,
        ),
        "Link": _object("label url type", label=_TEXT, url=_ADDRESS, type={"enum": ["absolute", "smart"]}),
        "Feedback": _object("feedback", feedback=_list(named("FeedbackEntry"))),
        "FeedbackEntry": _object(
            "card outcome outcomeTimestamp",
            card=_TEXT,
            outcome={"enum": [outcome.value for outcome in FeedbackOutcome]},
            acceptedSuggestions=_list(_object("id", id=_TEXT)),
            overrideReason=_object(reason=named("Coding"), userComment=_TEXT),
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
            issue=_list(named("Issue")) | {"minItems": 1},
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


def _object(required: str = "", /, **members: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": members}
    return schema | {"required": required.split()} if required else schema


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}
