"""What every test session shares: servers are started by the first test that needs them."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fhir_servers import Sekmet
    from tests.postgres import Postgres
    from tests.serving import Server

# The processes that tests start find the service compiled, as they would where it is installed.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # a worker is measured, what it starts is not: it would be slower


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for is waited for long: other tests share the machine."""
    monkeypatch.setattr("cds_service.app.records._FOR_FEEDBACK", 60.0)
    monkeypatch.setattr("cds_service.app.records._FOR_HEALTH", 60.0)
    monkeypatch.setattr("cds_service.auth.keys.PATIENCE", 20.0)


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Server]":
    """The service as it runs without any configuration, but with time to fetch on a machine that is busy."""
    from tests.serving import serving

    with serving(tmp_path_factory.mktemp("laptop"), config="deadline_ms = 20000") as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[Postgres]":
    """A PostgreSQL; a test that stops it starts it again."""
    from tests.postgres import postgres

    with postgres() as running:
        yield running


@pytest.fixture(scope="session")
def fhir(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Sekmet]":
    """A FHIR server that asks for a token, with a chart in it."""
    from tests.fhir_servers import CHART, TOKEN, sekmet

    with sekmet(tmp_path_factory.mktemp("fhir"), TOKEN) as running:
        running.load(CHART)
        yield running


_SERVERS = frozenset(("laptop", "guarded", "postgres_server", "fhir", "patience"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that need a server, before marks choose what runs."""
    for item in items:
        if not _SERVERS.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("server")


def _keep_measurement() -> None:
    """A worker of pytest-xdist may be ended before coverage saves by itself at exit: then all that it measured would be lost."""
    if measuring := sys.modules.get("coverage"):
        current = measuring.Coverage.current()
        if current is not None:
            current.save()


def skipped_in_ci(config: pytest.Config) -> list[pytest.TestReport]:
    """Reports of skipped tests and subtests where a skip means that continuous integration lacks a tool; empty elsewhere."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return []
    # Pytest files a skipped subtest with what it does not print, under no name.
    listed = (report for name in ("skipped", "") for report in reporter.stats.get(name, ()))
    return [report for report in listed if report.skipped and not hasattr(report, "wasxfail")]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keeps what was measured, and turns a session that skipped a test in continuous integration into a failed one."""
    _keep_measurement()
    if skipped_in_ci(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Names the skipped tests that failed the session."""
    for report in skipped_in_ci(config):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"ERROR skipped in continuous integration: {report.nodeid}: {reason}", red=True)
