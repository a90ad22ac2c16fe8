"""FHIR servers for tests: sekmet-fhir as it is installed, and one of our own in front of it that goes wrong on demand."""

import gzip
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

TOKEN = "the-token-of-this-call"
FHIR = "application/fhir+json"
PATIENT = {"reference": "Patient/p"}
CONDITIONS: list[dict[str, Any]] = [
    {"resourceType": "Condition", "id": f"c{n}", "subject": PATIENT, "code": {"text": f"Bunion {n}"}} for n in range(45)
]
CHART: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1948-03-02"},
    {"resourceType": "Patient", "id": "q", "gender": "male", "birthDate": "1950-01-01"},
    *CONDITIONS,
    {
        "resourceType": "Condition",
        "id": "spondylodiscitis",
        "subject": PATIENT,
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M46.46"}]},
    },
    {"resourceType": "Condition", "id": "others", "subject": {"reference": "Patient/q"}, "code": {"text": "x"}},
    {"resourceType": "Medication", "id": "m", "code": {"text": "apixaban 5 MG Oral Tablet"}},
    {
        "resourceType": "MedicationRequest",
        "id": "r",
        "status": "active",
        "intent": "order",
        "subject": PATIENT,
        "medicationReference": {"reference": "Medication/m"},
    },
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def send(url: str, body: Mapping[str, Any] | None = None, token: str = "") -> Any:
    headers = {"Content-Type": FHIR} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method="GET" if body is None else "PUT")
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


@dataclass(frozen=True)
class Sekmet:
    """A running sekmet: the address of its FHIR endpoint, and the token that it asks for, if any."""

    base: str
    token: str = ""

    def load(self, resources: Iterable[Mapping[str, Any]]) -> None:
        for resource in resources:
            send(f"{self.base}/{resource['resourceType']}/{resource['id']}", resource, self.token)

    def get(self, path: str) -> Any:
        return send(f"{self.base}/{path}", token=self.token)


@contextmanager
def sekmet(folder: Path, token: str = "") -> Iterator[Sekmet]:
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    settings = {
        "base_url": base,
        "host": "127.0.0.1",
        "port": port,
        "data_dir": str(folder),
        "log_inbound": False,
        "server_auth": {"types": ["bearer"], "tokens": [token]} if token else {"types": ["none"]},
        "validation": {"inbound": "off"},
        "simulator": {"enabled": False},
        "own_private_key_path": str(folder / "key.pem"),
    }
    (folder / "settings.yaml").write_text(json.dumps(settings))  # JSON is YAML
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "sekmet"), "serve", "-c", str(folder / "settings.yaml")],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(300):
            assert process.poll() is None, (folder / "log").read_text()
            try:
                send(f"{base}/metadata", token=token)
                break
            except OSError:
                time.sleep(0.1)
        yield Sekmet(base, token)
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Faulty:
    """A server in front of another. Under `/<fault>/<Type>` it behaves badly where that type is asked for, else it passes on.

    `asked` is every path that was asked for with its Authorization header; `over` ends what hangs.
    """

    port: int
    upstream: Sekmet
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    elsewhere: str = ""

    def base(self, fault: str, kind: str = "MedicationRequest") -> str:
        return f"http://127.0.0.1:{self.port}/{fault}/{kind}"


