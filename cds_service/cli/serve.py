"""`cds-service serve`: runs the service under granian."""

import gc
import os
import shlex
import socket
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from cds_service.cli._options import config_option, console
from cds_service.cli._start import check_files, check_knowledge
from cds_service.errors import StoreUnavailable
from cds_service.settings import CONFIG_VARIABLE, PREFIX, Settings, load

_FIXTURES = "fixtures/requests"


@click.command()
@config_option
@click.option("--host", help="Address to listen on; by default 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; by default 8000.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that answer; by default one for each core.")
def command(config: Path | None, host: str | None, port: int | None, workers: int | None) -> None:
    """Start the service; it stops gracefully on Ctrl-C or SIGTERM."""
    gc.disable()  # until the processes that answer have settled: hardly anything that start loads is garbage
    # The server's processes read their settings anew, so what is given here goes to them through the environment.
    chosen = {"HOST": host, "PORT": port, "WORKERS": workers}
    os.environ.update({PREFIX + name: str(value) for name, value in chosen.items() if value is not None})
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.resolve())
    settings = load()
    _refuse_taken_port(settings)
    check_knowledge(settings)
    check_files(settings)
    _prepare_database(settings)
    _announce(settings)
    _run(settings)


def _refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            problem = f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another with --port."
            raise click.ClickException(problem) from None


def _prepare_database(settings: Settings) -> None:
    """Cards do not need the database, so whatever is wrong with it is said and the service starts."""
    from cds_service.store.database import Database

    database = Database(settings.database_url)
    try:
        if database.is_current:
            return
        if database.is_sqlite:
            database.upgrade()
        else:
            _warn("The database is not at this release: feedback waits for `cds-service db upgrade`.")
    except StoreUnavailable as error:
        _warn(f"{error}. Feedback cannot be kept in {database.address}; cards are served.")
    finally:
        database.close()


def _warn(says: str) -> None:
    console.print(says, style="yellow", markup=False, soft_wrap=True)


def _announce(settings: Settings) -> None:
    from cds_service.hooks import BY_HOOK, ONE_ID

    console.print(f"Discovery: {settings.base_url}{ONE_ID.path}", soft_wrap=True)
    console.print(f"By hook:   {settings.base_url}{BY_HOOK.path}", soft_wrap=True)
    console.print(f"Try it:    cds-service replay --url {shlex.quote(settings.base_url)} {_FIXTURES}", soft_wrap=True)


def _run(settings: Settings) -> None:
    # Where the processes put their counts, so that /metrics tells those of all.
    with TemporaryDirectory(prefix="cds-service-metrics-") as counts:
        if settings.workers > 1:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", counts)
        _serve(settings)


def _serve(settings: Settings) -> None:
    _preload()
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from cds_service.cli._processes import Processes

    Processes(
        "cds_service.app:application",
        factory=True,
        address=settings.host.strip("[]"),
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        websockets=False,
        # A thread that waits for a slow sender holds nothing up, so there may be many; the server would warn of it.
        backpressure=256,
        log_level=LogLevels.error,
        workers_kill_timeout=10,
    ).serve()


def _preload() -> None:
    """The processes that answer are forked from this one: what it has loaded they share, and need not load again."""
    from cds_service.service import warm_up

    import_module("cds_service.app")
    warm_up()
