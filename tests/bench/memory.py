"""Memory of one request as Python counts it, and time from start to first answer, each in a process of its own."""

import os
import subprocess
import sys
import time

_PEAK = """
import sys, tempfile, tracemalloc
from tests.bench import bodies, ways
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    app = ways.service_app(f"sqlite:///{folder}/m.sqlite3")
    body = bodies.body(int(sys.argv[1]))
    ways.call(app, bodies.body(20))
    tracemalloc.start()
    ways.call(app, body)
    print(tracemalloc.get_traced_memory()[1] / 2**20)
"""
_START = """
import tempfile
from tests.bench import ways
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    app = ways.service_app(f"sqlite:///{folder}/s.sqlite3")
    ways.call(app, open(__import__("sys").argv[1], "rb").read())
    print("answered", flush=True)
"""


def peak(resources: int) -> float:
    """MiB."""
    return float(_run(_PEAK, str(resources)))


def start() -> float:
    """Seconds from starting Python to the first answer, the best of four; the first compiles what is not compiled yet."""
    from cds_service.cases import FIXTURES

    request = str(FIXTURES / "requests" / "suitable-acute-fracture.json")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken = []
    for _ in range(4):
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-c", _START, request], env=environment, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            taken.append(time.perf_counter() - began)
    return min(taken)


def _run(program: str, argument: str) -> str:
    command = [sys.executable, "-c", program, argument]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
