"""How conditions in FHIR files are understood: `python -m tests.measure_conditions FILE|DIR…` prints a table by value set.

Takes NDJSON (plain or gzipped), Bundles and single resources.
"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from cds_service.chart import Basis
from cds_service.fhir.concepts import Context, concept
from cds_service.fhir.decoding import repair, resources
from cds_service.knowledge import load


def conditions(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """Every Condition in the files."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.name.removesuffix(".gz").endswith((".json", ".ndjson")):
                yield from _in(file)


def _in(file: Path) -> Iterator[dict[str, Any]]:
    text = (gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()).decode(errors="replace")
    for document in text.splitlines() if ".ndjson" in file.name else [text]:
        try:
            value = json.loads(document)
        except ValueError:
            continue
        entries = value.get("entry", ()) if isinstance(value, dict) and value.get("resourceType") == "Bundle" else ()
        for resource in (entry.get("resource", {}) for entry in entries) if entries else (value,):
            if isinstance(resource, dict) and resource.get("resourceType") == "Condition":
                yield resource


def table(paths: list[Path]) -> str:
    """By value set how many were found by code and by text, and how many conditions are of no interest or without any words."""
    context = Context(load(), UTC)
    by_code: Counter[str] = Counter()
    by_text: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for resource in conditions(paths):
        read, _ = repair.read(resource, resources.Condition)
        found = concept(read.code, context)
        totals["conditions"] += 1
        if found is None:
            said = read.code is not None and bool(read.code.texts or read.code.codings)
            totals["of no interest to any rule" if said else "not understood: neither code nor text"] += 1
            continue
        totals["by code" if found.basis is Basis.CODE else "by text"] += 1
        (by_code if found.basis is Basis.CODE else by_text).update(found.sets)
    lines = [f"{name}: {count}" for name, count in totals.items()]
    lines += ["", "| value set | by code | by text |", "|---|---|---|"]
    lines += [f"| {name} | {by_code[name]} | {by_text[name]} |" for name in sorted(by_code.keys() | by_text.keys())]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table([Path(argument) for argument in sys.argv[1:]]))
