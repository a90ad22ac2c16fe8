"""The drug files are made from an RxNorm release: each product with its ingredients, whatever path leads to them."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service import knowledge
from cds_service.cli import main
from cds_service.errors import KnowledgeError
from cds_service.knowledge import drug_files, rxnorm
from cds_service.knowledge.drugs import Form
from cds_service.knowledge.files import TABLES
from cds_service.knowledge.systems import load_systems

TABLE = knowledge.load().drugs
CONCEPTS = [
    ("1191", "IN", "aspirin"),
    ("32968", "IN", "clopidogrel"),
    ("90000001", "IN", "argatroban"),  # ours by its name alone
    ("90000002", "IN", "nothingamab"),
    ("90000003", "PIN", "clopidogrel besylate"),
    ("90000004", "SCDC", "clopidogrel 75 MG"),
    ("90000005", "SCD", "clopidogrel 75 MG Oral Tablet"),
    ("90000006", "SBD", "clopidogrel 75 MG Oral Tablet [Novavix]"),
    ("90000007", "BN", "Novavix"),
    ("90000008", "SCDC", "aspirin 81 MG"),
    ("90000009", "SCD", "aspirin 81 MG Oral Tablet"),
    ("90000010", "GPCK", "{30 (aspirin 81 MG Oral Tablet) / 30 (clopidogrel 75 MG Oral Tablet)} Pack"),
    ("90000011", "SCD", "argatroban 1 MG/ML Injection"),
    ("90000012", "IN", "diclofenac"),
    ("90000013", "SCD", "diclofenac 10 MG/ML Topical Gel"),
    ("90000014", "SCD", "nothingamab 1 MG Oral Tablet"),
    ("1362060", "SCD", "2 ML heparin sodium, porcine 100 UNT/ML Prefilled Syringe"),
    ("5224", "IN", "heparin"),
    ("90000015", "SCD", "heparin sodium, porcine 10 UNT/ML Injectable Solution"),
]
HOLDS = [
    ("90000003", "form_of", "32968"),
    ("90000004", "has_precise_ingredient", "90000003"),
    ("90000005", "consists_of", "90000004"),
    ("90000006", "tradename_of", "90000005"),
    ("90000006", "has_ingredient", "90000007"),
    ("90000007", "tradename_of", "32968"),
    ("90000007", "tradename_of", "1191"),  # some product of the brand holds aspirin too
    ("90000008", "has_ingredient", "1191"),
    ("90000009", "consists_of", "90000008"),
    ("90000010", "contains", "90000009"),
    ("90000010", "contains", "90000005"),
    ("90000011", "has_ingredient", "90000001"),
    ("90000013", "has_ingredient", "90000012"),
    ("90000014", "has_ingredient", "90000002"),
    ("1362060", "has_ingredient", "5224"),
    ("90000015", "has_ingredient", "5224"),
    ("1191", "ingredient_of", "90000008"),
]


def release(path: Path, *, concepts: bool = True, source: str = "RXNORM", suppressed: str = "N") -> Path:
    """A release with the columns of the real one."""
    with zipfile.ZipFile(path, "w") as archive:
        if concepts:
            lines = [
                "|".join(
                    (code, "ENG", *[""] * 5, "1", "", code, "", source, kind, code, name, "", suppressed, "4096", "")
                )
                for code, kind, name in CONCEPTS
            ]
            archive.writestr("rrf/RXNCONSO.RRF", "\n".join(lines) + "\n")
        relations = [
            "|".join((held, "", "CUI", "RO", holder, "", "CUI", relation, "1", "", "RXNORM", *[""] * 5, ""))
            for holder, relation, held in HOLDS
        ]
        archive.writestr("rrf/RXNREL.RRF", "\n".join(relations) + "\n")
    return path


def rebuilt(tmp_path: Path, made: rxnorm.DrugFiles):
    (tmp_path / drug_files.INGREDIENTS).write_bytes((TABLES / drug_files.INGREDIENTS).read_bytes())
    (tmp_path / drug_files.PRODUCTS).write_text(made.products)
    (tmp_path / drug_files.OTHERS).write_text(made.other_drugs)
    (tmp_path / drug_files.ABROAD).write_text("# none\n")
    return drug_files.load(tmp_path, load_systems(TABLES / "systems.toml"))


def test_every_product_gets_its_ingredients(tmp_path: Path):
    made = rxnorm.build(release(tmp_path / "RxNorm_test.zip"), TABLE, drug_files.lines(TABLES / drug_files.OTHERS))
    table = rebuilt(tmp_path, made)
    found = {code: table.products.get(code) for code, *_ in CONCEPTS}
    systemic, unspecified = Form.SYSTEMIC, Form.UNSPECIFIED
    clopidogrel, aspirin = frozenset({"clopidogrel"}), frozenset({"aspirin"})
    assert found == {
        "1191": (aspirin, unspecified),
        "32968": (clopidogrel, unspecified),
        "90000001": (frozenset({"argatroban"}), unspecified),
        "90000002": None,
        "90000003": (clopidogrel, unspecified),
        "90000004": (clopidogrel, unspecified),
        "90000005": (clopidogrel, systemic),
        "90000006": (clopidogrel, systemic),
        "90000007": (clopidogrel | aspirin, unspecified),
        "90000008": (aspirin, unspecified),
        "90000009": (aspirin, systemic),
        "90000010": (clopidogrel | aspirin, systemic),
        "90000011": (frozenset({"argatroban"}), systemic),
        "90000012": (frozenset({"diclofenac"}), unspecified),
        "90000013": (frozenset({"diclofenac"}), Form.TOPICAL),
        "90000014": None,
        "1362060": (frozenset({"heparin"}), Form.FLUSH),
        "5224": (frozenset({"heparin"}), unspecified),
        "90000015": (frozenset({"heparin"}), Form.FLUSH),
    }
    assert made.added == len(found) - len([code for code in found if code in TABLE.products]) - 2
    assert table.identify((), ("nothingamab 5 mg",)).known
    assert "Source: RxNorm_test.zip" in made.products


def test_retired_codes_stay_with_what_was_reviewed(tmp_path: Path):
    made = rxnorm.build(release(tmp_path / "r.zip"), TABLE, ())
    table = rebuilt(tmp_path, made)
    assert table.products["855334"] == TABLE.products["855334"]  # a retired Coumadin tablet
    assert made.kept == len(TABLE.products.keys() - {code for code, *_ in CONCEPTS})


@pytest.mark.parametrize("changed", [{"source": "MMSL"}, {"suppressed": "O"}])
def test_other_sources_and_suppressed_concepts_are_left_out(tmp_path: Path, changed: dict[str, Any]):
    assert rxnorm.build(release(tmp_path / "r.zip", **changed), TABLE, ()).added == 0


def test_an_archive_without_the_files_is_named(tmp_path: Path):
    with pytest.raises(KnowledgeError) as raised:
        rxnorm.build(release(tmp_path / "r.zip", concepts=False), TABLE, ())
    assert (raised.value.file, raised.value.key) == ("r.zip", "RXNCONSO.RRF")


@pytest.mark.parametrize("content", [b"not a zip", b""])
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "r.zip").write_bytes(content)
    with pytest.raises(KnowledgeError) as raised:
        rxnorm.build(tmp_path / "r.zip", TABLE, ())
    assert raised.value.file == "r.zip"


def test_a_row_of_another_shape_is_named(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.writestr("RXNCONSO.RRF", "1191|aspirin\n")
    with pytest.raises(KnowledgeError, match="line 1"):
        rxnorm.build(tmp_path / "r.zip", TABLE, ())


def test_the_command_writes_both_files(tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    done = CliRunner().invoke(main, ["terminology", "build", str(release(tmp_path / "r.zip")), "--write", str(out)])
    assert done.exit_code == 0, done.output
    assert "written to" in done.output
    assert {path.name for path in out.iterdir()} == {drug_files.PRODUCTS, drug_files.OTHERS}
