"""Reads the drug files: `drugs.toml`, `drug_products.csv` and `other_drugs.txt`, each entry checked."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.codes import Systems, check_code, compiled
from cds_service.knowledge.drug_names import DrugNames, Surroundings, plain
from cds_service.knowledge.drugs import DrugTable, Form, Guards, Ingredient

INGREDIENTS, PRODUCTS, OTHERS = "drugs.toml", "drug_products.csv", "other_drugs.txt"
_KEYS = frozenset(("name", "class", "rxnorm", "atc", "snomed", "unii", "names"))
_GUARDS = frozenset(("negation", "lookalike", "heparinoid", "flush", "flush_instruction", "topical"))
_ONE_INGREDIENT = ("rxnorm", "snomed", "unii")


def load(directory: Path, systems: Systems) -> DrugTable:
    """The drug table of a knowledge directory. Raises `KnowledgeError` naming the file and the key at fault."""
    file = INGREDIENTS
    tables = files.read(directory / file)
    files.only(file, "", tables, frozenset(("source", "reviewed", "classes", "guards", "ingredient")))
    guards = files.member(file, "", tables, "guards", dict)
    files.only(file, "guards", guards, _GUARDS)
    patterns = {
        name: tuple(compiled(file, f"guards.{name}", pattern) for pattern in guards.get(name, ())) for name in _GUARDS
    }
    ingredients: dict[str, Ingredient] = {}
    codes: dict[tuple[str, str], frozenset[str]] = {}
    names = {}
    classes = files.member(file, "", tables, "classes", list)
    for slug, table in files.member(file, "", tables, "ingredient", dict).items():
        ingredients[slug] = _ingredient(file, slug, table)
        if ingredients[slug].drug_class not in classes:
            raise KnowledgeError(file, f"ingredient.{slug}.class", f"{table['class']!r} is none of the classes")
        names[slug] = table.get("names", ())
        _index(file, slug, table, codes, systems)
    surroundings = Surroundings(
        before=tuple(pattern for pattern in patterns["negation"] if pattern.pattern.endswith("$")),
        after=tuple(pattern for pattern in patterns["negation"] if not pattern.pattern.endswith("$")),
        lookalike=patterns["lookalike"],
        local=patterns["heparinoid"],
    )
    others = lines(directory / OTHERS)
    return DrugTable(
        ingredients,
        codes,
        _products(directory / PRODUCTS, ingredients, systems),
        DrugNames(names, others, surroundings),
        Guards(patterns["flush"], patterns["flush_instruction"], patterns["topical"]),
    )


def _ingredient(file: str, slug: str, table: Mapping[str, Any]) -> Ingredient:
    key = f"ingredient.{slug}"
    files.only(file, key, table, _KEYS)
    listed = [plain(name) for name in table.get("names", ())]
    for name in listed:
        if not name or listed.count(name) > 1:
            raise KnowledgeError(file, f"{key}.names", f"{name!r} is empty or listed twice")
    return Ingredient(
        slug,
        files.member(file, key, table, "name", str),
        files.member(file, key, table, "class", str),
        tuple(table.get("atc", ())),
        slug.startswith("other-") or not listed,
    )


def _index(
    file: str, slug: str, table: Mapping[str, Any], codes: dict[tuple[str, str], frozenset[str]], systems: Systems
) -> None:
    """Adds the codes of one ingredient. Only ATC has codes for combinations, so only there may two share one."""
    for system in (*_ONE_INGREDIENT, "atc"):
        listed = table.get(system, [])
        for code in [listed] if isinstance(listed, str) else listed:
            key = f"ingredient.{slug}.{system}"
            check_code(file, key, code, slug, systems.patterns[system])
            before = codes.get((system, code), frozenset())
            if slug in before or (before and system in _ONE_INGREDIENT):
                raise KnowledgeError(file, key, f"{code} is listed twice, also for {', '.join(before)}")
            codes[system, code] = before | {slug}


def _products(
    path: Path, ingredients: Mapping[str, Ingredient], systems: Systems
) -> dict[str, tuple[frozenset[str], Form]]:
    products = {}
    for row in csv.DictReader(lines(path)):
        try:
            rxcui, slugs, form = row["rxcui"], frozenset(row["ingredients"].split("|")), Form(row["form"])
        except (KeyError, AttributeError, ValueError) as error:
            raise KnowledgeError(path.name, str(row.get("rxcui", "")), "needs rxcui, ingredients and form") from error
        check_code(path.name, rxcui, rxcui, rxcui, systems.patterns["rxnorm"])
        if rxcui in products or not slugs <= ingredients.keys():
            raise KnowledgeError(path.name, rxcui, "is listed twice or names an ingredient that drugs.toml lacks")
        products[rxcui] = (slugs, form)
    return products


def lines(path: Path) -> list[str]:
    """The lines of a text file that are no comments. Raises `KnowledgeError` if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(path.name, "", f"cannot be read ({error})") from error
    return [line for line in text.splitlines() if line and not line.startswith("#")]
