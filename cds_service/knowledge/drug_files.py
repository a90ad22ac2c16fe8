"""Reads the drug files: `drugs.toml`, `drug_products.csv` and the lists of other drugs, each entry checked."""

import csv
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from msgspec import field

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.drug_names import DrugNames, Surroundings, plain
from cds_service.knowledge.drugs import DrugTable, Form, Guards, Ingredient
from cds_service.knowledge.files import Table, Text
from cds_service.knowledge.systems import Systems
from cds_service.knowledge.value_sets import check_code

INGREDIENTS, PRODUCTS, OTHERS, ABROAD = "drugs.toml", "drug_products.csv", "other_drugs.txt", "other_drugs_abroad.txt"
_ONE_INGREDIENT = ("rxnorm", "snomed", "unii")


class _Guards(Table, frozen=True, kw_only=True):
    """Patterns of the words around a name."""

    negation: tuple[re.Pattern[str], ...] = ()
    lookalike: tuple[re.Pattern[str], ...] = ()
    heparinoid: tuple[re.Pattern[str], ...] = ()
    flush: tuple[re.Pattern[str], ...] = ()
    flush_instruction: tuple[re.Pattern[str], ...] = ()
    topical: tuple[re.Pattern[str], ...] = ()
    supply: tuple[re.Pattern[str], ...] = ()
    harmless: tuple[re.Pattern[str], ...] = ()


class _Listed(Table, frozen=True, kw_only=True):
    """An ingredient as the file has it: its codes by system, and its names."""

    name: Text
    drug_class: Text = field(name="class")
    rxnorm: Text | tuple[Text, ...] = ()
    atc: tuple[Text, ...] = ()
    snomed: tuple[Text, ...] = ()
    unii: Text | tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()


class _File(Table, frozen=True):
    """The whole of `drugs.toml`."""

    source: Text
    reviewed: date
    classes: tuple[Text, ...]
    guards: _Guards
    ingredient: dict[str, _Listed]


def load(directory: Path, systems: Systems) -> DrugTable:
    """The drug table of a knowledge directory. Raises `KnowledgeError` naming the file and the key at fault."""
    path = directory / INGREDIENTS
    shown, file = files.name(path), files.read(path, _File)
    ingredients: dict[str, Ingredient] = {}
    codes: dict[tuple[str, str], frozenset[str]] = {}
    for slug, table in file.ingredient.items():
        files.refer(shown, f"ingredient.{slug}.class", table.drug_class, file.classes, "class of this file")
        ingredients[slug] = _ingredient(shown, slug, table)
        _index(shown, slug, table, codes, systems)
    guards = file.guards
    surroundings = Surroundings(
        before=tuple(pattern for pattern in guards.negation if pattern.pattern.endswith("$")),
        after=tuple(pattern for pattern in guards.negation if not pattern.pattern.endswith("$")),
        lookalike=guards.lookalike,
        local=guards.heparinoid,
        supply=guards.supply,
        harmless=guards.harmless,
    )
    names = {slug: table.names for slug, table in file.ingredient.items()}
    return DrugTable(
        ingredients,
        codes,
        _products(directory / PRODUCTS, ingredients, systems),
        DrugNames(names, (*lines(directory / OTHERS), *lines(directory / ABROAD)), surroundings),
        Guards(guards.flush, guards.flush_instruction, guards.topical),
    )


def _ingredient(shown: str, slug: str, table: _Listed) -> Ingredient:
    listed = [plain(name) for name in table.names]
    for name in listed:
        if listed.count(name) > 1:
            raise KnowledgeError(shown, f"ingredient.{slug}.names", f"{name!r} is listed twice")
    return Ingredient(slug, table.name, table.drug_class, table.atc, slug.startswith("other-") or not listed)


def _index(
    shown: str, slug: str, table: _Listed, codes: dict[tuple[str, str], frozenset[str]], systems: Systems
) -> None:
    """Adds the codes of one ingredient. Only ATC has codes for combinations, so only there may two share one."""
    for system in (*_ONE_INGREDIENT, "atc"):
        listed = getattr(table, system)
        for code in [listed] if isinstance(listed, str) else listed:
            key = f"ingredient.{slug}.{system}"
            check_code(shown, key, code, slug, systems.patterns[system])
            before = codes.get((system, code), frozenset())
            if slug in before or (before and system in _ONE_INGREDIENT):
                raise KnowledgeError(shown, key, f"{code} is listed twice, also for {', '.join(before)}")
            codes[system, code] = before | {slug}


def _products(
    path: Path, ingredients: Mapping[str, Ingredient], systems: Systems
) -> dict[str, tuple[frozenset[str], Form]]:
    file, products = files.name(path), {}
    for row in csv.DictReader(lines(path)):
        try:
            rxcui, slugs, form = row["rxcui"], frozenset(row["ingredients"].split("|")), Form(row["form"])
        except (KeyError, AttributeError, ValueError) as error:
            raise KnowledgeError(file, str(row.get("rxcui", "")), "needs rxcui, ingredients and form") from error
        check_code(file, rxcui, rxcui, rxcui, systems.patterns["rxnorm"])
        if rxcui in products or not slugs <= ingredients.keys():
            raise KnowledgeError(file, rxcui, "is listed twice or names an ingredient that drugs.toml lacks")
        products[rxcui] = (slugs, form)
    return products


def lines(path: Path) -> list[str]:
    """The lines of a text file that are no comments. Raises `KnowledgeError` if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(files.name(path), "", f"cannot be read ({error})") from error
    return [line for line in text.splitlines() if line and not line.startswith("#")]
