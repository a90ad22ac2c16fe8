"""The processes that answer: one that dies is replaced, unless they die again and again."""

from collections import deque
from time import monotonic
from typing import Any

from granian.server.mp import MPServer

from cds_service.cli._options import console

_WITHIN = 60.0  # seconds
_MOST = 5
"""So many may die for each process that answers, within those seconds; with one more the service ends."""


class Processes(MPServer):
    """Granian's server, which replaces what dies. By itself it would go on for ever where two processes die in turn."""

    def __init__(self, target: str, **options: Any) -> None:
        super().__init__(target, **{**options, "respawn_failed_workers": True})
        self._deaths: deque[float] = deque()

    def _respawn_workers(self, workers: list[int], *args: Any, **options: Any) -> None:
        now = monotonic()
        self._deaths.extend(now for _ in workers)
        while now - self._deaths[0] > _WITHIN:
            self._deaths.popleft()
        if len(self._deaths) > _MOST * self.workers:
            self.shutdown(exit_code=1)  # which does not return
        super()._respawn_workers(workers, *args, **options)

    def shutdown(self, exit_code: int = 0) -> None:
        """Ends the processes, and says so where that was nobody's wish."""
        if exit_code or self.interrupt_children:
            says = "The processes that answer die again and again: the service ends."
            console.print(says, style="red", markup=False, soft_wrap=True)
        super().shutdown(exit_code)  # type: ignore[no-untyped-call]
