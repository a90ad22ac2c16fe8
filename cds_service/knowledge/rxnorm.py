"""Makes the drug files anew from NLM's RxNorm release: every product, brand and component of the drugs in `drugs.toml`."""

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge.drug_names import generic, plain
from cds_service.knowledge.drugs import DrugTable, Form

_SOURCE = "RXNORM"
_INGREDIENT = "IN"
_BRAND = "BN"
_WITHOUT_FORM = frozenset((_INGREDIENT, "PIN", "MIN", _BRAND, "SCDC", "SBDC"))
_KINDS = _WITHOUT_FORM | frozenset(("SCD", "SBD", "SCDF", "SBDF", "SCDG", "SBDG", "SCDGP", "SBDFP", "GPCK", "BPCK"))
_HOLDS = frozenset(
    (
        *(
            "has_ingredient",
            "has_ingredients",
            "has_precise_ingredient",
            "has_part",
            "form_of",
            "consists_of",
            "contains",
        ),
        *("tradename_of", "quantified_form_of"),
    )
)
"""How a concept of RXNREL points to what it holds: the second concept of a row `has_ingredient` (and so on) the first."""

_NOTICE = """\
# This product uses publicly available data courtesy of the U.S. National Library of Medicine (NLM), National Institutes of
# Health, Department of Health and Human Services; NLM is not responsible for the product and does not endorse or recommend
# this or any other product.
"""


class _Concept(Struct, frozen=True):
    kind: str
    name: str


class DrugFiles(Struct, frozen=True):
    """The texts of the two files, and how many products the release added to and took from the table before it."""

    products: str
    other_drugs: str
    added: int
    kept: int


def build(archive: Path, table: DrugTable, others: Iterable[str]) -> DrugFiles:
    """The drug files from a release archive (the prescribable subset or the full one), `table` and `others` being those in use.

    A concept that was in the table keeps the form that was reviewed, and one that the release no longer holds stays:
    charts go on using retired codes. Raises `KnowledgeError` if the archive is no RxNorm release.
    """
    concepts, holds = _read(archive)
    ours = {code: slugs for code, item in concepts.items() if (slugs := _slugs_of(code, item, table))}
    products = dict(table.products)
    for code, item in concepts.items():
        slugs = frozenset().union(*(ours.get(inner, frozenset()) for inner in _within(code, concepts, holds)))
        if slugs:
            known = table.products.get(code)
            products[code] = (slugs, known[1] if known else _form(item, slugs, table))
    names = {plain(name): name for name in others}
    for code, item in concepts.items():
        if item.kind == _INGREDIENT and code not in ours:
            names.setdefault(plain(item.name), item.name)
    return DrugFiles(
        _product_file(products, archive.name),
        _name_file(names.values(), archive.name),
        added=len(products.keys() - table.products.keys()),
        kept=len(table.products.keys() - concepts.keys()),
    )


def _read(archive: Path) -> tuple[dict[str, _Concept], dict[str, set[str]]]:
    """The current concepts by RxCUI, and what each of them holds directly."""
    concepts = {}
    for row in _rows(archive, "RXNCONSO.RRF", 18):
        code, source, kind, name, suppressed = row[0], row[11], row[12], row[14], row[16]
        if source == _SOURCE and kind in _KINDS and suppressed == "N":
            concepts[code] = _Concept(kind, name)
    holds: dict[str, set[str]] = defaultdict(set)
    for row in _rows(archive, "RXNREL.RRF", 16):
        held, holder, relation = row[0], row[4], row[7]
        if relation in _HOLDS and held in concepts and holder in concepts:
            holds[holder].add(held)
    return concepts, holds


def _rows(archive: Path, member: str, width: int) -> Iterator[list[str]]:
    """The rows of one file of the archive, wherever in it the file lies."""
    try:
        with zipfile.ZipFile(archive) as opened:
            path = next((name for name in opened.namelist() if name.rpartition("/")[2] == member), None)
            if path is None:
                raise KnowledgeError(archive.name, member, "is not in the archive")
            with opened.open(path) as raw:
                for number, line in enumerate(io.TextIOWrapper(raw, encoding="utf-8"), start=1):
                    row = line.rstrip("\r\n").split("|")
                    if len(row) <= width:
                        raise KnowledgeError(archive.name, member, f"line {number} has fewer than {width} columns")
                    yield row
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise KnowledgeError(archive.name, member, f"cannot be read ({error})") from error


def _slugs_of(code: str, item: _Concept, table: DrugTable) -> frozenset[str]:
    """The ingredient of ours that an ingredient concept is, by its code, else by exactly its name."""
    if item.kind != _INGREDIENT:
        return frozenset()
    return table.of_code("rxnorm", code) or table.of_name(item.name)


def _within(code: str, concepts: Mapping[str, _Concept], holds: Mapping[str, set[str]]) -> set[str]:
    """A concept and all that it holds. Brands are not walked through: a brand covers products of different content."""
    seen: set[str] = set()
    waiting = [code]
    while waiting:
        current = waiting.pop()
        if current not in seen and (current == code or concepts[current].kind != _BRAND):
            seen.add(current)
            waiting.extend(holds.get(current, ()))
    return seen


def _form(item: _Concept, slugs: frozenset[str], table: DrugTable) -> Form:
    if item.kind in _WITHOUT_FORM:
        return Form.UNSPECIFIED
    forms = {table.form(table.ingredients[slug], (generic(item.name),)) for slug in slugs}
    return Form.SYSTEMIC if Form.SYSTEMIC in forms else min(forms)


def _product_file(products: Mapping[str, tuple[frozenset[str], Form]], source: str) -> str:
    text = io.StringIO()
    text.write(
        "# RxNorm products, brands and components of the drugs in drugs.toml, with every one of those ingredients they hold.\n"
        "# form: systemic | flush (catheter lock) | topical (skin, eye, ear, airway, mouth)"
        " | unspecified (no form in the concept: counts as systemic).\n"
        f"# Source: {source}, and retired codes of earlier tables.\n{_NOTICE}"
    )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("rxcui", "ingredients", "form"))
    for code, (slugs, form) in sorted(products.items(), key=lambda entry: int(entry[0])):
        writer.writerow((code, "|".join(sorted(slugs)), form))
    return text.getvalue()


def _name_file(names: Iterable[str], source: str) -> str:
    listed = "\n".join(sorted(names, key=str.casefold))
    return (
        "# Names of drugs that are none of those in drugs.toml: a drug known only by such a name is known to be no antithrombotic.\n"
        "# A name that drugs.toml has as well counts as its. Left out: brands that hold an antithrombotic or that are English words.\n"
        f"# Source: ingredients of {source}, and names of earlier lists.\n{_NOTICE}{listed}\n"
    )
