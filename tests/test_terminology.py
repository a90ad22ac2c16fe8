"""The code lists: every code is real, means what its display says, and stands in the sets it should and in no other."""

import csv
import importlib
import re
import tomllib
import warnings
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from cds_service.knowledge import load
from cds_service.report_text.modifiers import Standing
from cds_service.report_text.namings import NOT_OF_PATIENT, namings

pytestmark = pytest.mark.sweep
KNOWLEDGE = Path(__file__).parent.parent / "cds_service" / "knowledge"
DATA = Path(__file__).parent / "data"


def _toml(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


with warnings.catch_warnings():
    # It reads its tables in a way that Python is about to drop.
    warnings.simplefilter("ignore", DeprecationWarning)
    icd = importlib.import_module("simple_icd_10_cm")

SYSTEMS = _toml(KNOWLEDGE / "tables" / "systems.toml")
LEVELS = _toml(KNOWLEDGE / "tables" / "levels.toml")
DRUGS = _toml(KNOWLEDGE / "tables" / "drugs.toml")
VALUE_SETS = {path.stem: _toml(path) for path in sorted((KNOWLEDGE / "valuesets").glob("*.toml"))}
INGREDIENTS = DRUGS["ingredient"]
REJECTED = [
    (system, code, entry)
    for system, codes in _toml(DATA / "rejected_codes.toml").items()
    for code, entry in codes.items()
]

CLASSES = {
    "vitamin-k-antagonist", "direct-oral-anticoagulant", "unfractionated-heparin", "low-molecular-weight-heparin",
    "fondaparinux", "direct-thrombin-inhibitor", "aspirin", "p2y12-inhibitor", "glycoprotein-inhibitor",
    "other-antiplatelet", "thrombolytic", "other-antithrombotic", "minor-bleeding-agent", "nsaid",
    "serotonergic-antidepressant", "opioid", "analgesic-adjunct", "antibiotic", "glucocorticoid",
    "osteoporosis-therapy", "glp1-agonist",
}  # fmt: skip

# Headings that ICD-10-CM does not allow as codes, and that charts hold all the same.
HEADINGS = {"K74", "M80", "M80.0", "M80.8", "M84.3", "M84.4", "M84.5", "M84.6"}

# Sets of one kind of statement: a code in two of them would say two things at once.
DISJOINT = [
    ["vertebral-fracture", "fracture-posterior-element", "fracture-history", "fracture-cervical", "fracture-sacral",
     "fracture-unspecified-site"],
    ["fracture-osteoporotic", "fracture-neoplastic", "fracture-traumatic"],
    ["fracture-compression", "fracture-burst", "fracture-unstable", "fracture-with-cord-injury"],
    ["spinal-infection", "sepsis", "skin-infection", "urinary-infection", "other-infection", "infection-history",
     "asymptomatic-bacteriuria", "urinary-symptoms"],
    ["vertebral-neoplasm", "vertebral-neoplasm-unspecified", "vertebral-haemangioma"],
    ["malignancy", "malignancy-history"],
    ["bleeding-disorder", "thrombocytopenia-unspecified"],
    ["anticoagulant-status", "antiplatelet-status"],
    ["neurological-compromise", "neurological-condition-elsewhere", "radiculopathy", "old-stroke", "stroke-or-tia"],
    ["pregnancy", "pregnancy-ended", "no-childbearing-potential"],
    ["venous-thromboembolism", "venous-thromboembolism-history"],
    ["allergy-cement", "allergy-cement-antibiotic", "allergy-contrast", "allergy-procedural"],
    ["vertebral-augmentation", "sacroplasty", "cervical-augmentation"],
    ["modality-mri", "modality-ct", "modality-nuclear", "modality-radiograph", "modality-dxa"],
    ["inr", "prothrombin-time", "aptt", "platelets", "haemoglobin", "white-cells", "neutrophils", "crp", "esr",
     "procalcitonin", "creatinine", "egfr", "creatinine-clearance", "heparin-anti-xa", "fibrinogen", "haemoglobin-a1c",
     "blood-culture", "urine-culture", "body-temperature", "body-weight", "body-height", "oxygen-saturation",
     "pain-score", "dxa-study", "pregnancy-test", "pregnancy-status"],
]  # fmt: skip


def _table(value_set, system):
    return {code: display for code, display in value_set.get(system, {}).items() if code != "except"}


def _codes():
    """(set, system, code, display) of every code of every value set, carved-out ones included."""
    for name, value_set in VALUE_SETS.items():
        for system in SYSTEMS:
            for code, display in _table(value_set, system).items():
                yield name, system, code, display
            for code, display in value_set.get(system, {}).get("except", {}).items():
                yield name, system, code, display


def _includes(name):
    return {name}.union(*(_includes(other) for other in VALUE_SETS[name].get("includes", ())))


def _everywhere(system):
    """(where, code) of a system in value sets, levels and drugs."""
    yield from ((name, code) for name, of, code, _ in _codes() if of == system)
    yield from (("levels", code) for code in LEVELS.get(system, ()))
    for slug, drug in INGREDIENTS.items():
        listed = drug.get(system, ())
        yield from ((slug, code) for code in ([listed] if isinstance(listed, str) else listed))


@pytest.mark.parametrize("name", VALUE_SETS)
def test_a_value_set_says_what_it_is_and_holds_something(name):
    value_set = VALUE_SETS[name]
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert all(value_set[key] for key in ("title", "purpose", "source", "reviewed"))
    assert any(_table(value_set, system) for system in SYSTEMS) or value_set.get("includes") or value_set.get("text")
    described = {"title", "purpose", "source", "reviewed", "timed", "unit", "includes", "text"}
    assert set(value_set) <= described | set(SYSTEMS)


@pytest.mark.parametrize("name", VALUE_SETS)
def test_included_sets_exist_and_never_lead_back(name):
    for other in VALUE_SETS[name].get("includes", ()):
        assert name not in _includes(other)


def test_every_icd_10_cm_code_exists_and_its_display_is_its_own():
    wrong = []
    for name, _, code, display in (row for row in _codes() if row[1] == "icd-10-cm"):
        base = code.removesuffix("-")
        if not icd.is_valid_item(base) or icd.get_description(base) != display:
            wrong.append((name, code, display))
        elif code.endswith("-") and not icd.get_children(base):
            wrong.append((name, code, "stands for codes below, and there are none"))
        elif not code.endswith("-") and icd.get_children(base) and code not in HEADINGS:
            wrong.append((name, code, "has codes below and does not stand for them"))
    assert not wrong


def test_every_icd_10_cm_level_is_the_one_its_title_names():
    ordinals = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7}
    for code, levels in LEVELS["icd-10-cm"].items():
        title = icd.get_description(code.removesuffix("-"))
        region = {"cervical": "C", "thoracic": "T", "lumbar": "L"}
        named = re.findall(r"\b[TL]\d{1,2}\b", title)
        if not named and (word := re.search(r"(\w+) (cervical|thoracic|lumbar) vertebra", title)):
            named = [f"{region[word[2]]}{ordinals[word[1]]}"]
        assert levels == (named or ["S1"]), (code, title)


