"""The drugs of other countries are told from what nobody knows: by spelling, by the class that ends a name, and by what is no drug."""

from pathlib import Path

import pytest
import tomli

from cds_service.chart import Basis
from cds_service.knowledge import load
from cds_service.knowledge.drug_names import plain
from cds_service.knowledge.drug_spellings import spelling, unsalted

KNOW = load()
LISTED = tomli.loads((Path(__file__).parent / "data/drugs_abroad.toml").read_text(encoding="utf-8"))
UNKNOWN = LISTED.pop("unknown")


@pytest.mark.parametrize("country", LISTED)
def test_what_a_country_prescribes_is_known(country):
    assert not [name for name in LISTED[country] if not KNOW.drugs.identify((), (name,)).known]


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_nobody_knows_stays_unknown(name):
    assert not KNOW.drugs.identify((), (name,)).known


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Rivaroxabana 20 mg", "rivaroxaban"),
        ("Dabigatranetexilat 150 mg Hartkapseln", "dabigatran"),
        ("Apixabán", "apixaban"),
        ("Clopidogrelum", "clopidogrel"),
        ("Varfarin", "warfarin"),
        ("Dalteparina", "dalteparin"),
        ("Sertralina", "sertraline"),
    ],
)
def test_ours_are_found_in_the_spelling_of_a_country(name, slug):
    found = KNOW.drugs.identify((), (name,)).found
    assert [(item.slug, basis) for item, basis in found] == [(slug, Basis.NAME)]


def test_a_denial_holds_in_every_spelling():
    assert not KNOW.drugs.identify((), ("allergic to rivaroxabana",)).found


def test_no_name_of_ours_ends_as_a_harmless_class_does():
    patterns = KNOW.drugs.harmless
    ours = {name for item in KNOW.drugs.ingredients.values() for name in (item.slug, item.name)}
    forms = {spelling(plain(word)) for name in ours for word in name.replace("-", " ").split()}
    assert not [form for form in forms if any(pattern.search(form) for pattern in patterns)]


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("omepratsoli", "omeprazol"),
        ("levotyroksiini", "levotiroxin"),
        ("hydrochlorothiazide", "idroclorotiazid"),
        ("iron", ""),
    ],
)
def test_countries_spell_one_name_alike_here(word, form):
    assert spelling(word) == form


def test_a_salt_may_be_written_behind_the_name_in_one_word():
    assert unsalted("metoprololsuccinat") == "metoprolol"
    assert unsalted("candesartancilexetil") == "candesartancilexetil"
    assert unsalted("natrium") == "natrium"
