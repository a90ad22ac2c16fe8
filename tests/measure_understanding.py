"""How far the terms of FHIR files are understood: `python -m tests.measure_understanding FILE|DIR…` prints a table by type of resource.

Takes NDJSON (plain or gzipped), Bundles and single resources; of what is not active nothing is counted.
"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import repair
from cds_service.fhir.intake.terms import KINDS, understood
from cds_service.fhir.intake.unread import is_settled
from cds_service.fhir.understanding import Outcome
from cds_service.knowledge import load

_TYPES = {kind.__name__: kind for kind in KINDS}


def entries(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """Every resource in the files whose name must be understood."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.name.removesuffix(".gz").endswith((".json", ".ndjson")):
                yield from (item for item in _in(file) if item.get("resourceType") in _TYPES)


def _in(file: Path) -> Iterator[dict[str, Any]]:
    text = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode(errors="replace")
    for document in text.splitlines() if ".ndjson" in file.name else [text]:
        try:
            value = json.loads(document)
        except ValueError:
            continue
        found = value.get("entry") if isinstance(value, dict) and value.get("resourceType") == "Bundle" else None
        yield from (entry.get("resource", {}) for entry in found or ()) if found else (value,)


def table(paths: list[Path]) -> str:
    """By type how many active entries ended in each way, in how many patients something was not understood, and what that was."""
    context = Context(load(), UTC)
    ends: Counter[tuple[str, str]] = Counter()
    named: Counter[str] = Counter()
    everyone, doubted = set(), set()
    for item in entries(paths):
        read, _ = repair.read(item, _TYPES[item["resourceType"]])
        if is_settled(read):
            continue
        found = understood(read, context)
        ends[item["resourceType"], found.outcome] += 1
        whose = read.subject or read.patient
        everyone.add(whose)
        if found.outcome is Outcome.NOT_UNDERSTOOD:
            named[f"{item['resourceType']} {found.says}"] += 1
            doubted.add(whose)
    kinds = sorted({kind for kind, _ in ends})
    lines = ["| type | " + " | ".join(Outcome) + " |", "|---|" + "---|" * len(Outcome)]
    lines += [f"| {kind} | " + " | ".join(str(ends[kind, outcome]) for outcome in Outcome) + " |" for kind in kinds]
    lines += [f"{len(doubted)} of {len(everyone)} patients have one that was not understood", ""]
    return "\n".join([*lines, *(f"{count} {what}" for what, count in named.most_common(40))])


if __name__ == "__main__":
    print(table([Path(argument) for argument in sys.argv[1:]]))