def test_a_code_carved_out_lies_below_a_prefix_of_its_set():
    for name, value_set in VALUE_SETS.items():
        for system in SYSTEMS:
            prefixes = tuple(code.removesuffix("-") for code in _table(value_set, system) if code.endswith("-"))
            for code in value_set.get(system, {}).get("except", {}):
                assert code.startswith(prefixes), (name, code)


def test_every_code_fits_its_system():
    wrong = [
        (name, system, code)
        for name, system, code, _ in _codes()
        if not re.fullmatch(SYSTEMS[system]["pattern"], code.removesuffix("-"))
    ]
    assert not wrong


def test_an_address_names_one_system():
    addresses = Counter(address for system in SYSTEMS.values() for address in system["addresses"])
    assert not [address for address, count in addresses.items() if count > 1]
    assert {key for key, system in SYSTEMS.items() if system["closed"]} == {"icd-10-cm", "icd-10", "icd-10-gm", "sks"}


def _verhoeff(code):
    multiply = [[j if i == 0 else (i + j) % 5 if i < 5 and j < 5 else 0 for j in range(10)] for i in range(10)]
    for i in range(10):
        for j in range(10):
            high, low = divmod(i, 5), divmod(j, 5)
            if not high[0]:
                multiply[i][j] = low[0] * 5 + (high[1] + low[1]) % 5
            else:
                multiply[i][j] = (1 - low[0]) * 5 + (high[1] - low[1]) % 5
    permute = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
    for _ in range(6):
        permute.append([permute[-1][permute[1][i]] for i in range(10)])
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = multiply[check][permute[position % 8][int(digit)]]
    return check == 0