def searchset(*resources: Mapping[str, Any], following: str = "") -> bytes:
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": item} for item in resources],
    }
    return json.dumps(bundle | ({"link": [{"relation": "next", "url": following}]} if following else {})).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.state.asked.append((self.path, self.headers.get("Authorization")))
        _, fault, kind, *rest = self.path.split("/", 3)
        wanted = rest[0] if rest else ""
        ill = FAULTS.get(fault) if wanted.startswith((kind, "page")) else None
        try:
            ill(self) if ill else self.pass_on(wanted)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.state.asked.append((f"POST {self.path}?{form}", self.headers.get("Authorization")))
        _, _, _, wanted = self.path.split("/", 3)
        self.pass_on(f"{wanted.removesuffix('/_search')}?{form}")

    def pass_on(self, wanted: str) -> None:
        state = self.server.state
        request = urllib.request.Request(f"{state.upstream.base}/{wanted}")
        if self.headers.get("Authorization"):
            request.add_header("Authorization", self.headers["Authorization"])
        mine = f"http://127.0.0.1:{state.port}/" + "/".join(self.path.split("/")[1:3])
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                self.answer(response.read().replace(state.upstream.base.encode(), mine.encode()))
        except HTTPError as error:
            self.answer(error.read(), error.code)

    def answer(self, body: bytes, status: int = 200, kind: str = FHIR, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: Faulty

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


def _status(code: int, **headers: str) -> Callable[[_Handler], None]:
    return lambda handler: handler.answer(b'{"resourceType": "OperationOutcome"}', code, **headers)


def _refuses(status: int, code: str, text: str = "") -> Callable[[_Handler], None]:
    issue = {"severity": "error", "code": code, "diagnostics": text}
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
    return lambda handler: handler.answer(body, status)


def _once(code: int) -> Callable[[_Handler], None]:
    """Refuses the first time, then passes on."""

    def ill(handler: _Handler) -> None:
        tried = sum(path == handler.path for path, _ in handler.server.state.asked)
        handler.answer(b"", code) if tried == 1 else handler.pass_on(handler.path.split("/", 3)[3])

    return ill


def _hang(handler: _Handler) -> None:
    handler.server.state.over.wait(20)
    handler.close_connection = True


def _slowly(text: bytes) -> Callable[[_Handler], None]:
    """Sends a byte now and then, for ever."""

    def ill(handler: _Handler) -> None:
        handler.wfile.write(text)
        while not handler.server.state.over.wait(0.05):
            handler.wfile.write(b"x")
        handler.close_connection = True

    return ill


def _reset(handler: _Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def _delay(handler: _Handler) -> None:
    time.sleep(0.1)
    handler.pass_on(handler.path.split("/", 3)[3])


def _cut_short(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + searchset()[:40])
    handler.close_connection = True


def _page_after_page(handler: _Handler) -> None:
    number = len(handler.server.state.asked)
    handler.answer(
        searchset(following=f"http://{handler.headers['Host']}/{'/'.join(handler.path.split('/')[1:3])}/page{number}")
    )


def _huge(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n")
    for _ in range(200):
        handler.wfile.write(b" " * 1_000_000)


_BOMB = gzip.compress(b" " * 200_000_000, 1)


def _redirect(handler: _Handler) -> None:
    handler.answer(b"", 302, Location=f"{handler.server.state.elsewhere}/stolen")


def _next_elsewhere(handler: _Handler) -> None:
    handler.answer(searchset(following=f"{handler.server.state.elsewhere}/stolen"))


def _no_include(handler: _Handler) -> None:
    """Refuses a parameter that it does not know, as some servers do."""
    wanted = handler.path.split("/", 3)[3]
    _status(400)(handler) if "_include" in wanted else handler.pass_on(wanted)


def _answers(body: object) -> Callable[[_Handler], None]:
    """Answers HTTP 200 with a JSON value that is no whole answer to a search."""
    data = json.dumps(body).encode()
    return lambda handler: handler.answer(data)


def _holds(*entries: Mapping[str, Any], **members: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **members}


def _outcome(severity: str, code: str) -> dict[str, Any]:
    issue = {"severity": severity, "code": code, "diagnostics": "of the server"}
    return {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}


_LATEX = {
    "resourceType": "AllergyIntolerance",
    "id": "latex",
    "patient": PATIENT,
    "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1003755004", "display": "Allergy to latex"}]},
}
NO_WHOLE_ANSWERS: dict[str, tuple[object, str]] = {
    "null": (None, "failed"),
    "empty-list": ([], "failed"),
    "list": ([_LATEX], "failed"),
    "text": ("no entries", "failed"),
    "capabilities": ({"resourceType": "CapabilityStatement", "status": "active"}, "failed"),
    "parameters": ({"resourceType": "Parameters"}, "failed"),
    "another-type": ({"resourceType": "Observation", "id": "o", "status": "final", "subject": PATIENT}, "failed"),
    "one-resource": (_LATEX, "cut"),
    "forbidden-inside": (_holds(_outcome("error", "forbidden")), "failed"),
    "suppressed-inside": (_holds(_outcome("warning", "suppressed"), total=0), "failed"),
    "suppressed-beside": (_holds({"resource": _LATEX}, _outcome("information", "suppressed")), "cut"),
    "timeout-inside": (
        _holds({"resource": {"resourceType": "Bundle", "entry": [_outcome("fatal", "timeout")]}}),
        "failed",
    ),
    "next-without-address": (_holds({"resource": _LATEX}, link=[{"relation": "next"}]), "cut"),
    "total-as-text": (_holds({"resource": _LATEX}, total="2"), "cut"),
    "total-unreadable": (_holds({"resource": _LATEX}, total={"value": 1}), "cut"),
    "failed-entry": (_holds({"resource": _LATEX}, {"response": {"status": "500 Internal Server Error"}}), "cut"),
}
"""By name, what a server sends for a search, and why what it holds is then unknown."""

FAULTS: dict[str, Callable[[_Handler], None]] = {
    "delay": _delay,
    "hang": _hang,
    "slow-headers": _slowly(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "slow-body": _slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
    "reset": _reset,
    **{str(code): _status(code) for code in (400, 401, 403, 404, 429, 500, 503)},
    "404-bare": lambda handler: handler.answer(b"<html>Not found</html>", 404, "text/html"),
    "404-parameter": _refuses(404, "not-supported", "Search parameter 'patient' is not supported"),
    "404-type": _refuses(
        404, "processing", "HAPI-0302: Unknown resource type 'X' - Server knows how to handle: [Patient]"
    ),
    "501-type": _refuses(501, "not-supported"),
    "429-once": _once(429),
    "503-once": _once(503),
    "429-later": _status(429, Retry_After="30"),
    "html": lambda handler: handler.answer(b"<html>Sign in</html>", kind="text/html"),
    "half-json": lambda handler: handler.answer(searchset()[:40]),
    "cut-short": _cut_short,
    "outcome": lambda handler: handler.answer(b'{"resourceType": "OperationOutcome", "issue": []}'),
    "endless": _page_after_page,
    "huge": _huge,
    "bomb": lambda handler: handler.answer(_BOMB, Content_Encoding="gzip"),
    "redirect": _redirect,
    "next-elsewhere": _next_elsewhere,
    "no-include": _no_include,
    **{name: _answers(body) for name, (body, _) in NO_WHOLE_ANSWERS.items()},
    "notice-inside": _answers(_holds({"resource": _LATEX}, _outcome("information", "informational"))),
}


@contextmanager
def faulty(upstream: Sekmet, elsewhere: str = "") -> Iterator[Faulty]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.state = Faulty(server.server_address[1], upstream, elsewhere=elsewhere)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.state
    finally:
        server.state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
