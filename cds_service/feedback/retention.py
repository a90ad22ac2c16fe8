"""Deletes what is older than the site wants to keep: at once and then every day, off the request path."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from cds_service.errors import StoreUnavailable

log = structlog.get_logger()

_DAY = 86_400.0  # seconds
_AGAIN = 600.0  # seconds after which a database that could not be used is tried again


class Retention:
    """A thread that calls `purge(before)`, which returns how many entries of feedback and shown cards it deleted.

    It starts when it is first looked after, so that a process forked before has its own. With no days everything is kept.
    """

    def __init__(self, days: int, purge: Callable[[datetime], tuple[int, int]], now: Callable[[], datetime]) -> None:
        self._kept = timedelta(days=days)
        self._purge = purge
        self._now = now
        self._start = threading.Lock()
        self._started = not days

    def ensure(self) -> None:
        """Sees to it that the thread runs; returns at once."""
        if self._started:
            return
        with self._start:
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="retention", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(_DAY if self._deletes() else _AGAIN)

    def _deletes(self) -> bool:
        """Whether it could be done."""
        try:
            said, shown = self._purge(self._now() - self._kept)
        except StoreUnavailable as error:
            log.warning("old feedback not deleted yet", says=str(error))
            return False
        log.info("old feedback deleted", entries=said, cards=shown, days=self._kept.days)
        return True
