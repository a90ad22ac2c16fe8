"""The service under granian, called over real sockets by several clients at once."""

import http.client
import os
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
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while not ended():
        began = time.perf_counter()
        connection.request("POST", ways.PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"HTTP {response.status}")
        taken.append((time.perf_counter() - began) * 1000)


def _spread(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {"p50": ordered[len(ordered) // 2], "p99": ordered[int(len(ordered) * 0.99)]}
