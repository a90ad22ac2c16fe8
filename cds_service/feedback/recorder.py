"""Keeps what was shown and sent, off the request path: a full queue or a missing database never costs a card."""

import threading
from collections.abc import Callable
from multiprocessing.util import Finalize
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

from cds_service.errors import StoreUnavailable

_MOST_WAITING = 10_000
_BATCH = 200
_GATHER = 0.05  # seconds: what is shown within them is written together
_PAUSE = 1.0  # seconds before the database is tried again


T = TypeVar("T")


class Recorder(Generic[T]):
    """A queue and one thread that empties it into `keep`; `lost` is told how many records had to be dropped.

    The thread starts with the first record, so that a process forked before has its own.
    """

    def __init__(self, keep: Callable[[list[T]], None], lost: Callable[[int], None], most: int = _MOST_WAITING) -> None:
        self._keep = keep
        self._lost = lost
        self._waiting: Queue[T] = Queue(most)
        self._stop = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, record: T) -> None:
        """Returns at once."""
        self._ensure_thread()
        try:
            self._waiting.put_nowait(record)
        except Full:
            self._lost(1)

    def close(self, timeout: float = 3.0) -> None:
        """Writes what waits, within `timeout` seconds; what cannot be written is counted as lost."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _ensure_thread(self) -> None:
        if self._thread is None:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
                    self._thread.start()
                    # Unlike atexit, this is also called in a server's worker process.
                    Finalize(None, self.close, exitpriority=1)

    def _run(self) -> None:
        batch: list[T] = []
        while not (self._stop.is_set() and self._waiting.empty() and not batch):
            self._fill(batch)
            if not batch:
                continue
            try:
                self._keep(batch)
                batch = []
            except StoreUnavailable:
                if self._stop.is_set():
                    self._lost(len(batch) + self._waiting.qsize())
                    return
                self._stop.wait(_PAUSE)
            except Exception:  # a fault of ours must not end the thread
                self._lost(len(batch))
                batch = []

    def _fill(self, batch: list[T]) -> None:
        try:
            if not batch:
                batch.append(self._waiting.get(timeout=0.2))
                self._stop.wait(_GATHER)
            while len(batch) < _BATCH:
                batch.append(self._waiting.get_nowait())
        except Empty:
            return
