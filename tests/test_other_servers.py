"""The service behind other servers: gunicorn in place of granian, and nginx in front with the lines of the README."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cds_service.cases import FIXTURES
from cds_service.hooks import SERVICE_ID

ROOT = Path(__file__).parent.parent
SERVICE = f"/cds-services/{SERVICE_ID}"
BODY = (FIXTURES / "requests" / "apixaban-20h-before-slot.json").read_bytes()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[int]:
    """A server in the foreground, from when it listens until it is told to stop; its port."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment |= {"PYTHONPATH": str(ROOT), "CDS_DATABASE_URL": f"sqlite:///{folder}/cds.sqlite3"}
    environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder / "counts")
    (folder / "counts").mkdir(exist_ok=True)
    log = folder / "log"
    with log.open("w") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process:
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text()
                if answers(port):
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(15)


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gunicorn")


@pytest.fixture(scope="module")
def gunicorn(folder: Path) -> Iterator[int]:
    port = free_port()
    # As the README writes it, beside where to listen.
    (application,) = re.findall(r"`gunicorn '([^']+)'`", (ROOT / "README.md").read_text(encoding="utf-8"))
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", application]
    with running(command, port, folder) as port:
        yield port


@pytest.fixture(scope="module")
def nginx(gunicorn: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    (location,) = re.findall(r"```nginx\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    location = location.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{gunicorn}")
    # Started by root it would answer as another user, who may not write into this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {kept} server {{ listen 127.0.0.1:{port};\n{location}\n}} }}\n"
    )
    with running([program, "-e", "stderr", "-c", f"{folder}/nginx.conf"], port, folder) as port:
        yield port


@pytest.mark.parametrize("server", ["gunicorn", "nginx"])
def test_a_call_is_answered(server: str, request: pytest.FixtureRequest):
    port = request.getfixturevalue(server)
    status, body = ask(port, "POST", SERVICE, BODY)
    assert status == 200
    assert b"Apixaban" in body
    assert ask(port, "GET", "/cds-services")[0] == 200
    assert ask(port, "POST", SERVICE, b"{")[0] == 400


def test_it_tells_the_same_under_another_server(gunicorn: int, folder: Path):
    """JSON lines, and the counts of all its processes."""
    for _ in range(10):
        assert ask(gunicorn, "POST", SERVICE, BODY)[0] == 200
    lines = [json.loads(line) for line in (folder / "log").read_text().splitlines() if line.startswith("{")]
    answered = [line for line in lines if line["event"] == "answered" and line["status"] == 200 and "hook" in line]
    assert len(answered) >= 10
    counted = f'cds_requests_total{{route="{SERVICE}",status="200"}} {len(answered)}.0'
    assert counted in ask(gunicorn, "GET", "/metrics")[1].decode().splitlines()


def test_one_who_stalls_in_a_body_holds_up_nobody(nginx: int):
    """The proxy waits for the whole body: the service never sees those who do not send it."""
    head = f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{".encode()
    stalled = [socket.create_connection(("127.0.0.1", nginx)) for _ in range(50)]
    try:
        for connection in stalled:
            connection.sendall(head)
        assert ask(nginx, "POST", SERVICE, BODY)[0] == 200
    finally:
        for connection in stalled:
            connection.close()


def test_a_body_over_the_limit_is_refused_by_the_proxy(nginx: int):
    with socket.create_connection(("127.0.0.1", nginx), timeout=10) as connection:
        connection.sendall(f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n".encode())
        assert b" 413 " in connection.recv(100)
