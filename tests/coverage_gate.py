"""Fails if the unit tests and rule cases leave more of a package untried than they did: lines and branches, by package.

    coverage run -m pytest …; python -m tests.coverage_gate

Laws are not counted: what they alone reach, no case expects anything of.
"""

import json
import sys
from collections.abc import Mapping
from fnmatch import fnmatch
from tempfile import TemporaryDirectory
from typing import Any

import coverage

GATES = {
    "cds_service/rules/*": 100,
    "cds_service/facts/*": 100,
    "cds_service/cards/*": 100,
    "cds_service/engine.py": 100,
    "cds_service/disposition.py": 100,
    "*": 95,
}
"""The least percentage of lines and branches by path; the first pattern that fits a file counts."""


def measured() -> Mapping[str, Mapping[str, Any]]:
    """What coverage knows of each file, the data of all processes joined."""
    data = coverage.Coverage()
    data.combine(keep=True)
    with TemporaryDirectory() as folder:
        data.json_report(outfile=f"{folder}/coverage.json")
        with open(f"{folder}/coverage.json", encoding="utf-8") as file:
            files: dict[str, dict[str, Any]] = json.load(file)["files"]
    return files


def main() -> int:
    """Prints each package that falls short with what its files miss; 1 if there is one."""
    found: dict[str, list[str]] = {pattern: [] for pattern in GATES}
    files = measured()
    for name in files:
        found[next(pattern for pattern in GATES if fnmatch(name, pattern))].append(name)
    failed = False
    for pattern, names in found.items():
        totals = [files[name]["summary"] for name in names]
        tried = sum(item["covered_lines"] + item["covered_branches"] for item in totals)
        there = sum(item["num_statements"] + item["num_branches"] for item in totals)
        percent = 100 * tried / max(there, 1)
        short = percent < GATES[pattern]
        failed |= short
        print(f"{pattern:<28} {percent:6.2f} %  at least {GATES[pattern]} %{'  FAILED' if short else ''}")
        for name in names if short else ():
            missing = [
                *map(str, files[name]["missing_lines"]),
                *(f"{a}->{b}" for a, b in files[name]["missing_branches"]),
            ]
            if missing:
                print(f"    {name}: {', '.join(missing)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
