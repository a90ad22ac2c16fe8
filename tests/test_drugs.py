"""Which ingredient a code, a product or a name stands for; and what is wrong with a drug file stops the start."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service import knowledge
from cds_service.chart import Basis
from cds_service.errors import KnowledgeError
from cds_service.knowledge import drug_files, files
from cds_service.knowledge.drugs import Form, Identified
from cds_service.knowledge.files import TABLES
from cds_service.knowledge.systems import load_systems

TABLE = knowledge.load().drugs
ANTITHROMBOTIC = [
    "vitamin-k-antagonist",
    "direct-oral-anticoagulant",
    "unfractionated-heparin",
    "low-molecular-weight-heparin",
    "fondaparinux",
    "direct-thrombin-inhibitor",
    "aspirin",
    "p2y12-inhibitor",
    "glycoprotein-inhibitor",
    "other-antiplatelet",
    "thrombolytic",
    "other-antithrombotic",
]


def slugs(drug: Identified) -> set[str]:
    return {ingredient.slug for ingredient, _ in drug.found}


def coded(system: str, code: str, *texts: str) -> Identified:
    return TABLE.identify(((system, code),), texts)


def named(*texts: str) -> Identified:
    return TABLE.identify((), texts)


@pytest.mark.parametrize(
    ("system", "code", "ingredients"),
    [
        ("rxnorm", "1364430", {"apixaban"}),
        ("rxnorm", "1364447", {"apixaban"}),  # 5 MG Oral Tablet [Eliquis]
        ("rxnorm", "855334", {"warfarin"}),  # a retired Coumadin tablet
        ("rxnorm", "309362", {"clopidogrel"}),
        ("rxnorm", "259081", {"aspirin", "dipyridamole"}),
        ("rxnorm", "226718", {"aspirin", "dipyridamole"}),  # the brand Aggrenox
        ("atc", "B01AF02", {"apixaban"}),
        ("atc", "b01af51", {"aspirin", "rivaroxaban"}),
        ("atc", "B01AF", {"other-factor-xa-inhibitor"}),
        ("snomed", "387458008", {"aspirin"}),
    ],
)
def test_a_code_names_its_ingredients(system: str, code: str, ingredients: set[str]):
    drug = coded(system, code)
    assert slugs(drug) == ingredients
    assert {basis for _, basis in drug.found} == {Basis.CODE}


@pytest.mark.parametrize(
    ("text", "ingredients"),
    [
        ("Eliquis 5 mg", {"apixaban"}),
        ("warfarin sodium 5 MG Oral Tablet [Coumadin]", {"warfarin"}),
        (
            "12 HR aspirin 25 MG / dipyridamole 200 MG Extended Release Oral Capsule [Aggrenox]",
            {"aspirin", "dipyridamole"},
        ),
        ("Aggrenox", {"aspirin", "dipyridamole"}),
        ("Clopidogrel/Aspirin pack", {"aspirin", "clopidogrel"}),
        ("DuoPlavin", {"aspirin", "clopidogrel"}),
        ("Marcumar 3 mg", {"phenprocoumon"}),
        ("Sintrom mitis", {"acenocoumarol"}),
        ("CLEXANE 40MG/0,4ML", {"enoxaparin"}),
        ("Brilique", {"ticagrelor"}),
        ("Acetylsalicylsäure 100 mg", {"aspirin"}),
        ("ASS 100", {"aspirin"}),
        ("asa 81 mg tab", {"aspirin"}),
        ("low molecular weight heparin", {"other-low-molecular-weight-heparin"}),
        ("NOAC", {"other-factor-xa-inhibitor"}),
        ("apixaban (NOAC)", {"apixaban"}),
        ("methylprednisolone 4 mg", {"methylprednisolone"}),
    ],
)
def test_a_name_is_found_in_any_spelling(text: str, ingredients: set[str]):
    drug = named(text)
    assert slugs(drug) == ingredients
    assert {basis for _, basis in drug.found} == {Basis.NAME}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "No aspirin",
            "aspirin-free cold remedy",
            "Allergy to heparin",
            "5-ASA 400 mg",
            "Hirudoid cream",
            "heparinoid gel",
        ),
        *("Lisinopril 10 mg", "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]", "Lasix 40mg"),
        *(
            "Sodium chloride 0.9 %",
            "Calcium 600",
            "Folic acid",
            "Ventolin Inhaler",
            "Insulin glargine",
            "No known medications",
        ),
    ],
)
def test_a_drug_known_by_name_to_be_none_of_ours(text: str):
    assert named(text) == Identified()


@pytest.mark.parametrize(
    "text",
    ["Little pink pill", "ASA class III", "xyzaban sodium", "medication", "", "No information about medications"],
)
def test_words_that_tell_nothing_leave_a_drug_unidentified(text: str):
    assert named(text) == Identified(known=False)


@pytest.mark.parametrize(
    ("system", "code", "known"),
    [
        ("rxnorm", "29046", True),  # lisinopril, which no table of ours holds
        ("atc", "C09AA03", True),
        ("atc", "B01", False),  # above our antithrombotics
        ("snomed", "66493003", False),
        ("ndc", "0000-0000-00", False),
    ],
)
def test_a_drug_coded_in_rxnorm_or_atc_outside_our_sets_is_none(system: str, code: str, known: bool):
    assert coded(system, code) == Identified(known=known)


def test_a_class_code_gives_way_to_the_name():
    drug = coded("atc", "B01AC30", "Asasantin")
    assert {item.slug: basis for item, basis in drug.found} == {"aspirin": Basis.CODE, "dipyridamole": Basis.NAME}


def test_words_that_name_another_drug_than_the_code_count_too():
    assert slugs(coded("rxnorm", "310965", "Warfarin")) == {"ibuprofen", "warfarin"}


def test_the_form_of_a_product_is_told():
    assert coded("rxnorm", "1362060").form is Form.FLUSH
    assert coded("rxnorm", "854801").form is Form.TOPICAL
    assert coded("rxnorm", "1658717", "250 ML heparin sodium, porcine 100 UNT/ML Injection").form is Form.SYSTEMIC


@pytest.mark.parametrize(
    ("slug", "words", "told", "acts"),
    [
        ("heparin", "heparin sodium, porcine 5000 UNT/ML Injection", "5000 units SC q8h", True),
        ("heparin", "heparin sodium, porcine 100 UNT/ML Injection", "", False),
        ("heparin", "heparin 25,000 units in 250 mL (100 units/mL)", "", True),
        ("heparin", "heparin 10 unit/mL", "", False),
        ("heparin", "Heparin lock", "", False),
        ("heparin", "heparin", "Flush line after each use", False),
        ("heparin", "heparin", "infusion via central catheter", True),
        ("diclofenac", "Diclofenac Sodium 0.01 MG/MG Topical Gel", "", False),
        ("ketorolac", "ketorolac 0.5 % ophthalmic solution", "", False),
        ("ketorolac", "ketorolac 30 MG/ML Injection", "", True),
        ("vancomycin", "vancomycin 1 g", "flush line before infusion", True),
    ],
)
def test_flushes_and_local_forms_do_not_count(slug: str, words: str, told: str, acts: bool):
    assert (TABLE.form(TABLE.ingredients[slug], (words,), (told,)) is Form.SYSTEMIC) is acts


def test_every_antithrombotic_is_found_by_each_of_its_own_names():
    """A guard or a longer name of another drug must not hide one."""
    names = {
        name: slug
        for slug, table in files.tables(TABLES / "drugs.toml")["ingredient"].items()
        if table["class"] in ANTITHROMBOTIC
        for name in table.get("names", ())
    }
    assert names
    assert {
        name: slug
        for name, slug in names.items()
        if slug not in slugs(named(name)) and slug not in slugs(named(f"{name} 5 mg"))
    } == {}


@given(
    st.lists(st.text(), max_size=3),
    st.lists(st.tuples(st.sampled_from(["rxnorm", "atc", "snomed"]), st.text()), max_size=3),
)
def test_nothing_written_or_coded_raises(texts: list[str], codings: list[tuple[str, str]]):
    TABLE.identify(tuple(codings), tuple(texts))


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        ("drugs.toml", 'rxnorm = "1364430"', 'rxnorm = "11289"', "ingredient.apixaban.rxnorm"),
        ("drugs.toml", 'rxnorm = "1364430"', 'rxnorm = "eliquis"', "ingredient.apixaban.rxnorm"),
        ("drugs.toml", 'atc = ["B01AF02"]', 'atc = ["B01AF0x2"]', "ingredient.apixaban.atc"),
        ("drugs.toml", '["betrixaban", "Bevyxxa"]', '["betrixaban", "Betrixaban"]', "ingredient.betrixaban.names"),
        ("drugs.toml", 'class = "fondaparinux"', 'class = "fondaparinus"', "ingredient.fondaparinux.class"),
        ("drugs.toml", 'name = "apixaban"', 'nome = "apixaban"', "ingredient.apixaban.nome"),
        ("drugs.toml", "flush_instruction = [", "flush_instruction = ['(',", "guards.flush_instruction (entry 1)"),
        ("drugs.toml", "[guards]", "[guards]\nflsh = []", "guards.flsh"),
        ("drug_products.csv", "1364447,apixaban,", "1364447,apixabam,", "1364447"),
        ("drug_products.csv", "1364447,apixaban,systemic", "1364447,apixaban,liquid", "1364447"),
        ("drug_products.csv", "1364447,apixaban,", "1364445,apixaban,", "1364445"),
        ("drug_products.csv", "1364447,apixaban,", "Eliquis,apixaban,", "Eliquis"),
    ],
)
def test_a_broken_drug_file_names_file_and_key(tmp_path: Path, file: str, old: str, new: str, key: str):
    for name in ("drugs.toml", "drug_products.csv", "other_drugs.txt", "other_drugs_abroad.txt"):
        shutil.copy(TABLES / name, tmp_path)
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1))
    with pytest.raises(KnowledgeError) as raised:
        drug_files.load(tmp_path, load_systems(TABLES / "systems.toml"))
    assert (raised.value.file, raised.value.key) == (file, key)


def test_a_missing_drug_file_is_named(tmp_path: Path):
    for name in ("drugs.toml", "drug_products.csv"):
        shutil.copy(TABLES / name, tmp_path)
    with pytest.raises(KnowledgeError) as raised:
        drug_files.load(tmp_path, load_systems(TABLES / "systems.toml"))
    assert raised.value.file == "other_drugs.txt"
