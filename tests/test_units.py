"""The unit table: every linear row against an independent reading of UCUM, every analyte row against its molar mass."""

import warnings
from pathlib import Path

import pytest

from cds_service.chart import Quantity
from cds_service.errors import KnowledgeError
from cds_service.fhir.units import normalised, possible
from cds_service.knowledge import load, units

KNOW = load()
TABLE = KNOW.units


@pytest.fixture(scope="module")
def ucum():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ucumvert

        return ucumvert.PintUcumRegistry()


FIRST = {kind: next(unit for unit in TABLE.codes.values() if unit.kind == kind) for kind in
         {unit.kind for unit in TABLE.codes.values()}}  # fmt: skip
IN_UCUM = [unit for unit in TABLE.codes.values() if not unit.code.startswith(("/10", "1"))] + [
    unit for unit in TABLE.codes.values() if unit.code.startswith("10*")
]


@pytest.mark.parametrize("unit", IN_UCUM, ids=lambda unit: unit.code)
@pytest.mark.parametrize("value", [0.0, 1.0, 37.5])
def test_a_row_converts_as_ucum_does(unit: units.Unit, value: float, ucum) -> None:
    first = FIRST[unit.kind]
    expected = ucum.Quantity(value, ucum.from_ucum(unit.code).units).to(ucum.from_ucum(first.code).units).magnitude
    assert unit.line.of(value) == pytest.approx(expected, rel=1e-8, abs=1e-8)


MOLAR_MASS = {"creatinine": 113.12, "haemoglobin": 16114.5, "fibrinogen": 340_000}  # g/mol


@pytest.mark.parametrize("measure", MOLAR_MASS)
def test_a_molar_row_follows_from_the_molar_mass(measure: str) -> None:
    grams_per_litre = MOLAR_MASS[measure] / 1e6
    one = normalised(measure, 1, "umol/L", None, KNOW)
    same = normalised(measure, grams_per_litre, "g/L", None, KNOW)
    assert one is not None
    assert same is not None
    assert one.value == pytest.approx(same.value, rel=1e-3)


def test_the_limits_are_of_measures_in_a_unit_that_converts() -> None:
    for measure, limits in TABLE.possible.items():
        assert normalised(measure, limits.most, None, limits.unit.code, KNOW) is not None


def test_every_measure_with_a_conversion_is_checked_here() -> None:
    others = {"haemoglobin-a1c", "pain-score", "esr", "egfr"}
    assert {measure for measure, *_ in TABLE.conversions} == set(MOLAR_MASS) | others


