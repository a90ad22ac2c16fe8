"""The service under granian, called over real sockets by several clients at once."""

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

from tests.bench import ways

_CLIENTS = 8
_SECONDS = 8.0


def through_the_socket(body: bytes) -> dict[str, Any]:
    """Requests a second and latencies, the load coming from the same machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        environment = {**os.environ, "CDS_DATABASE_URL": f"sqlite:///{folder}/load.sqlite3"}
        command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                _wait(port)
                return _load(port, body)
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


def _load(port: int, body: bytes) -> dict[str, Any]:
    taken: list[float] = []
    until = time.perf_counter() + _SECONDS

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() < until:
            began = time.perf_counter()
            connection.request("POST", ways.PATH, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise RuntimeError(f"HTTP {response.status}")
            taken.append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=client) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    return {
        "clients": _CLIENTS,
        "workers": os.cpu_count() or 1,
        "per second": len(taken) / _SECONDS,
        "p50": taken[len(taken) // 2],
        "p99": taken[int(len(taken) * 0.99)],
    }
