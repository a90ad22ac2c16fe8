"""The limits of one answer: the moment by which it must be given, and the bytes that may be fetched for it."""

from threading import Lock
from time import monotonic


class Deadline:
    """A moment some milliseconds from now, on a clock that cannot be set back."""

    def __init__(self, milliseconds: float) -> None:
        self._at = monotonic() + milliseconds / 1000

    @property
    def left(self) -> float:
        """Seconds until then; never below zero."""
        return max(0.0, self._at - monotonic())

    @property
    def is_past(self) -> bool:
        """Whether it has come."""
        return monotonic() >= self._at


class Allowance:
    """A number of bytes that several threads draw on; `largest` is what one body may take, so that others have some left."""

    def __init__(self, size: int) -> None:
        self.largest = size // 2
        self._left = size
        self._lock = Lock()

    def take(self, size: int) -> bool:
        """Whether that many were left; they are gone then."""
        with self._lock:
            self._left -= size
            return self._left >= 0

    def give_back(self, size: int) -> None:
        """What was taken in is not kept."""
        with self._lock:
            self._left += size
