"""The service as it is run, in a process of its own, for tests that speak to it over HTTP."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from cds_service.store.database import Database
from tests.fhir_servers import free_port

ROOT = Path(__file__).parent.parent
DISCOVERY = "/cds-services"
SERVICE = f"{DISCOVERY}/vertebroplasty-suitability"
FEEDBACK = f"{SERVICE}/feedback"
ORDER = {
    "resourceType": "ServiceRequest",
    "id": "vp",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/SECRET-ID"},
    "code": {"text": "Percutaneous vertebroplasty of T12"},
}


@dataclass
class Server:
    """A running server: its process, port, folder and what it writes."""

    process: subprocess.Popen[str]
    port: int
    folder: Path

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            text = response.read()
            lower = {name.lower(): value for name, value in response.getheaders()}
            return (
                response.status,
                lower,
                json.loads(text) if text and lower["content-type"] == "application/json" else text,
            )
        finally:
            connection.close()

    def post(self, path: str, value: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], Any]:
        return self.ask(
            "POST", path, json.dumps(value).encode(), {"Content-Type": "application/json"} | (headers or {})
        )

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    @property
    def records(self) -> str:
        """What the files of its database hold, as they lie on the disk."""
        return "".join(
            file.read_bytes().decode("utf-8", "replace") for file in sorted(self.folder.glob("cds-service.sqlite3*"))
        )

    def database(self) -> Database:
        return Database(f"sqlite:///{self.folder}/cds-service.sqlite3")


def start(folder: Path, port: int, *options: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port), *options],
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def serving(folder: Path, *options: str, config: str = "") -> Iterator[Server]:
    """A running server with these options and settings (TOML, in which `{port}` is its own)."""
    port = free_port()
    if config:
        (folder / "site.toml").write_text(config.replace("{port}", str(port)))
        options = (*options, "--config", str(folder / "site.toml"))
    server = Server(start(folder, port, *options), port, folder)
    try:
        for _ in range(1200):
            assert server.process.poll() is None, server.log
            try:
                if server.ask("GET", "/health/live")[0] == 200:
                    break
            except OSError:
                time.sleep(0.05)
        else:
            raise TimeoutError(server.log)
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def call(**changes: Any) -> dict[str, Any]:
    context = {
        "userId": "Practitioner/d",
        "patientId": "SECRET-ID",
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": ORDER}]},
    }
    prefetch = {"conditions": {"resourceType": "Bundle", "type": "searchset"}}
    return {"hook": "order-sign", "hookInstance": str(uuid4()), "context": context, "prefetch": prefetch} | changes


def feedback(card: str, outcome: str = "overridden") -> dict[str, Any]:
    return {"feedback": [{"card": card, "outcome": outcome, "outcomeTimestamp": "2026-11-22T09:00:00Z"}]}


def eventually(check: Callable[[], bool]) -> bool:
    """Whether it comes true within some seconds."""
    for _ in range(300):
        if check():
            return True
        time.sleep(0.03)
    return False
