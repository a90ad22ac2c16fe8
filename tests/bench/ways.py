"""The four ways to handle one body that are compared: json alone, Flask alone, the service, and the ordinary way."""

import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask, request

from cds_service import logs
from cds_service.app import create_app, settle
from cds_service.hook import Hook
from cds_service.hooks import SERVICE_ID, read_request
from cds_service.knowledge import load
from cds_service.rules import catalogue
from cds_service.service import Site, respond
from cds_service.settings import Settings
from tests.bench import bodies

PATH = f"/cds-services/{SERVICE_ID}"
_SECONDS_A_WAY = {20: 1.0, 70: 1.5, 500: 3.0, 5000: 6.0}


@dataclass(frozen=True, slots=True)
class Row:
    """One size: CPU milliseconds of the four ways, and wall milliseconds of the service."""

    resources: int
    kilobytes: int
    json: float
    flask: float
    service: float
    models: float
    p50: float
    p99: float

    @property
    def over_json(self) -> float:
        """c/a."""
        return self.service / self.json

    @property
    def over_flask(self) -> float:
        """c/b."""
        return self.service / self.flask

    @property
    def under_models(self) -> float:
        """d/c."""
        return self.models / self.service


def measured(resources: int, database: str) -> Row:
    """One size, the four ways taking turns, so that whatever else the machine does meets them all."""
    body = bodies.body(resources)
    nothing, service, ordinary = nothing_app(), service_app(database), Ordinary()
    work: dict[str, Callable[[], object]] = {
        "a": lambda: json.loads(body),
        "b": lambda: call(nothing, body),
        "c": lambda: call(service, body),
        "d": lambda: ordinary(body),
    }
    cpu: dict[str, list[float]] = {name: [] for name in work}
    wall: list[float] = []
    for run in work.values():
        run()
    settle()  # what the ordinary way has loaded is not the service's to look through
    until = time.perf_counter() + _SECONDS_A_WAY[resources] * len(work)
    while time.perf_counter() < until or len(cpu["c"]) < 5:
        for name, run in work.items():
            repeats = 1 if name == "d" or resources >= 500 else 5
            for _ in range(repeats):
                began, started = time.process_time(), time.perf_counter()
                run()
                cpu[name].append((time.process_time() - began) * 1000)
                if name == "c":
                    wall.append((time.perf_counter() - started) * 1000)
    wall.sort()
    middle = {name: statistics.median(times) for name, times in cpu.items()}
    return Row(
        resources,
        round(len(body) / 1000),
        middle["a"],
        middle["b"],
        middle["c"],
        middle["d"],
        wall[len(wall) // 2],
        wall[int(len(wall) * 0.99)],
    )


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
    logs.log_to(open(os.devnull, "w"))  # noqa: SIM115
    app = create_app(Settings(database_url=database))
    settle()
    return app


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
