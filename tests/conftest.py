"""What every test session shares."""

import os

import pytest


def skipped_in_ci(config: pytest.Config) -> list[pytest.TestReport]:
    """Reports of skipped tests where a skip means that continuous integration lacks a tool; empty elsewhere."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return []
    return list(reporter.stats.get("skipped", []))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turns a session that skipped a test in continuous integration into a failed one."""
    if skipped_in_ci(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Names the skipped tests that failed the session."""
    for report in skipped_in_ci(config):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"ERROR skipped in continuous integration: {report.nodeid}: {reason}", red=True)
