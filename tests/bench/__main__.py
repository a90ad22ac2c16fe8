"""`make bench` measures and writes RESULTS.md and results.json; `make bench-check` compares with what is stored."""

import argparse
import gc
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import bodies, load, memory, profile, ways

HERE = Path(__file__).parent
RESULTS, NUMBERS = HERE / "RESULTS.md", HERE / "results.json"
WORSE = 1.15
_SECONDS_A_WAY = {20: 1.0, 70: 1.5, 500: 3.0, 5000: 6.0}
Row = dict[str, Any]


def main() -> int:
    """The exit status: 1 if the check found a regression."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the ratios with results.json; write nothing")
    parser.add_argument("--profile", action="store_true", help="time by stage and by rule only")
    options = parser.parse_args()
    if options.profile:
        print(profile.table(bodies.SIZES))
        return 0
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        rows = [_measure(size, f"sqlite:///{folder}/bench.sqlite3") for size in bodies.SIZES]
    if options.check:
        return _check(rows)
    socket = load.through_the_socket(bodies.body(70))
    text = _report(rows, socket)
    NUMBERS.write_text(json.dumps({str(row["resources"]): round(row["c/a"], 3) for row in rows}, indent=1) + "\n")
    RESULTS.write_text(text)
    print(text)
    return 0


def _measure(resources: int, database: str) -> Row:
    """One size, the four ways taking turns, so that whatever else the machine does meets them all."""
    body = bodies.body(resources)
    nothing, service, ordinary = ways.nothing_app(), ways.service_app(database), ways.Ordinary()
    work: dict[str, Callable[[], object]] = {
        "a": lambda: json.loads(body),
        "b": lambda: ways.call(nothing, body),
        "c": lambda: ways.call(service, body),
        "d": lambda: ordinary(body),
    }
    cpu: dict[str, list[float]] = {name: [] for name in work}
    wall: list[float] = []
    for run in work.values():
        run()
    until = time.perf_counter() + _SECONDS_A_WAY[resources] * len(work)
    while time.perf_counter() < until or len(cpu["c"]) < 5:
        for name, run in work.items():
            repeats = 1 if name == "d" or resources >= 500 else 5
            for _ in range(repeats):
                began, started = time.process_time(), time.perf_counter()
                run()
                cpu[name].append((time.process_time() - began) * 1000)
                if name == "c":
                    wall.append((time.perf_counter() - started) * 1000)
    middle = {name: statistics.median(times) for name, times in cpu.items()}
    wall.sort()
    return {
        "resources": resources,
        "kB": round(len(body) / 1000),
        **middle,
        "p50": wall[len(wall) // 2],
        "p99": wall[int(len(wall) * 0.99)],
        "a second": 1000 / middle["c"],
        "memory": memory.peak(resources),
        "c/a": middle["c"] / middle["a"],
        "c/b": middle["c"] / middle["b"],
        "d/c": middle["d"] / middle["c"],
    }


def _report(rows: list[Row], socket: Row) -> str:
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
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        times = " | ".join(f"{row[name]:.2f}" for name in ("a", "b", "c", "d", "p50", "p99"))
        ratios = " | ".join(f"{row[name]:.2f}" for name in ("c/a", "c/b", "d/c"))
        lines.append(
            f"| {row['resources']} | {row['kB']} | {times} | {row['a second']:.0f} | {row['memory']:.1f} | {ratios} |"
        )
    growth = rows[-1]["c"] / rows[-2]["c"]
    return f"""# Benchmark results

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}.
CPU milliseconds a request (medians, the four ways taking turns in one run); p50 and p99 are wall milliseconds of way c in one process;
memory is MiB of peak over idle, the body excluded.

{chr(10).join(lines)}

a: `json.loads` of the body. b: a Flask endpoint that reads the body and does nothing. c: this service, all rules and cards.
d: every resource through fhir.resources R4B, then the work of c.

- Growth from 500 to 5,000 resources: {growth:.1f} times.
- Start of a process to its first answer: {memory.start():.2f} s.
- Through the socket, 70 resources, granian with {socket["workers"]} workers, {socket["clients"]} clients on the same machine:
  {socket["per second"]:.0f} requests a second, p50 {socket["p50"]:.1f} ms, p99 {socket["p99"]:.1f} ms.
"""


def _check(rows: list[Row]) -> int:
    stored = json.loads(NUMBERS.read_text())
    worse = []
    for row in rows:
        before = stored[str(row["resources"])]
        print(f"{row['resources']} resources: c/a {row['c/a']:.2f}, stored {before:.2f}")
        if row["c/a"] > before * WORSE:
            worse.append(row["resources"])
    if worse:
        print(f"More than 15 % slower than stored at {', '.join(map(str, worse))} resources.", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
