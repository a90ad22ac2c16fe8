"""Writes the titles of the ICD-10-CM codes of the families of danger: `python -m tests.family_titles`, with PyPI's simple-icd-10-cm.

The tabular list is a work of the US government, in the public domain.
"""

import importlib
from collections.abc import Iterator

from cds_service.knowledge import families, family_files, files


def titles(known: families.Families) -> Iterator[tuple[str, str]]:
    """Each code, and each group of codes, of which a family says more than what is cleared for all of them, with its title."""
    icd = importlib.import_module("simple_icd_10_cm")
    for code in icd.get_all_codes(True):
        if code[1:2].isdigit() and "-" not in code and len(code) >= _CATEGORY:
            plain = code.replace(".", "")
            own = (prefix for item in known.all.values() for prefix in _prefixes(item))
            if plain.startswith(tuple(own)):
                yield code, icd.get_description(code)


_CATEGORY = 3


def _prefixes(item: families.Family) -> Iterator[str]:
    for codes in (*(listed.codes for listed in item.lists), *(cleared.codes for cleared in item.cleared)):
        yield from (code.replace(".", "") for code in codes["icd-10-cm"])


if __name__ == "__main__":
    folder = files.DIRECTORY / family_files.FAMILIES
    (folder / family_files.TITLES).touch()
    known = family_files.load(folder, {path.stem for path in (files.DIRECTORY / files.VALUE_SETS).glob("*.toml")})
    lines = sorted(f"{code}\t{title}\n" for code, title in titles(known))
    (folder / family_files.TITLES).write_text("".join(lines), encoding="utf-8")
