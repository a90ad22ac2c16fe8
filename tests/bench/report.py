"""The page of results: what was measured, beside what it is meant to be."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.bench.fallback import DELAY, SEARCHES
from tests.bench.ways import Row


@dataclass(frozen=True, slots=True)
class Around:
    """What is measured around the work itself: MiB by size, seconds to the first answer, latencies and ratios."""

    memory: Mapping[int, float]
    start: float
    socket: Mapping[str, Any]
    beside: Mapping[str, float]
    fallback: Mapping[str, Any]
    signature: float


@dataclass(frozen=True, slots=True)
class Goal:
    """One number and what it should be: at most `limit`, or at least it if `at_least`."""

    what: str
    measured: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the number is on the right side."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def row(self) -> str:
        """As a line of the table."""
        sign = "≥" if self.at_least else "≤"
        return f"| {self.what} | {self.measured:.2f} | {sign} {self.limit:g} | {'yes' if self.is_met else 'no'} |"


def text(rows: Sequence[Row], around: Around) -> str:
    """The page as markdown."""
    socket, fallback = around.socket, around.fallback
    return f"""# Benchmark results

{table(rows, around)}

| measured | number | goal | met |
|---|---|---|---|
{chr(10).join(goal.row for goal in goals(rows, around))}

Through the socket: 70 resources, granian with {socket["workers"]} workers, {socket["clients"]} clients on the same machine,
p50 {socket["p50"]:.1f} ms. FHIR searches: {fallback["calls"]} calls with {SEARCHES} searches of {DELAY * 1000:.0f} ms each,
{fallback["searches"]} in all, over {fallback["connections"]} connections.
"""


def table(rows: Sequence[Row], around: Around) -> str:
    """What one request costs at each size, and how that was measured; README has it too."""
    head = [
        "resources",
        "kB",
        "a json.loads",
        "b Flask alone",
        "c service",
        "d R4B",
        "p50",
        "p99",
        "requests/s",
        "memory",
        "c/a",
        "c/b",
        "d/c",
    ]
    lines = [_table_row(head), "|" + "---|" * len(head), *(_row(row, around.memory[row.resources]) for row in rows)]
    machine = f"{platform.machine()}, {around.socket['workers']} cores, Python {platform.python_version()}"
    return f"""Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine}.
CPU milliseconds a request (medians, the four ways taking turns in one run); p50 and p99 are wall milliseconds of way c in one process;
memory is MiB of peak over idle, the body excluded.

{chr(10).join(lines)}

a: `json.loads` of the body. b: a Flask endpoint that reads the body and does nothing. c: this service, all rules and cards.
d: every resource through fhir.resources R4B, then the work of c."""


def goals(rows: Sequence[Row], around: Around) -> list[Goal]:
    """Every goal with what was measured."""
    by_size = {row.resources: row for row in rows}
    small, middle, big = by_size[70], by_size[500], by_size[5000]
    return [
        Goal("c/a at 70 resources", small.over_json, 3),
        Goal("c/a at 500", middle.over_json, 1.2),
        Goal("c/a at 5,000", big.over_json, 0.6),
        Goal("d/c at 70", small.under_models, 7, at_least=True),
        Goal("d/c at 500", middle.under_models, 20, at_least=True),
        Goal("d/c at 5,000", big.under_models, 25, at_least=True),
        Goal("growth from 500 to 5,000, times", big.service / middle.service, 10.5),
        Goal("memory at 5,000, MiB", around.memory[5000], 15),
        Goal("start of a process to its first answer, s", around.start, 1),
        Goal("through the socket, requests a second", around.socket["per second"], 1000, at_least=True),
        Goal("through the socket, p99 ms", around.socket["p99"], 15),
        Goal("light requests beside a stream of 5,000-resource charts, p99 ms", around.beside["p99"], 40),
        Goal(f"an answer that needs {SEARCHES} FHIR searches, ms", around.fallback["median"], 75),
        Goal("the same over its slowest reply, ms", around.fallback["over"], 10),
        Goal("a token over its bare signature, times", around.signature, 1.2),
    ]


def _row(row: Row, memory: float) -> str:
    times = [row.json, row.flask, row.service, row.models, row.p50, row.p99]
    cells = [row.resources, row.kilobytes, *(f"{time:.2f}" for time in times), f"{1000 / row.service:.0f}"]
    return _table_row(
        [*cells, *(f"{number:.2f}" for number in (memory, row.over_json, row.over_flask, row.under_models))]
    )


def _table_row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
