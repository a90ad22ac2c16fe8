"""A code system is found by any spelling of its address, and a code that cannot be one of its own decides nothing."""

from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cds_service.chart import Certainty, Condition, Level, Source, State
from cds_service.errors import KnowledgeError
from cds_service.fhir.concepts import Context
from cds_service.fhir.concepts import levels as levels_of
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Term
from cds_service.fhir.readers.conditions import conditions
from cds_service.fhir.readers.drug_identity import described, is_coded
from cds_service.fhir.understanding import Outcome, understanding
from cds_service.knowledge import load
from cds_service.knowledge.site import with_addresses
from cds_service.knowledge.systems import LONGEST_ADDRESS, load_systems, normalised
from cds_service.service import site_of
from cds_service.settings import Client, Settings

KNOW = load()
INDEX = KNOW.index
CONTEXT = Context(KNOW, UTC)
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


def test_an_endless_address_is_not_read() -> None:
    """The bound is the cost: one that begins like ours, and would be found without it, is none."""
    ours = "http://snomed.info/sct/"
    assert INDEX.system(f"{ours}{'9' * 40}") == "snomed"
    assert INDEX.system(f"{ours}{'9' * 5_000_000}") == ""


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


ICD, ICD_10, GM = (
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10",
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
)
SKS, SNOMED, ATC = "urn:oid:1.2.208.176.2.4", "http://snomed.info/sct", "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("icd-10-cm", "M46.46"),
        ("icd-10-cm", "m4646"),
        ("icd-10-cm", " M46.46 "),
        ("icd-10-cm", "M80."),
        ("icd-10", "M46.4+"),
        ("icd-10", "M49.0*"),
        ("icd-10", "M46\u200b.4"),
        ("icd-10", "S32.0A"),
        ("icd-10-gm", "U69.9!"),
        ("sks", "DM464"),
        ("sks", "dm46.4"),
        ("atc", "b01af02"),
        ("snomed", "2304001:363698007=122496007"),
        ("rxnorm", "1191"),
    ],
)
def test_a_code_fits_its_system_however_it_is_written(system: str, code: str) -> None:
    assert SYSTEMS.fits(system, code)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("icd-10-cm", "NA"),
        ("icd-10-cm", "UNK"),
        ("icd-10-cm", "M80.."),
        ("icd-10-cm", ""),
        ("icd-10-cm", "2304001"),
        ("icd-10", "M46.-xxxxxx"),
        ("sks", "M464"),
        ("sks", "KNAG40"),
        ("snomed", "M46.46"),
        ("snomed", ":363698007=122496007"),
        ("snomed", "2304001+" + "2304001+" * 200),
        ("rxnorm", "001364430"),
        ("rxnorm", "N/A"),
        ("atc", "ZZZZZ"),
        ("no-such-system", "M46.46"),
    ],
)
def test_what_is_no_code_of_its_system_does_not_fit(system: str, code: str) -> None:
    assert not SYSTEMS.fits(system, code)


@pytest.mark.law
@pytest.mark.parametrize("name", sorted(INDEX.value_sets))
def test_every_listed_code_fits_its_system(name: str) -> None:
    for system, listed in INDEX.value_sets[name].codes.items():
        for code in listed:
            assert code.endswith("-") or SYSTEMS.fits(system, code), (system, code)


def coded(system: str, code: str, display: str | None = None, certainty: str | None = None) -> dict[str, Any]:
    coding: dict[str, Any] = {"system": system, "code": code, "display": display}
    if certainty:
        url = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
        coding["extension"] = [{"url": url, "valueCoding": {"code": certainty}}]
    return {"coding": [coding]}


def read(code: dict[str, Any], **more: Any) -> Condition | None:
    resource = msgspec.convert({"code": code, **more}, resources.Condition)
    return next(iter(conditions(resource, Source("Condition/1"), CONTEXT)), None)


@pytest.mark.parametrize(
    "code",
    [
        coded(ICD_10, "M46.4"),
        coded("http://hl7.org/fhir/sid/icd-10-am", "M46.46"),
        coded("http://hl7.org/fhir/sid/icd-10-se", "M46.4A"),
        coded("http://hl7.org/fhir/sid/icd-10-es", "M46.46"),
        coded(GM, "M46.46"),
        coded(SKS, "DM464"),
        coded("2.16.840.1.113883.6.90", "M46.46"),
        coded(ICD, "UNK", "Infectious discitis"),
        coded(SNOMED, "2304001 |Discitis| : 363698007 = 122496007"),
        coded(SNOMED, "=== 2304001 + 128139000 : 363698007 = 122496007"),
    ],
)
def test_an_infected_disc_is_found_in_the_coding_of_each_country(code: dict[str, Any]) -> None:
    found = read(code)
    assert found is not None
    assert "spinal-infection" in found.concept.sets


@pytest.mark.parametrize("code", [coded(SKS, "M464"), coded(SKS, "KM464"), coded(ICD, "UNK")])
def test_a_code_of_nothing_is_no_diagnosis(code: dict[str, Any]) -> None:
    assert read(code) is None
    assert understanding(msgspec.convert(code, Term), CONTEXT).outcome is Outcome.NOT_UNDERSTOOD