def _luhn(code):
    body, check = code.split("-")
    total = 0
    for position, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10 == int(check)


def test_check_digits():
    assert _verhoeff("401226007")
    assert not _verhoeff("401226008")
    assert not [row for row in _everywhere("snomed") if not _verhoeff(row[1])]
    assert not [row for row in _everywhere("loinc") if not _luhn(row[1])]


@pytest.mark.parametrize(("system", "code", "entry"), REJECTED, ids=[code for _, code, _ in REJECTED])
def test_a_code_often_mistaken_stands_only_where_its_true_meaning_belongs(system, code, entry):
    assert {where for where, listed in _everywhere(system) if listed == code} == set(entry["only_in"])


def test_a_rejected_product_is_no_product_of_ours():
    assert not {code for system, code, _ in REJECTED if system == "rxnorm"} & _products().keys()


@pytest.mark.parametrize("group", DISJOINT, ids=lambda group: group[0])
def test_sets_that_say_different_things_share_no_code(group):
    members = {name: _includes(name) for name in group}
    holders: dict[tuple[str, str], set[str]] = {}
    for name, inner in members.items():
        for other in inner:
            for system in SYSTEMS:
                for code in _table(VALUE_SETS[other], system):
                    holders.setdefault((system, code), set()).add(name)
    assert not {key: names for key, names in holders.items() if len(names) > 1}


def test_a_prefix_never_swallows_another_set_of_its_group():
    """`A18-` next to `A18.01` of another set needs an exception, else one diagnosis says two things."""
    for group in DISJOINT:
        inner = {name: _includes(name) for name in group}
        for name in group:
            for other in (set_id for rest in group if rest != name for set_id in inner[rest]):
                for mine in inner[name]:
                    for system in ("icd-10-cm", "icd-10"):
                        carved = VALUE_SETS[mine].get(system, {}).get("except", {})
                        prefixes = [code[:-1] for code in _table(VALUE_SETS[mine], system) if code.endswith("-")]
                        for code in _table(VALUE_SETS[other], system):
                            if any(code.startswith(p) for p in prefixes):
                                assert any(code.startswith(c.removesuffix("-")) for c in carved), (mine, other, code)


def test_measured_sets_carry_a_unit():
    measured = DISJOINT[-1]
    unitless = {"blood-culture", "urine-culture", "pregnancy-status"}
    assert {name for name in measured if not VALUE_SETS[name].get("unit")} == unitless


@pytest.mark.parametrize("name", [name for name, value_set in VALUE_SETS.items() if "text" in value_set])
def test_patterns_compile_and_meet_folded_text(name):
    text = VALUE_SETS[name]["text"]
    assert set(text) <= {"patterns", "except", "past", "beside_codes_outside"}
    for pattern in (*text["patterns"], *text.get("except", ())):
        assert pattern.isascii()
        assert not re.compile(pattern, re.IGNORECASE).search("")


