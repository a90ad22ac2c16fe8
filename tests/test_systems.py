"""A code system is found by any spelling of its address, and a code that cannot be one of its own decides nothing."""

from pathlib import Path
from time import perf_counter

import pytest

from cds_service.errors import KnowledgeError
from cds_service.knowledge import load
from cds_service.knowledge.systems import LONGEST_ADDRESS, load_systems, normalised

INDEX = load().index
SYSTEMS = INDEX.systems


@pytest.mark.law
@pytest.mark.parametrize("address", sorted(SYSTEMS.keys))
def test_every_spelling_of_an_address_names_its_system(address: str) -> None:
    plain = normalised(address)
    bodies = [f"urn:oid:{plain}", plain, f"URN:OID:{plain}"] if address.startswith("urn:oid:") else []
    bodies = bodies or [
        f"http://{plain}",
        f"https://{plain}",
        f"https://{plain}/",
        address.upper(),
        f"http://www.{plain}",
    ]
    for spelled in (*bodies, f"{address}|2026", f" {address} "):
        assert INDEX.system(spelled) == SYSTEMS.keys[address], spelled


@pytest.mark.parametrize(
    "address",
    [
        "http://snomed.info/sct/731000124108",
        "http://snomed.info/sct/731000124108/version/20260301",
        "http://snomed.info/xsct/900000000000207008",
        "https://snomed.info/sct|http://snomed.info/sct/32506021000036107",
    ],
)
def test_an_edition_of_snomed_ct_is_snomed_ct(address: str) -> None:
    assert INDEX.system(address) == "snomed"


@pytest.mark.parametrize(
    "address",
    ["", "  ", "/", "|", "urn:oid:", "x" * (LONGEST_ADDRESS + 1), "http://snomed.info/sctx", "\x00"],
)
def test_what_is_no_address_of_ours_names_no_system(address: str) -> None:
    assert INDEX.system(address) == ""


def test_an_endless_address_costs_nothing() -> None:
    """The bound is the cost: nothing of it is read, and nothing is kept."""
    began = perf_counter()
    assert INDEX.system("http://" + "a/" * 5_000_000) == ""
    assert perf_counter() - began < 0.05


def test_one_address_names_one_system(tmp_path: Path) -> None:
    file = tmp_path / "systems.toml"
    table = '[{}]\ntitle = "T"\npattern = "x"\naddresses = ["{}"]\n'
    file.write_text(table.format("a", "http://a.example") + table.format("b", "https://A.example/"))
    with pytest.raises(KnowledgeError, match="also an address of a"):
        load_systems(file)


def test_a_system_extends_one_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "systems.toml"
    file.write_text('[a]\ntitle = "T"\npattern = "x"\nextends = "b"\naddresses = ["http://a.example"]\n')
    with pytest.raises(KnowledgeError, match="'b' is no code system"):
        load_systems(file)


def test_an_address_cannot_be_given_to_a_second_system() -> None:
    assert SYSTEMS.also("https://icd.example/", "icd-10").key("http://ICD.example") == "icd-10"
    with pytest.raises(ValueError, match="loinc"):
        SYSTEMS.also("https://LOINC.org/", "icd-10")
