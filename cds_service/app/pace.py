"""Holds a client to so many hook calls a minute: a loop in one EHR then costs the others nothing."""

from collections.abc import Callable
from threading import Lock
from time import monotonic


class Pace:
    """A store of calls that holds one minute's and fills evenly; 0 a minute means as many as there are."""

    def __init__(self, calls_per_minute: int = 0, clock: Callable[[], float] = monotonic) -> None:
        self._most = float(calls_per_minute)
        self._clock = clock
        self._left = self._most
        self._at = clock()
        self._lock = Lock()

    def take(self) -> float:
        """Counts one call; 0 if it may be answered, else the seconds until one may."""
        if not self._most:
            return 0.0
        per_second = self._most / 60
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + (now - self._at) * per_second)
            self._at = now
            if self._left < 1:
                return (1 - self._left) / per_second
            self._left -= 1
            return 0.0