TEXTS = _toml(DATA / "terminology_texts.toml")["text"]


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["says"])
def test_a_text_meets_the_sets_a_clinician_would_put_it_in(case):
    found = namings([case["says"]], load().index)
    said = {name: naming.wording.standing for naming in found for name in naming.sets}
    named = {name for name, standing in said.items() if standing not in NOT_OF_PATIENT}
    assert set(case.get("is", ())) <= named
    assert not set(case.get("is_not", ())) & {name for name, standing in said.items() if standing is Standing.PRESENT}


@pytest.mark.parametrize("slug", INGREDIENTS)
def test_an_ingredient_is_named_classed_and_findable(slug):
    drug = INGREDIENTS[slug]
    assert set(drug) <= {"name", "class", "rxnorm", "atc", "snomed", "unii", "names"}
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert drug["class"] in CLASSES
    assert drug.get("rxnorm") or drug.get("atc") or drug.get("names")
    for code in drug.get("atc", ()):
        assert re.fullmatch(SYSTEMS["atc"]["pattern"], code.removesuffix("-"))
        assert code.endswith("-") == (len(code.removesuffix("-")) < 7)
    assert all(name.isascii() for name in drug.get("names", ()))


def test_every_class_has_an_ingredient():
    assert {drug["class"] for drug in INGREDIENTS.values()} == CLASSES


def test_a_substance_code_names_one_ingredient():
    for system in ("rxnorm", "snomed"):
        seen = Counter(code for slug, code in _everywhere(system) if slug in INGREDIENTS)
        assert not [code for code, count in seen.items() if count > 1]


def test_an_atc_code_names_several_ingredients_only_if_it_is_a_combination():
    holders: dict[str, list[str]] = {}
    for slug, drug in INGREDIENTS.items():
        for code in drug.get("atc", ()):
            holders.setdefault(code, []).append(slug)
    # ATC numbers combinations from 30 or 50 on, opioid combinations in N02AJ, ibuprofen's relatives in their own codes.
    shared = {code for code, slugs in holders.items() if len(slugs) > 1}
    assert {code for code in shared if int(code[5:]) < 30 and not code.startswith("N02AJ")} <= {
        "J01CR01", "J01CR02", "J01CR05", "J01EE01", "J01CE08",
    }  # fmt: skip


@pytest.mark.parametrize("name", DRUGS["guards"])
def test_guards_compile(name):
    assert DRUGS["guards"][name]
    for pattern in DRUGS["guards"][name]:
        assert pattern.isascii()
        assert not re.compile(pattern, re.IGNORECASE).search("")


def _products():
    with (KNOWLEDGE / "tables" / "drug_products.csv").open(encoding="utf-8") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        return {row["rxcui"]: row for row in rows}


def test_products_are_sorted_known_and_formed():
    products = _products()
    assert all(int(a) < int(b) for a, b in pairwise(products))
    for row in products.values():
        slugs = row["ingredients"].split("|")
        assert slugs == sorted(set(slugs))
        assert set(slugs) <= set(INGREDIENTS)
        assert row["form"] in {"systemic", "flush", "topical", "unspecified"}
        assert row["form"] != "flush" or slugs == ["heparin"]


def test_every_ingredient_code_is_a_product_of_itself():
    products = _products()
    for slug, drug in INGREDIENTS.items():
        if code := drug.get("rxnorm"):
            assert slug in products[code]["ingredients"].split("|"), slug


@pytest.mark.parametrize(
    ("rxcui", "ingredients", "form"),
    [
        ("855290", {"warfarin"}, "systemic"),
        ("1364447", {"apixaban"}, "systemic"),
        ("1658717", {"heparin"}, "systemic"),
        ("1362060", {"heparin"}, "flush"),
        ("243670", {"aspirin"}, "systemic"),
    ],
)
def test_known_products(rxcui, ingredients, form):
    row = _products()[rxcui]
    assert (set(row["ingredients"].split("|")), row["form"]) == (ingredients, form)


def test_the_lists_stay_small_enough_to_read_at_start():
    size = sum(path.stat().st_size for path in KNOWLEDGE.rglob("*.toml") if path.parent.name == "valuesets")
    assert size < 320_000
