"""Many signed calls at once while PostgreSQL goes and comes back: `python -m tests.endurance`.

Every answer is counted, and at the end every acknowledged entry of feedback is looked for in the database. Loopback only.
"""

import http.client
import json
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cds_service.cases import FIXTURES
from cds_service.store.database import Database
from cds_service.store.repository import joined, tallies
from tests.postgres import Postgres, postgres
from tests.serving import FEEDBACK, SERVICE, Server, serving
from tests.tokens import ISSUER, key_set, token

REQUEST = json.loads((FIXTURES / "requests" / "low-platelets-inpatient.json").read_bytes())
CONFIG = f"""
public_url = "http://127.0.0.1:{{port}}"
database_url = "DATABASE"
[[clients]]
name = "EHR"
issuer = "{ISSUER}"
jwks = "keys.json"
may_set_as_of = true
"""
FAR = 60.0  # seconds that a client waits for an answer


@dataclass
class Tally:
    """What the clients saw: statuses and milliseconds by what was called, and feedback by whether it was acknowledged."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: {"cards": Counter(), "feedback": Counter()})
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: {"cards": [], "feedback": []})
    shown: set[UUID] = field(default_factory=set)
    acknowledged: set[UUID] = field(default_factory=set)
    waiting: list[UUID] = field(default_factory=list)
    without_retry_after: int = 0
    broken: int = 0
    found: int = 0
    shown_found: int = 0
    in_this_process_only: int = 0
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """Entries that were acknowledged and are not in the database."""
        return len(self.acknowledged) - self.found

    def failed(self, what: str) -> int:
        """Answers of 500 and more."""
        return sum(number for status, number in self.statuses[what].items() if status >= 500)

    def table(self) -> str:
        lines = [f"{'':10}{'calls':>8}{'p50 ms':>9}{'p99 ms':>9}  statuses"]
        for what, taken in self.milliseconds.items():
            ordered = sorted(taken) or [0.0]
            p50, p99 = (ordered[int(len(ordered) * part)] for part in (0.5, 0.99))
            statuses = ", ".join(f"{status}: {number}" for status, number in sorted(self.statuses[what].items()))
            lines.append(f"{what:10}{len(taken):8}{p50:9.0f}{p99:9.0f}  {statuses}")
        lines += [
            f"feedback acknowledged {len(self.acknowledged)}, found {self.found}, lost {self.lost}",
            f"shown cards {len(self.shown)}, recorded {self.shown_found}",
            f"connections broken {self.broken}, 503 without Retry-After {self.without_retry_after}",
            f"tokens checked in one process only {self.in_this_process_only}; {self.seconds:.0f} s in all",
        ]
        return "\n".join(lines)


class _Client(threading.Thread):
    """One EHR: it signs, places an order, says what the user did with each card, and keeps what was not taken for later."""

    def __init__(self, server: Server, turns: Iterator[int], calls: int, tally: Tally, lock: threading.Lock) -> None:
        super().__init__(daemon=True)
        self._server, self._turns, self._calls, self._tally, self._lock = server, turns, calls, tally, lock
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=FAR)

    def run(self) -> None:
        while next(self._turns) < self._calls:
            body = self._ask("cards", SERVICE, REQUEST | {"hookInstance": str(uuid4())})
            cards = [UUID(card["uuid"]) for card in body.get("cards", ())]
            with self._lock:
                self._tally.shown.update(cards)
            if next(self._turns) < self._calls:
                self.say(cards)
        self.close()

    def close(self) -> None:
        self._connection.close()

    def say(self, cards: list[UUID]) -> None:
        """The outcome of the cards of one answer."""
        at = datetime.now(UTC).isoformat()
        said = [{"card": str(card), "outcome": "overridden", "outcomeTimestamp": at} for card in cards]
        status = self._ask("feedback", FEEDBACK, {"feedback": said}).get("status", 200)
        with self._lock:
            if status == 200:
                self._tally.acknowledged.update(cards)
            else:
                self._tally.waiting.extend(cards)

    def _ask(self, what: str, path: str, value: Any) -> dict[str, Any]:
        """The body of a 200, else its status."""
        text = json.dumps(value)
        headers = {"Authorization": f"Bearer {token(datetime.now(UTC), self._server.base + path)}"}
        started = time.perf_counter()
        try:
            self._connection.request("POST", path, text, headers | {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            with self._lock:
                self._tally.broken += 1
            return {"status": 0}
        with self._lock:
            self._tally.milliseconds[what].append((time.perf_counter() - started) * 1000)
            self._tally.statuses[what][response.status] += 1
            if response.status == 503 and not response.headers.get("Retry-After"):
                self._tally.without_retry_after += 1
        found: dict[str, Any] = json.loads(body) if response.status == 200 else {"status": response.status}
        return found


@contextmanager
def _service(folder: Path, address: str) -> Iterator[Server]:
    (folder / "keys.json").write_bytes(key_set("P-384"))
    database = Database(address)
    database.upgrade()
    database.close()
    with serving(folder, config=CONFIG.replace("DATABASE", address)) as server:
        yield server


OUTAGES: tuple[tuple[Callable[[Postgres], None], Callable[[Postgres], None]], ...] = (
    (Postgres.stop, Postgres.start),
    (Postgres.crash, Postgres.start),
    (Postgres.hold, Postgres.go_on),
)
"""How the database goes, and how it comes back: stopped, crashed, standing still."""


def endure(server: Postgres, folder: Path, *, calls: int, clients: int, outages: int, seconds: float) -> Tally:
    """Runs the calls with that many outages of some seconds each, spread over the run, and looks for what was acknowledged."""
    tally, lock, done = Tally(), threading.Lock(), count()
    address = server.database()
    started = time.perf_counter()

    def turns() -> Iterator[int]:
        while True:
            with lock:
                number = next(done)
            yield number

    with _service(folder, address) as service:
        threads = [_Client(service, turns(), calls, tally, lock) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for number in range(outages):
            _wait_for(tally, calls * (number + 1) // (outages + 1), threads)
            goes, comes = OUTAGES[number % len(OUTAGES)]
            goes(server)
            time.sleep(seconds)
            comes(server)
        for thread in threads:
            thread.join()
        # An EHR sends again what was not taken.
        time.sleep(1.1)
        later = _Client(service, turns(), calls, tally, lock)
        waiting, tally.waiting = tally.waiting, []
        for card in waiting:
            later.say([card])
        later.close()
        tally.seconds = time.perf_counter() - started
        service.stop()
        tally.in_this_process_only = service.log.count("tokens are checked in this process only")
    database = Database(address)
    kept = {row["card"] for row in joined(database)}
    tally.found = len(tally.acknowledged & kept)
    tally.shown_found = sum(item.cards for item in tallies(database))
    database.close()
    return tally


def _wait_for(tally: Tally, answers: int, threads: list[_Client]) -> None:
    """Until that many answers have come, or nobody asks any more."""
    while any(thread.is_alive() for thread in threads):
        if sum(map(len, tally.milliseconds.values())) >= answers:
            return
        time.sleep(0.01)


def main() -> None:
    """The run as README states it."""
    parser = ArgumentParser(prog="python -m tests.endurance", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--outages", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each outage lasts")
    chosen = vars(parser.parse_args())
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        tally = endure(server, Path(folder), **chosen)
    print(tally.table())
    raise SystemExit(bool(tally.lost or tally.failed("cards") or tally.without_retry_after))


if __name__ == "__main__":
    main()
