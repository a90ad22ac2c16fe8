"""The holds: which interval applies to whom, and what stops the start."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from cds_service import cases, knowledge
from cds_service.errors import KnowledgeError
from cds_service.findings import Kind
from cds_service.findings.hold_plan import HoldPlan
from cds_service.knowledge import DoseClass
from cds_service.knowledge.files import DIRECTORY
from cds_service.knowledge.holds import ANTITHROMBOTICS
from cds_service.rules.bleeding.antithrombotic_hold import antithrombotic_hold

KNOW = knowledge.load()
HOLDS = KNOW.holds
THERAPEUTIC, PROPHYLACTIC = DoseClass.THERAPEUTIC, DoseClass.PROPHYLACTIC


def test_every_antithrombotic_has_a_hold():
    for slug, item in KNOW.drugs.ingredients.items():
        assert HOLDS.covers(slug) == (item.drug_class in ANTITHROMBOTICS), slug


def test_the_clearance_decides_on_the_boundary():
    assert HOLDS.of("apixaban", 50, THERAPEUTIC, "").least.value == 48
    assert HOLDS.of("apixaban", 49.9, THERAPEUTIC, "").least.value == 72
    assert HOLDS.of("rivaroxaban", 30, THERAPEUTIC, "").least.value == 48
    assert HOLDS.of("rivaroxaban", 29.9, THERAPEUTIC, "").least.value == 72
    assert HOLDS.of("apixaban", 14.9, THERAPEUTIC, "").consult


@pytest.mark.parametrize("slug", sorted(slug for hold in HOLDS.all for slug in hold.ingredients))
@pytest.mark.parametrize("dose", list(DoseClass))
@pytest.mark.parametrize("route", ["", "intravenous", "subcutaneous"])
def test_unknown_renal_function_never_shortens_a_hold(slug, dose, route):
    """No tabulated one; below a clearance of 15 none is, and what could show that must have been sent."""
    unknown = HOLDS.of(slug, None, dose, route)
    for clearance in (15, 29, 30, 49, 50, 120):
        assert HOLDS.of(slug, clearance, dose, route).least.value <= unknown.least.value


@pytest.mark.parametrize("slug", sorted({slug for hold in HOLDS.all for slug in hold.ingredients}))
@pytest.mark.parametrize("dose", list(DoseClass))
def test_failed_kidneys_never_shorten_a_hold(slug, dose):
    failed = HOLDS.of(slug, 0, dose, "")
    for clearance in (15, 29, 30, 49, 50, 120):
        assert HOLDS.of(slug, clearance, dose, "").full.value <= failed.least.value or not failed.by_clearance


def test_dose_and_route_choose_the_hold():
    assert HOLDS.of("enoxaparin", 80, PROPHYLACTIC, "").least.value == 12
    assert HOLDS.of("enoxaparin", 80, THERAPEUTIC, "").least.value == 24
    assert HOLDS.of("heparin", None, THERAPEUTIC, "intravenous").least.value == 4
    assert HOLDS.of("heparin", None, THERAPEUTIC, "subcutaneous").least.value == 6
    assert HOLDS.of("heparin", None, THERAPEUTIC, "").full.value == 24


def test_aspirin_and_dipyridamole_never_have_a_critical_interval():
    assert not any(HOLDS.of(slug, None, THERAPEUTIC, "").critical for slug in ("aspirin", "dipyridamole"))


def test_every_number_is_a_parameter_of_the_rule():
    own = KNOW.rules["shared/holds"].parameters
    for hold in HOLDS.all:
        for number in (hold.critical, hold.warning, *hold.longer):
            assert number is None or own[number.key.partition(".")[2]] is number


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('ingredients = ["betrixaban"]', 'ingredients = ["betrixaban", "ibuprofen"]', "holds.betrixaban.ingredients"),
        ('ingredients = ["betrixaban"]', "ingredients = []", "holds.betrixaban.ingredients"),
        ("clearance = { from = 15, below = 30 }", "clearance = { from = 15, below = 29 }", "holds (rivaroxaban)"),
        ("clearance = { from = 15, below = 30 }", "clearance = { from = 15, below = 31 }", "holds (rivaroxaban)"),
        ('dose = "prophylactic"', 'dose = "small"', "holds.enoxaparin-prophylactic.dose"),
        ('route = "intravenous"', 'route = "oral"', "holds.heparin-intravenous.route"),
        ('critical = { hours = 72, source = "sir-2019", locator = "betrixaban', "critcal = { hours = 72, x = ", None),
        ('doses = "3 doses"\ncritical = { hours = 72, source = "sir-2019", locator = "betri', "critical = {", None),
        ("critical = { hours = 48,", "critical = { hours = 61,", "holds.apixaban"),
        ('critical = { hours = 48, source = "sir-2019"', 'critical = { hours = 48, source = "nobody"', "source"),
        ("critical = { hours = 48,", "critical = { days = 2,", "holds.apixaban.critical.days"),
        ('doses = "4 doses"\n', "", "holds.apixaban"),
    ],
)
def test_a_broken_file_stops_the_start(tmp_path: Path, old: str, new: str, key: str | None):
    directory = tmp_path / "knowledge"
    shutil.copytree(DIRECTORY, directory, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = directory / "shared" / "holds.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KnowledgeError) as raised:
        knowledge.load(directory)
    assert raised.value.file == "shared/holds.toml"
    assert key is None or key in raised.value.key


def test_a_site_may_let_the_longest_interval_decide():
    own = KNOW.rules["shared/antithrombotics"]
    stricter = replace(own.parameters["stricter_guideline"], value=1.0, site_reason="our anaesthetists ask for it")
    rules = {
        **KNOW.rules,
        "shared/antithrombotics": replace(own, parameters={**own.parameters, "stricter_guideline": stricter}),
    }
    listed = cases.load(cases.FIXTURES / "rules" / "antithrombotic_hold.json")
    case = next(item for item in listed if item.name.startswith("apixaban 60 h"))
    site = replace(KNOW, rules=rules)
    (usual,), (strict,) = (cases.judge(case, antithrombotic_hold, know) for know in (KNOW, site))
    assert (usual.effect, strict.effect) == (Kind.INFORMATION, Kind.RELATIVE)
    assert usual.finding
    assert strict.finding
    assert "60 h are kept, ASRA 2018 72 h; SIR 2019 decides" in usual.finding.says
    assert "60 h are kept, ASRA 2018 72 h from 2026-11-25 20:00; each counts at this site" in strict.finding.says
    assert isinstance(usual.finding.values, HoldPlan)
    assert isinstance(strict.finding.values, HoldPlan)
    assert usual.finding.values.earliest_full == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert strict.finding.values.earliest_full == datetime(2026, 11, 25, 20, tzinfo=UTC)