@pytest.mark.parametrize(
    ("measure", "value", "unit", "expected"),
    [
        ("creatinine", 88.4, "umol/L", 1.0),
        ("creatinine", 88.4, "µmol/L", 1.0),
        ("creatinine", 88.4, "μmol/l", 1.0),
        ("creatinine", 88.4, "mcmol/L", 1.0),
        ("creatinine", 0.0884, "mmol/L", 1.0),
        ("creatinine", 10, "mg/L", 1.0),
        ("creatinine", 1, "MG/DL", 1.0),
        ("haemoglobin", 8.0, "mmol/L", 12.888),
        ("haemoglobin", 128, "g/L", 12.8),
        ("haemoglobin", 12.8, "gm/dl", 12.8),
        ("crp", 5, "mg/dL", 50.0),
        ("crp", 50, "mg/l", 50.0),
        ("fibrinogen", 3.1, "g/L", 310.0),
        ("fibrinogen", 3.1, "G/L", 310.0),
        ("platelets", 150, "10*3/uL", 150.0),
        ("platelets", 150, "10^3/µL", 150.0),
        ("platelets", 150, "10³/µL", 150.0),
        ("platelets", 150, "K/uL", 150.0),
        ("platelets", 150, "K/MCL", 150.0),
        ("platelets", 150, "x10E3/uL", 150.0),
        ("platelets", 150, "10x3/uL", 150.0),
        ("platelets", 150, "10x9/L", 150.0),
        ("platelets", 150, "X10(3)/MCL", 150.0),
        ("platelets", 150, "x 10^9/L", 150.0),
        ("platelets", 150, "×10⁹/l", 150.0),
        ("platelets", 150, "G/L", 150.0),
        ("platelets", 150, "g/l", 150.0),  # by capitals alone gram, but a count has no grams
        ("platelets", 150, "/nL", 150.0),
        ("platelets", 150, "thou/uL", 150.0),
        ("platelets", 150, "Thousand/uL", 150.0),
        ("platelets", 150_000, "/mm3", 150.0),
        ("platelets", 150_000, "/mm³", 150.0),
        ("platelets", 150_000, "{cells}/uL", 150.0),
        *(
            ("platelets", 15, unit, 150.0)
            for unit in ("10*4/uL", "10^4/uL", "×10⁴/μL", "x10^4/㎕", "10*4/mm3", "万/μL", "萬/mm³", "E4/uL", "104/uL")
        ),
        *(
            ("platelets", 1.5, unit, 150.0)
            for unit in ("10*5/uL", "lakhs/cumm", "Lakhs/cu mm", "lakh/mm3", "lacs/cmm", "lakhs / cu.mm")
        ),
        *(
            ("platelets", 150, unit, 150.0)
            for unit in (
                "10*9/l",
                "E9/l",
                "10E+9/L",
                "1e9/L",
                "10 9/L",
                "x109/L",
                "１０＾９／Ｌ",
                "10*9.L-1",
                "10⁹·l⁻¹",
                "10^9cells/L",
                "cells x10^9/L",
                "10*3 cells/uL",
                "10*3/uL{plt}",
                "10*9/L{cells}",
                "G/l",
                "Gpt/l",
                "Mrd./l",
                "/nl",
                "10*9/л",
                "Tsd./µl",
                "Tsd/µl",
                "Tausend/µl",
                "tys./µl",
                "x10E3/uL",
                "x10(9)/L",
                "103/uL",
                "K/cmm",
                "x10^3/cmm",
                "10^3/mmc",
                "mil/mm3",
                "mil/mm³",
                "mila/mmc",
                "migliaia/mmc",
                "milhares/mm3",
                "千/μL",
                "тыс/мкл",
            )
        ),
        *(
            ("platelets", 150_000, unit, 150.0)
            for unit in ("/µl", "per µL", "per cumm", "/mmc", "/cmm", "cells/cmm", "{cells}/uL", "Zellen/µl", "個/μL")
        ),
        *(("platelets", 1500, unit, 150.0) for unit in ("10*2/uL", "x10²/μL", "10*8/L")),
        ("platelets", 1.5, "10*11/L", 150.0),
        ("platelets", 15, "10*10/L", 150.0),
        ("platelets", 0.15, "10*6/mm3", 150.0),
        ("white-cells", 84, "10*2/uL", 8.4),
        *(
            ("creatinine", 88.4, unit, 1.0)
            for unit in (
                "µmol·l⁻¹",
                "µmol l-1",
                "mikromol/l",
                "mkmol/l",
                "мкмоль/л",
                "umol/L{creat}",
                "μmol／l",
                "µmol/Liter",
                "µM",
            )
        ),
        ("inr", 1.9, "quotient", 1.9),
        ("white-cells", 8400, "/uL", 8.4),
        ("body-temperature", 100.4, "[degF]", 38.0),
        ("body-temperature", 100.4, "°F", 38.0),
        ("body-temperature", 38, "°C", 38.0),
        ("body-temperature", 38, "Cel", 38.0),
        ("body-temperature", 38, "degrees C", 38.0),
        ("body-weight", 154, "[lb_av]", 69.853225),
        ("body-weight", 154, "lbs", 69.853225),
        ("body-weight", 70_000, "g", 70.0),
        ("body-weight", 1600, "oz", 45.359237),
        ("body-height", 1.7, "m", 170.0),
        ("body-height", 70, "[in_i]", 177.8),
        ("esr", 40, "mm/hr", 40.0),
        ("esr", 40, "mm", 40.0),
        ("procalcitonin", 0.5, "ug/L", 0.5),
        ("procalcitonin", 0.5, "mcg/L", 0.5),
        ("heparin-anti-xa", 0.4, "U/mL", 0.4),
        ("heparin-anti-xa", 0.4, "kIU/L", 0.4),
        ("pregnancy-test", 30, "mIU/mL", 30.0),
        ("pregnancy-test", 30, "MIU/ML", 30.0),
        ("egfr", 55, "mL/min/1.73 m²", 55.0),
        ("egfr", 55, "mL/min/1,73m2", 55.0),
        ("egfr", 55, "mL/min", 55.0),
        ("creatinine-clearance", 1, "mL/s", 60.0),
        ("haemoglobin-a1c", 53, "mmol/mol", 7.00044),
        ("haemoglobin-a1c", 7, "%{HemoglobinA1C}", 7.0),
        ("aptt", 31, "sec.", 31.0),
        ("inr", 1.9, "", 1.9),
        ("inr", 1.9, None, 1.9),
        ("inr", 1.9, "{INR}", 1.9),
        ("inr", 1.9, "INR", 1.9),
        ("inr", 1.9, "1", 1.9),
        ("inr", 1.9, "ratio", 1.9),
        ("dxa-t-score", -2.7, "{T-score}", -2.7),
        ("pain-score", 7, None, 7.0),
        ("pain-score", 7, "{score}", 7.0),
        ("pain-score", 7, "{NRS}", 7.0),
        ("pain-score", 7, "/10", 7.0),
        ("pain-score", 72, "mm", 7.2),
        ("pain-score", 72, "/100", 7.2),
    ],
)
def test_a_spelling_is_understood(
    measure: str,
    value: float,
    unit: str | None,
    expected: float,
) -> None:
    assert normalised(measure, value, unit, None, KNOW) == Quantity(expected, KNOW.index.value_sets[measure].unit)
    assert normalised(measure, value, None, unit, KNOW) == Quantity(expected, KNOW.index.value_sets[measure].unit)


