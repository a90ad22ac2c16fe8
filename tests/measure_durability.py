"""What it costs that feedback answered 200 is on the disk: `python -m tests.measure_durability`.

The same rows, one a transaction, with and without waiting for the disk, in SQLite and PostgreSQL.
"""

import tempfile
import time
from datetime import UTC, datetime
from uuid import uuid4

from cds_service.store.database import Database
from cds_service.store.records import FeedbackEntry, FeedbackOutcome
from cds_service.store.repository import _feedback_row
from cds_service.store.tables import feedback
from tests.postgres import postgres

ENTRIES = 500
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def measured(database: Database, *, on_disk: bool) -> list[float]:
    """Milliseconds to keep one entry, in order of size."""
    taken = []
    for _ in range(ENTRIES):
        row = _feedback_row(FeedbackEntry(uuid4(), FeedbackOutcome.OVERRIDDEN, NOW, NOW))
        started = time.perf_counter()
        with database.transaction(on_disk=on_disk) as connection:
            connection.execute(feedback.insert(), row)
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


def main() -> None:
    print(f"{'milliseconds to keep one entry':40}{'median':>8}{'p99':>8}")
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        for name, address in (("SQLite", f"sqlite:///{folder}/f.sqlite3"), ("PostgreSQL", server.database())):
            database = Database(address)
            database.upgrade()
            for on_disk in (True, False):
                taken = measured(database, on_disk=on_disk)
                told = f"{name}, {'' if on_disk else 'not '}waiting for the disk"
                print(f"{told:40}{taken[len(taken) // 2]:8.2f}{taken[int(len(taken) * 0.99)]:8.2f}")
            database.close()


if __name__ == "__main__":
    main()
