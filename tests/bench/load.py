"""The service under granian, called over real sockets by several clients at once."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench import ways

_CLIENTS = 8
_SECONDS = 8.0


def through_the_socket(body: bytes) -> dict[str, Any]:
    """Requests a second and latencies, the load coming from the same machine."""
    with _server() as port:
        taken = _load(port, body, clients=_CLIENTS)
    return {"clients": _CLIENTS, "workers": os.cpu_count() or 1, "per second": len(taken) / _SECONDS, **_spread(taken)}


def beside(light: bytes, heavy: bytes) -> dict[str, Any]:
    """Latencies of light requests, one client, while another sends big charts one after the other."""
    with _server() as port:
        ended = threading.Event()
        stream = threading.Thread(target=_repeat, args=(port, heavy, ended.is_set, []))
        stream.start()
        taken = _load(port, light, clients=1)
        ended.set()
        stream.join()
    return _spread(taken)


@contextmanager
def _server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "CDS_DATABASE_URL": f"sqlite:///{folder}/load.sqlite3"}
        command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                _wait(port)
                yield port
            finally:
                server.terminate()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the service did not start")


def _load(port: int, body: bytes, *, clients: int) -> list[float]:
    """Milliseconds of every request that some clients made in the time."""
    taken: list[float] = []
    until = time.perf_counter() + _SECONDS
    threads = [
        threading.Thread(target=_repeat, args=(port, body, lambda: time.perf_counter() > until, taken))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def _repeat(port: int, body: bytes, ended: Callable[[], bool], taken: list[float]) -> None:
    """Over a bare socket: a client library would take a good part of the cores that the service should have."""
    head = f"POST {ways.PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    request = head.encode() + body
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not ended():
            began = time.perf_counter()
            connection.sendall(request)
            _receive(connection)
            taken.append((time.perf_counter() - began) * 1000)


def _receive(connection: socket.socket) -> None:
    """One whole answer. Raises RuntimeError unless it is 200 with as many bytes as it says."""
    received = connection.recv(65536)
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, rest = received.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    if b" 200 " not in head[:16] or length is None:
        raise RuntimeError(head.decode(errors="replace"))
    missing = int(length[1]) - len(rest)
    while missing > 0:
        missing -= len(_more(connection))


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise RuntimeError("the service hung up")
    return received


def _spread(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {"p50": ordered[len(ordered) // 2], "p99": ordered[int(len(ordered) * 0.99)]}