@pytest.mark.parametrize(
    ("measure", "unit", "code"),
    [
        ("platelets", None, None),
        ("creatinine", None, None),
        ("body-temperature", "", ""),
        ("platelets", "furlongs", None),
        ("platelets", "mg/L", None),
        ("platelets", "%", None),
        ("platelets", "x", None),
        ("platelets", "x10", None),
        ("platelets", "4_1", None),
        ("platelets", "10*7/fL", None),
        ("inr", "%", None),
        ("inr", "%", "1"),
        ("inr", "{INR}", "%"),
        ("inr", "%{Quick}", None),
        ("inr", "Quick %", None),
        ("inr", "s", "s"),
        ("inr", "INR", "s"),
        ("creatinine", "mg/dL", "umol/L"),
        ("crp", "mg/L", "mg/dL"),
        ("crp", "nmol/L", None),
        ("creatinine-clearance", "mL/min/{1.73_m2}", None),
        ("pain-score", "mm", "{score}"),
        ("pain-score", "%", None),
        ("blood-culture", "10*9/L", None),
    ],
)
def test_a_unit_that_is_missing_strange_or_contradictory_is_not_guessed(
    measure: str,
    unit: str | None,
    code: str | None,
) -> None:
    assert normalised(measure, 5, unit, code, KNOW) is None


def test_a_code_that_is_no_unit_leaves_the_word_to_the_written_unit() -> None:
    assert normalised("creatinine", 88.4, "umol/L", "258814008", KNOW) == Quantity(1.0, "mg/dL")
    assert normalised("platelets", 150, "K/uL", "1", KNOW) == Quantity(150.0, "10*9/L")


@pytest.mark.parametrize(
    ("measure", "value", "unit", "shown"),
    [
        ("body-temperature", 38.6, "Cel", "38.6 °C"),
        ("body-temperature", 101.5, "[degF]", "38.6 °C"),
        ("body-temperature", 100.4, "[degF]", "38 °C"),
        ("creatinine", 133, "umol/L", "1.50 mg/dL"),
        ("crp", 14.8, "mg/dL", "148 mg/L"),
        ("body-weight", 150, "[lb_av]", "68.0 kg"),
        ("platelets", 12345, "/uL", "12.3 ×10⁹/L"),
        ("platelets", 2012, "10*3/uL", "2012 ×10⁹/L"),
        ("haemoglobin", 12.85, "g/dL", "12.85 g/dL"),
        ("dxa-t-score", -2.54, "1", "-2.54"),
        ("inr", 0, "1", "0"),
    ],
)
def test_a_converted_number_has_no_more_digits_than_were_measured(
    measure: str, value: float, unit: str, shown: str
) -> None:
    """Nobody measures a temperature of 38.6111 degrees."""
    assert str(normalised(measure, value, unit, None, KNOW)) == shown


@pytest.mark.parametrize(
    ("measure", "value", "allowed"),
    [
        ("body-temperature", 98.6, False),
        ("body-temperature", 38.6, True),
        ("pain-score", 72, False),
        ("pain-score", 10, True),
        ("inr", -1, False),
        ("haemoglobin", 128, False),
        ("dxa-t-score", -2.5, True),
        ("pregnancy-test", 100_000, True),
    ],
)
def test_a_value_that_nobody_can_have_is_told_apart(measure: str, value: float, allowed: bool) -> None:
    assert possible(measure, Quantity(value, KNOW.index.value_sets[measure].unit), KNOW) is allowed


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[units.a]\n"m" = { times = 1, spelled = ["x"] }\n"n" = { times = 2, spelled = ["x"] }', "units.a.n"),
        ('[units.a]\n"m" = { times = 1 }\n"M" = { times = 2 }', "units.a.M"),
        ('[units.a]\n"m" = { times = 1, spelt = [] }', "units.a.m.spelt"),
        ('[units.a]\n"m" = { times = 1 }\n[analytes.b]\n"q" = { times = 1, gives = "m", why = "x" }', "analytes.b.q"),
        ('[units.a]\n"m" = { times = 1 }\n[possible]\nb = { least = 0, most = 1, unit = "q" }', "possible.b"),
    ],
)
def test_a_fault_in_the_table_stops_the_start_and_names_the_key(text: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "units.toml"
    path.write_text(
        "reviewed = 2026-11-22\n"
        + text
        + ("" if "[analytes" in text else "\n[analytes]")
        + ("" if "[possible" in text else "\n[possible]")
    )
    with pytest.raises(KnowledgeError) as raised:
        units.load(path)
    assert key in str(raised.value)
