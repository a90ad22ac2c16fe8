"""The holds: which interval applies to whom, and what stops the start."""

import dataclasses
import shutil
import tomllib
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service import cases, knowledge
from cds_service.errors import KnowledgeError
from cds_service.findings import Finding, Kind
from cds_service.findings.date_style import in_words
from cds_service.findings.hold_plan import HoldPlan, SourceAsk
from cds_service.knowledge import DoseClass
from cds_service.knowledge.files import DIRECTORY
from cds_service.knowledge.holds import ANTITHROMBOTICS, HoldTable
from cds_service.rules.bleeding.antithrombotic_hold import antithrombotic_hold
from cds_service.rules.bleeding.interruption_hazard import interruption_hazard

from .forbidden import UNPLAIN

KNOW = knowledge.load()
HOLDS = KNOW.holds
_DRUGS = tomllib.loads((DIRECTORY / "tables" / "drugs.toml").read_text(encoding="utf-8"))["ingredient"]
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


def _case(name: str) -> cases.Case:
    listed = cases.load(cases.FIXTURES / "rules" / "antithrombotic_hold.json")
    return next(item for item in listed if item.name.startswith(name))


def _plan(name: str, know: knowledge.Knowledge = KNOW) -> HoldPlan:
    (result,) = cases.judge(_case(name), antithrombotic_hold, know)
    assert result.finding
    assert isinstance(result.finding.values, HoldPlan)
    return result.finding.values


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_each_source_is_a_row_of_what_it_asks_and_from_when():
    """From the last dose; for a drug still taken from a dose taken now, at 22 November 09:00."""
    ended, taken = _plan("apixaban, last dose 20 h before"), _plan("apixaban still taken: latest dose")
    assert ended.asks == (
        SourceAsk("SIR 2019", "48 h", True, _at(26, 12)),
        SourceAsk("PAUSE 2019", "60 h", False, _at(27, 0)),
        SourceAsk("ASRA 2018", "72 h", False, _at(27, 12)),
    )
    assert (ended.earliest, ended.earliest_if_last_now) == (_at(26, 12), None)
    assert [row.met_from for row in taken.asks] == [_at(24, 9), _at(24, 21), _at(25, 9)]
    assert (taken.earliest, taken.earliest_if_last_now, taken.latest_dose) == (None, _at(24, 9), _at(23, 8))


def test_a_row_is_a_range_in_days_or_without_a_time_where_there_is_none():
    aspirin, unknown = _plan("aspirin, 71 h"), _plan("apixaban stopped, last dose not recorded")
    assert [(row.label, row.text, row.used_here) for row in aspirin.asks] == [
        ("SIR 2019", "3 to 5 days", True),
        ("ASRA 2018", "6 days", False),
    ]
    assert [row.met_from for row in unknown.asks] == [None, None, None]
    assert _plan("apixaban, clearance 14: no").asks == ()


def test_every_hold_has_one_row_a_source_of_which_one_is_used():
    listed = cases.load(cases.FIXTURES / "rules" / "antithrombotic_hold.json")
    found = [result.finding for case in listed for result in cases.judge(case, antithrombotic_hold, KNOW)]
    plans = [finding.values for finding in found if finding and isinstance(finding.values, HoldPlan)]
    for plan in plans:
        labels = [row.label for row in plan.asks]
        assert len(labels) == len(set(labels))
        assert sum(row.used_here for row in plan.asks) == (0 if plan.consult else 1)
        times = [row.met_from for row in plan.asks if row.met_from]
        assert times == sorted(times)
        assert (plan.earliest_if_last_now is None) or plan.still_taken


_ATC = "http://www.whocc.no/atc"
_PATIENT = {"reference": f"Patient/{cases.PATIENT_ID}"}
_HAZARDS = tuple(
    {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
    }
    for code in ("Z95.2", "D68.61", "Z95.5", "I63.9")
)
_CLEARANCE = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "2164-2"}]},
    "valueQuantity": {"value": 45.5, "unit": "mL/min", "system": "http://unitsofmeasure.org", "code": "mL/min"},
    "effectiveDateTime": "2026-11-21T07:30:00Z",
}
_DOSED = {
    "dosage": [{"doseAndRate": [{"doseQuantity": {"value": 5000, "unit": "IU"}}], "timing": {"code": {"text": "BID"}}}]
}
_STATES: tuple[dict[str, Any], ...] = (
    {"status": "active", **_DOSED},
    {"status": "active", "dateAsserted": "2025-09-01"},
    {"status": "intended"},
    {"status": "stopped"},
    {"status": "active", "effectivePeriod": {"end": "2026-11-24T12:00:00Z"}, **_DOSED},
    {"status": "stopped", "effectivePeriod": {"end": "2026-11-21T21:30:00Z"}},
    {"status": "stopped", "effectivePeriod": {"end": "2025-12-31T21:30:00Z"}},
)


