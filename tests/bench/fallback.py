"""Six searches of a FHIR server that takes 50 ms for each: how long the whole answer takes, and over how many connections."""

import json
import multiprocessing
import statistics
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any

from tests.bench import bodies, ways

SEARCHES = 6
DELAY = 0.050  # seconds
_CALLS = 40
_EMPTY = b'{"resourceType": "Bundle", "type": "searchset", "total": 0}'


class _Handler(BaseHTTPRequestHandler):
    """Answers every search after the delay with nothing found, and keeps its connection open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # as servers of FHIR do; else the kernel holds each body back for 40 ms on a kept connection
    )
    server: "_Server"

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        began = time.perf_counter()
        time.sleep(DELAY)
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(_EMPTY)))
        self.end_headers()
        self.wfile.write(_EMPTY)
        self.server.replies.append((time.perf_counter() - began) * 1000)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.replies: list[float] = []  # milliseconds


def _serve(told: Connection) -> None:
    """A process of its own, so that it takes nothing from the one that is measured."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        told.send(server.server_address[1])
        server.timeout = 0.1
        while not told.poll():
            server.handle_request()
        told.send((server.connections, server.replies))


def measured() -> dict[str, Any]:
    """Milliseconds of whole calls (median), and over the slowest reply of each; the connections that all of their searches took."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    body = _without_prefetch(f"http://127.0.0.1:{ours.recv()}/fhir")
    taken = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        app = ways.service_app(f"sqlite:///{folder}/fallback.sqlite3")
        for _ in range(_CALLS):
            began = time.perf_counter()
            ways.call(app, body)
            taken.append((time.perf_counter() - began) * 1000)
    ours.send("enough")
    connections, replies = ours.recv()
    process.join()
    slowest = [max(replies[first : first + SEARCHES]) for first in range(0, len(replies), SEARCHES)]
    over = [whole - reply for whole, reply in zip(taken, slowest, strict=True)]
    return {
        "median": statistics.median(taken[1:]),  # the first call connects
        "over": statistics.median(over[1:]),
        "calls": _CALLS,
        "searches": len(replies),
        "connections": connections,
    }


def _without_prefetch(server: str) -> bytes:
    """A request of which six sections have to be searched for; what the server would add to others is not asked."""
    request = json.loads(bodies.body(20))
    request["prefetch"]["tasks"] = json.loads(_EMPTY)
    left_out = ("coagulation", "blood-count", "renal", "pain", "vitals", "inflammation")
    for key in left_out[:SEARCHES]:
        del request["prefetch"][key]
    return json.dumps(request | {"fhirServer": server}).encode()
