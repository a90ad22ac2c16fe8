"""`make bench` measures and writes RESULTS.md, results.json and README's table; `make bench-check` compares with what is stored."""

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

from tests.bench import bodies, fallback, load, memory, profile, report, signature, ways

HERE = Path(__file__).parent
RESULTS, NUMBERS, README = HERE / "RESULTS.md", HERE / "results.json", HERE.parents[1] / "README.md"
WORSE = 1.15
_ATTEMPTS = 3


def main() -> int:
    """The exit status: 1 if the check found a regression."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the ratios with results.json; write nothing")
    parser.add_argument("--profile", action="store_true", help="time by stage and by rule only")
    options = parser.parse_args()
    if options.profile:
        print(profile.table(bodies.SIZES))
        return 0
    if options.check:
        return _check()
    light, heavy = bodies.body(70), bodies.body(5000)
    around = report.Around(
        memory={size: memory.peak(size) for size in bodies.SIZES},
        start=memory.start(),
        socket=load.through_the_socket(light),
        beside=load.beside(light, heavy),
        fallback=fallback.measured(),
        signature=signature.ratio(),
    )
    # Last, because the models that one of the four ways loads stay in the process.
    rows = [_row(size) for size in bodies.SIZES]
    text = report.text(rows, around)
    NUMBERS.write_text(json.dumps({str(row.resources): round(row.over_json, 3) for row in rows}, indent=1) + "\n")
    RESULTS.write_text(text)
    shown = f"<!-- bench -->\n{report.table(rows, around)}\n<!-- /bench -->"
    README.write_text(re.sub(r"(?s)<!-- bench -->.*<!-- /bench -->", lambda _: shown, README.read_text()))
    print(text)
    return 0


def _row(size: int) -> ways.Row:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return ways.measured(size, f"sqlite:///{folder}/bench.sqlite3")


def _check() -> int:
    """A size counts as worse if it is so each time: what else the machine does may be 15 % on its own."""
    stored = json.loads(NUMBERS.read_text())
    worse = []
    for size in bodies.SIZES:
        limit = stored[str(size)] * WORSE
        for attempt in range(1, _ATTEMPTS + 1):
            ratio = _row(size).over_json
            print(f"{size} resources: c/a {ratio:.2f}, at most {limit:.2f}")
            if ratio <= limit:
                break
            if attempt == _ATTEMPTS:
                worse.append(size)
    if worse:
        print(f"More than 15 % slower than stored at {', '.join(map(str, worse))} resources.", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
