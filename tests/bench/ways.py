"""The four ways to handle one body that are compared: json alone, Flask alone, the service, and the ordinary way."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask, request

from cds_service import observe
from cds_service.app import create_app
from cds_service.hooks import SERVICE_ID, Hook, read_request
from cds_service.knowledge import load
from cds_service.rules import catalogue
from cds_service.service import Site, respond
from cds_service.settings import Settings

PATH = f"/cds-services/{SERVICE_ID}"


def call(app: WSGIApplication, body: bytes) -> bytes:
    """One POST straight into a WSGI application, without a client library in between."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    status = ""

    def start_response(line: str, _headers: Any, _error: Any = None) -> Callable[[bytes], object]:
        nonlocal status
        status = line
        return lambda _data: None

    answer = b"".join(app(environ, start_response))
    if not status.startswith("200"):
        raise RuntimeError(f"{status}: {answer[:200]!r}")
    return answer


def nothing_app() -> Flask:
    """A Flask application that reads the body and answers with no cards."""
    app = Flask("nothing")

    @app.post(PATH)
    def endpoint() -> dict[str, list[str]]:
        request.get_data(cache=False)
        return {"cards": []}

    return app


def service_app(database: str) -> Flask:
    """The service as it is served; its log lines are made and thrown away."""
    observe.log_to(open(os.devnull, "w"))  # noqa: SIM115
    return create_app(Settings(database_url=database))


class Ordinary:
    """Every resource through fhir.resources R4B, and then the service's own work on the same call."""

    def __init__(self) -> None:
        from fhir.resources.R4B import get_fhir_model_class

        self._model = get_fhir_model_class
        self._site = Site(load(), catalogue())

    def __call__(self, body: bytes) -> int:
        """The number of cards, so that nothing can be skipped."""
        for found in json.loads(body)["prefetch"].values():
            for entry in found.get("entry", ()) if found["resourceType"] == "Bundle" else ({"resource": found},):
                self._model(entry["resource"]["resourceType"]).model_validate(entry["resource"])
        asked = read_request(body, tuple(Hook))
        return len(respond(asked, asked.as_of or datetime.now(UTC), self._site).body["cards"])
