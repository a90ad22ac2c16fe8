"""How an answer looks on the wire: JSON, OperationOutcomes for all that is refused, and headers for browsers."""

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Request, Response

from cds_service.errors import operation_outcome
from cds_service.hooks import LISTINGS
from cds_service.settings import Settings

JSON = "application/json"
SAYS = {
    401: "This call needs a valid token",
    404: f"There is nothing at this address; GET {' or '.join(item.path for item in LISTINGS)} lists what is offered",
    405: "This address does not take this method",
    413: "The body is larger than this service accepts",
    415: "This service takes no compressed bodies; send it as it is, without Content-Encoding",
    429: "There were more calls in this minute than were agreed",
}
"""What is told for a status that needs no other words."""

_IDENTITY = {"Accept-Encoding": "identity"}
_ISSUE = {
    401: "login",
    404: "not-found",
    405: "not-supported",
    413: "too-long",
    415: "not-supported",
    429: "throttled",
    503: "transient",
}


def json(body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer; keys keep their order."""
    return Response(msgspec.json.encode(body), status, headers, content_type=JSON)


def refusal(
    status: int, says: str, *, code: str = "", element: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """A FHIR OperationOutcome; `code` is a FHIR issue type, by default the one of the status, `element` what is at fault."""
    more = {**(headers or {}), **(_IDENTITY if status == 415 else {})}
    return json(operation_outcome(says, code or _ISSUE.get(status, "invalid"), element), status, more)


def allow_origin(request: Request, response: Response, settings: Settings) -> None:
    """Lets pages of the configured origins read the answer; on loopback any page, as the public sandbox is one."""
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin", "")
    if not origin:
        return
    anyone = settings.on_loopback and not settings.cors_origins
    if not (anyone or origin in settings.cors_origins):
        return
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = "ETag, X-Request-Id, Retry-After"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept, If-None-Match"
        headers["Access-Control-Max-Age"] = "600"
        # A page of the internet that calls this machine must be allowed to by name of this header.
        if anyone and request.headers.get("Access-Control-Request-Private-Network") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true"
