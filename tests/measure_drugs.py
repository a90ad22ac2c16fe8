"""Counts how the drugs of a population were identified: `python -m tests.measure_drugs DIRECTORY…`.

Reads NDJSON (also gzipped) and JSON Bundles. One row a drug, by the words of its first text or code: how many resources
were identified by an ingredient's code, by a product's code, by name, how many are known to be none of ours, and how
many nothing identifies. The last line but one names the antithrombotics among the latter, which must be none.
"""

import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

from cds_service import knowledge
from cds_service.chart import Source
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import repair, resources
from cds_service.fhir.readers.drug_identity import Medications, addressed, drug
from cds_service.fhir.readers.medications import drug_uses

COLUMNS = ("code", "product", "name", "none of ours", "not understood")
ANTITHROMBOTIC = re.compile(
    r"warfarin|coumad|parin|xaban|gatran|grel|aspirin|salicyl|dipyridamol|irud|teplase|fiban|ciximab|kinase|coumon|indione"
    r"|anticoag|thinner|eliquis|xarelto|pradaxa|plavix|brilinta",
    re.IGNORECASE,
)


def documents(directory: Path) -> Iterator[dict[str, Any]]:
    """Every resource in the files below a directory, with the address of its Bundle entry under `fullUrl`."""
    for path in sorted(item for item in directory.rglob("*") if item.is_file()):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = raw.decode("utf-8-sig", errors="replace")
        for value in _values(text):
            yield from _resources(value, "")


def _values(text: str) -> Iterator[object]:
    """The JSON document of a file, else of each of its lines; what is no JSON is passed over."""
    try:
        yield json.loads(text)
        return
    except ValueError:
        lines = text.splitlines()
    for line in lines:
        with suppress(ValueError):
            yield json.loads(line)


def _resources(value: object, full_url: str) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _resources(item, "")
    elif isinstance(value, dict):
        if isinstance(value.get("resourceType"), str) and value["resourceType"] != "Bundle":
            yield {**value, "fullUrl": full_url}
        else:
            for item in value.values():
                yield from _resources(item, str(value.get("fullUrl") or ""))


def how(resource: resources.MedicationUse, medications: Medications, context: Context) -> str:
    """The column of one resource."""
    named = drug(resource, medications, context)
    if not named.identified.known:
        return "not understood"
    if not named.identified.found:
        return "none of ours"
    if any(basis == "name" for _, basis in named.identified.found):
        return "name"
    index, table = context.know.index, context.know.drugs
    codes = resource.medicationCodeableConcept.codes if resource.medicationCodeableConcept else []
    return "code" if any(table.of_code(index.system(address), code) for address, code in codes) else "product"


def main(directories: list[Path]) -> int:
    """Prints the table; the exit status is 1 if an antithrombotic was not understood."""
    context = Context(knowledge.load(), UTC)
    read = [item for directory in directories for item in documents(directory)]
    medications = addressed(
        (medication, str(item["fullUrl"]))
        for item in read
        if isinstance(medication := repair.read(item, resources.Medication)[0], resources.Medication)
        and item["resourceType"] == "Medication"
    ).beside("")
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    uses: Counter[str] = Counter()
    for item in read:
        shape = resources.TYPES.get(item["resourceType"])
        if shape is None or not issubclass(shape, resources.MedicationUse):
            continue
        resource, _ = repair.read(item, shape)
        assert isinstance(resource, resources.MedicationUse)
        name = drug(resource, medications, context).name
        rows[name][how(resource, medications, context)] += 1
        uses.update(use.ingredient for use in drug_uses(resource, Source("measured"), medications, context))
    _print(rows, uses)
    missed = [name for name, row in rows.items() if row["not understood"] and ANTITHROMBOTIC.search(name)]
    print(f"antithrombotics not understood: {len(missed)} {missed}")
    return 1 if missed else 0


def _print(rows: dict[str, Counter[str]], uses: Counter[str]) -> None:
    print("drug".ljust(60), *(column.rjust(14) for column in COLUMNS))
    for name, row in sorted(rows.items(), key=lambda entry: -entry[1].total()):
        print(name[:60].ljust(60), *(str(row[column] or "").rjust(14) for column in COLUMNS))
    total = sum(rows.values(), Counter())
    print("all".ljust(60), *(str(total[column]).rjust(14) for column in COLUMNS))
    print("uses by ingredient:", ", ".join(f"{name or '(unidentified)'} {count}" for name, count in uses.most_common()))


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