@pytest.mark.parametrize("slug", sorted({slug for hold in HOLDS.all for slug in hold.ingredients}))
def test_every_drug_fits_a_card_however_it_is_taken(slug: str):
    """With and without a time for the procedure, a clearance, and reasons not to interrupt it; three words are for the card itself."""
    names = _DRUGS[slug].get("names")
    named = {"text": names[0]} if names else {"coding": [{"system": _ATC, "code": _DRUGS[slug]["atc"][0].rstrip("-")}]}
    drug = {"resourceType": "MedicationStatement", "medicationCodeableConcept": named}
    one = _case("apixaban, last dose 20 h before")
    soon, unplanned = ({**one.order, "occurrenceDateTime": at} for at in ("2026-11-23T08:00:00Z", None))
    found = 0
    for state, more, order in product(
        _STATES, ((), (_CLEARANCE,), (_CLEARANCE, *_HAZARDS)), (one.order, soon, unplanned)
    ):
        listed = ({**drug, **state}, *more)
        given = tuple({"id": f"r{number}", "subject": _PATIENT, **item} for number, item in enumerate(listed))
        case = replace(one, order=order, resources=given)
        results = [
            result for rule in (antithrombotic_hold, interruption_hazard) for result in cases.judge(case, rule, KNOW)
        ]
        for result in results:
            found += _assert_fits(result.finding, case)
    assert found > len(_STATES)


def _assert_fits(finding: Finding | None, case: cases.Case) -> bool:
    if finding:
        assert len(finding.steps) <= 3
        for line, most in ((finding.says, 19), *((step, 21) for step in finding.steps)):
            assert len(in_words(line, case.as_of).split()) <= most, line
        assert len(in_words(finding.headline, case.as_of)) <= 100, finding.headline
        assert not UNPLAIN.search(
            " ".join((finding.says, finding.short, finding.headline, finding.explains, *finding.steps))
        )
        assert finding.explains.endswith(".")
        assert ".." not in finding.explains
    return finding is not None


def test_a_drug_in_a_draft_order_is_said_to_be_in_one():
    chart = cases.chart(_case("apixaban intended"), KNOW)
    drafted = dataclasses.replace(chart, drugs=tuple(replace(use, drafted=True) for use in chart.drugs))
    (finding,) = antithrombotic_hold.judge(drafted, KNOW)
    assert isinstance(finding, Finding)
    assert finding.says.startswith("Apixaban, in a draft order; 48 h pause (SIR 2019)")
    assert finding.headline == "Apixaban is in a draft order; last dose by 2026-11-23 08:00 (48 h)"


def test_an_interval_of_the_site_is_the_site_s_own():
    holds = [
        replace(hold, critical=replace(hold.critical, value=54.0, site_reason="our anaesthetists ask for it"))
        if hold.id == "apixaban" and hold.critical
        else hold
        for hold in HOLDS.all
    ]
    site = replace(KNOW, holds=HoldTable(holds, HOLDS.prophylactic, HOLDS.reviewed))
    (row, *_) = _plan("apixaban, last dose 20 h before", site).asks
    assert (row.label, row.text, row.used_here) == ("this site", "54 h", True)


def test_a_site_may_let_the_longest_interval_decide():
    own = KNOW.rules["shared/antithrombotics"]
    stricter = replace(own.parameters["stricter_guideline"], value=1.0, site_reason="our anaesthetists ask for it")
    rules = {
        **KNOW.rules,
        "shared/antithrombotics": replace(own, parameters={**own.parameters, "stricter_guideline": stricter}),
    }
    case = _case("apixaban 60 h")
    site = replace(KNOW, rules=rules)
    (usual,), (strict,) = (cases.judge(case, antithrombotic_hold, know) for know in (KNOW, site))
    assert (usual.effect, strict.effect) == (Kind.INFORMATION, Kind.RELATIVE)
    assert usual.finding
    assert strict.finding
    assert usual.finding.says == strict.finding.says
    assert usual.finding.says.endswith("48 h (SIR 2019) met, 72 h (ASRA 2018) not")
    assert usual.finding.steps == ()
    assert strict.finding.steps == ("Agree with the prescriber whether 48 h is enough, or move the order",)
    counts = "At this site the longest of these intervals counts as a caution."
    assert (counts in usual.finding.explains, counts in strict.finding.explains) == (False, True)
    assert isinstance(usual.finding.values, HoldPlan)
    assert isinstance(strict.finding.values, HoldPlan)
    assert usual.finding.values.earliest_full == datetime(2026, 11, 25, 8, tzinfo=UTC)
    assert strict.finding.values.earliest_full == datetime(2026, 11, 25, 20, tzinfo=UTC)
