"""Stops asking a server that keeps failing, and tries it again after a while."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

FAILURES = 5
REST = 10.0  # seconds


@dataclass(slots=True)
class _State:
    failures: int = 0
    open_until: float = 0.0


class Breaker:
    """Counts failed answers in a row by origin; after five it rests for ten seconds, then one failure more rests it again."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._states: dict[str, _State] = {}
        self._lock = Lock()

    def is_open(self, origin: str) -> bool:
        """Whether the origin is to be left alone now."""
        with self._lock:
            state = self._states.get(origin)
            return state is not None and self._clock() < state.open_until

    def record(self, origin: str, *, ok: bool) -> None:
        """What was asked of the origin for one answer went well, or failed altogether."""
        with self._lock:
            state = self._states.setdefault(origin, _State())
            state.failures = 0 if ok else state.failures + 1
            state.open_until = self._clock() + REST if state.failures >= FAILURES else 0.0