def test_a_code_of_another_country_that_our_lists_cover_is_of_no_concern() -> None:
    whole = frozenset(("icd-10-cm", "icd-10"))
    for system, code in ((GM, "H26.9"), (SKS, "DH269"), ("http://hl7.org/fhir/sid/icd-10-am", "H26.9")):
        found = understanding(msgspec.convert(coded(system, code), Term), CONTEXT, whole)
        assert found.outcome is Outcome.OF_NO_CONCERN


def test_a_known_system_without_lists_is_named() -> None:
    found = understanding(msgspec.convert(coded("http://hl7.org/fhir/sid/icd-9-cm", "730.28"), Term), CONTEXT)
    assert (found.outcome, found.system, found.says) == (Outcome.NOT_UNDERSTOOD, "icd-9-cm", "730.28 of icd-9-cm")


@pytest.mark.parametrize(
    ("code", "levels"),
    [
        (coded(GM, "S32.04"), {Level.L4}),
        (coded(GM, "S22.06"), {Level.T11, Level.T12}),
        (coded(GM, "S22.01"), {Level.T1, Level.T2}),
        (coded(GM, "S12.1"), {Level.C2}),
        (coded(GM, "S32.00"), set()),
        (coded(ICD_10, "S32.04"), set()),
        (coded(SKS, "DS121"), {Level.C2}),
    ],
)
def test_a_vertebra_is_read_where_the_system_tells_it(code: dict[str, Any], levels: set[Level]) -> None:
    found = read(code)
    assert found is not None
    assert found.levels == levels


def test_a_finding_site_names_the_vertebra() -> None:
    fracture, site = "125605004", next(code for (system, code), at in KNOW.levels.exact.items() if at == {Level.L1})
    term = msgspec.convert(coded(SNOMED, f"{fracture}|Fracture|:363698007|Finding site|={site}|L1|,="), Term)
    assert levels_of(term, CONTEXT) == {Level.L1}


@pytest.mark.parametrize(
    ("letter", "state", "certainty"),
    [
        ("G", State.ACTIVE, Certainty.CONFIRMED),
        ("V", State.ACTIVE, Certainty.POSSIBLE),
        ("Z", State.INACTIVE, Certainty.CONFIRMED),
        ("?", State.ACTIVE, Certainty.CONFIRMED),
    ],
)
def test_german_certainty_is_read(letter: str, state: State, certainty: Certainty) -> None:
    found = read(coded(GM, "M46.46", certainty=letter))
    assert found is not None
    assert (found.state, found.certainty) == (state, certainty)


def test_an_excluded_diagnosis_is_none_unless_another_coding_confirms_it() -> None:
    excluded, confirmed = (coded(GM, "M46.46", certainty=letter)["coding"] for letter in ("A", "G"))
    assert read({"coding": excluded}) is None
    assert read({"coding": [*excluded, *confirmed]}) is not None


@pytest.mark.parametrize("first", [True, False])
def test_the_status_of_hl7_counts_before_a_local_one(first: bool) -> None:
    local = {"system": "urn:hospital:status", "code": "active"}
    own = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "Resolved"}
    found = read(coded(ICD, "M46.46"), clinicalStatus={"coding": [local, own] if first else [own, local]})
    assert found is not None
    assert found.state is State.RESOLVED


@pytest.mark.parametrize("code", ["C07FX02", "C07FX04", "C10BX01", "C10BX06", "C10BX12", "M01BA03", "c10bx08"])
def test_a_combination_with_aspirin_is_aspirin(code: str) -> None:
    found = described([msgspec.convert(coded(ATC, code), Term)], CONTEXT).identified.found
    assert [item.slug for item, _ in found] == ["aspirin"]


@pytest.mark.parametrize(("system", "code"), [(RXNORM, "001364430"), (RXNORM, "N/A"), (ATC, "ZZZZZ"), (ATC, "N/A")])
def test_a_code_of_no_drug_identifies_none(system: str, code: str) -> None:
    term = msgspec.convert(coded(system, code), Term)
    assert not described([term], CONTEXT).identified.known
    assert not is_coded(term, CONTEXT)


def test_a_site_names_its_own_addresses() -> None:
    address = "https://hospital.example/icd10"
    site = site_of(Settings(code_systems={address: "icd-10"}))
    assert site.know.index.system(f"{address}/") == "icd-10"
    client = Client(name="n", issuer="i", jku=("https://h.example/k",), code_systems={"urn:own": "loinc"})
    assert site_of(Settings(), client).know.index.system("urn:own") == "loinc"


@pytest.mark.parametrize(
    ("addresses", "says"), [({"urn:x": "icd-11"}, "no key of a code system"), ({"http://loinc.org": "atc"}, "of loinc")]
)
def test_a_site_cannot_name_what_is_not_there(addresses: dict[str, str], says: str) -> None:
    with pytest.raises(KnowledgeError, match=says):
        with_addresses(KNOW, addresses)
