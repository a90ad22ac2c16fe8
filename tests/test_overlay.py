"""A site's overlay: what it may change, what is refused, and how what it changed is told."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cds_service import cases
from cds_service.app import create_app
from cds_service.cli import main
from cds_service.cli._endpoint import Local
from cds_service.errors import KnowledgeError
from cds_service.knowledge import Knowledge, load
from cds_service.knowledge.overlay import applied
from cds_service.rule_page import read
from cds_service.rule_page import rule as page
from cds_service.rules import catalogue, guards, in_force
from cds_service.service import Site, site_of
from cds_service.settings import Client, Settings

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
GUARDING = [rule for rule in catalogue() if guards(rule)]
each_guard = pytest.mark.parametrize("rule", GUARDING, ids=lambda rule: rule.id)


class Written:
    """An overlay directory that a test writes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, file: str, text: str) -> "Written":
        path = self.directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    @property
    def know(self) -> Knowledge:
        return applied(load(), self.directory)

    @property
    def site(self) -> Site:
        return site_of(Settings(overlay=self.directory))


@pytest.fixture
def overlay(tmp_path: Path) -> Written:
    directory = tmp_path / "overlay"
    directory.mkdir()
    return Written(directory)


def check(overlay: Written) -> Result:
    return CliRunner().invoke(main, ["config", "check"], env={"CDS_OVERLAY": str(overlay.directory)})


def asked(site: Site, *resources: Mapping[str, Any], birth: str = "1948-03-02") -> dict[str, Any]:
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": birth}
    mine = [{"id": f"r{place}", "subject": {"reference": "Patient/p"}, **item} for place, item in enumerate(resources)]
    reply = Local(site, NOW).call(json.dumps(cases.request_about([patient, *mine], complete=True)).encode())
    assert reply.status == 200
    return dict(reply.body)


def rows(body: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    found = body["extension"]["org.vertebroplasty-cds.assessment"]["findings"]
    return [row for row in found if row["rule"] == rule]


def test_a_page_shows_the_numbers_in_force_of_other_files_too(overlay: Written):
    """The thresholds of pain are shared: the page of the rule names them with their keys, as this site set them."""
    overlay.write("shared/pain.toml", '[parameters.pain_outpatient]\nvalue = 7\nreason = "Board of 2026-10-01"\n')
    told = (
        CliRunner()
        .invoke(main, ["rules", "severe_pain", "--markdown"], env={"CDS_OVERLAY": str(overlay.directory)})
        .output
    )
    assert "- **8** — lowest pain score, 0 to 10, of a patient in hospital." in told
    line = next(line for line in told.splitlines() if "`shared/pain.pain_outpatient`" in line)
    assert line.startswith("- **7** — lowest pain score, 0 to 10, outside hospital.")
    assert line.endswith("**Set by this site:** Board of 2026-10-01.")


def test_a_number_is_replaced_and_its_page_says_so(overlay: Written):
    overlay.write("paediatric_patient.toml", '[parameters.adult_from]\nvalue = 21\nreason = "Board of 2026-10-01"\n')
    body = asked(overlay.site, birth="2006-05-01")
    assert [row["status"] for row in rows(body, "paediatric_patient")] == ["met"]
    assert [row["status"] for row in rows(asked(Site(load(), catalogue())), "paediatric_patient")] == ["not-met"]
    assert "+site" in body["cards"][0]["detail"], "the knowledge that the card names is the site's"
    rule = next(item for item in catalogue() if item.id == "paediatric_patient")
    shown = page(rule, overlay.know, [])
    assert "**21 years**" in shown
    assert "Set by this site:** Board of 2026-10-01" in shown
    assert "in place of 18 years (rand-2018" in shown


def test_a_replaced_number_goes_under_the_name_of_the_site(overlay: Written):
    """Where a finding names the numbers of several sources, the site's own is not passed off as theirs."""
    overlay.write("shared/pain.toml", '[parameters.pain_outpatient]\nvalue = 7\nreason = "Board of 2026-10-01"\n')
    (rule,) = (item for item in catalogue() if item.id == "severe_pain")
    (case,) = (
        item
        for item in cases.load(cases.FIXTURES / "rules" / "severe_pain.json")
        if item.name == "7 reaches more of them"
    )
    (result,) = cases.judge(case, rule, overlay.know)
    assert result.finding is not None
    texts = f"{result.finding.says} {result.finding.explains}"
    assert "reaches site 7 outside hospital (used here), RAND/UCLA 2018 5, eviCore" in texts


def test_knowledge_tells_which_overlay_it_has(overlay: Written):
    overlay.write("paediatric_patient.toml", '[parameters.adult_from]\nvalue = 21\nreason = "Board"\n')
    first = overlay.know.version
    assert first.startswith(f"{load().version}+site.")
    overlay.write("paediatric_patient.toml", '[parameters.adult_from]\nvalue = 20\nreason = "Board"\n')
    assert overlay.know.version != first


def test_a_longer_hold_decides_and_names_the_site(overlay: Written):
    overlay.write("shared/holds.toml", '[holds.warfarin.critical]\nhours = 168\nreason = "Clinic rule 12"\n')
    warfarin = {
        "resourceType": "MedicationStatement",
        "status": "completed",
        "medicationCodeableConcept": {"text": "Warfarin 5 mg tablet"},
        "effectivePeriod": {"start": "2026-01-01", "end": "2026-11-16T08:00:00Z"},
    }
    met = rows(asked(overlay.site, warfarin), "antithrombotic_hold")[0]
    assert (met["status"], met["effect"]) == ("met", "correctable")
    assert "7 days (this site)" in met["says"]
    before = rows(asked(Site(load(), catalogue()), warfarin), "antithrombotic_hold")[0]
    assert before.get("effect") != "correctable"


def test_a_critical_interval_takes_the_place_of_a_shorter_one_of_caution(overlay: Written):
    """Of apixaban 48 h are asked, 60 h for caution, and ASRA 2018 asks 72 h; where this site asks 72 h, nothing else is left."""
    overlay.write("shared/holds.toml", '[holds.apixaban.critical]\nhours = 72\nreason = "Clinic rule 12"\n')
    know = overlay.know
    hold = next(item for item in know.holds.all if item.id == "apixaban")
    assert [number.value for number in hold.numbers] == [72]
    own = know.rules["shared/holds"].parameters
    assert [name for name in own if name.startswith("apixaban.")] == ["apixaban.critical"]
    assert not [item for item in know.changes if item.weakens]


def test_a_shorter_hold_needs_acceptance_and_leaves_the_default_named(overlay: Written):
    text = '[holds.warfarin.critical]\nhours = 96\nreason = "Clinic rule 12"\n'
    overlay.write("shared/holds.toml", text)
    with pytest.raises(KnowledgeError, match=r"shared/holds\.toml: holds\.warfarin\.critical: weakens"):
        in_force(overlay.know)
    overlay.write("shared/holds.toml", text + 'i_accept_the_risk = "Dr Ash, 2026-10-01, bridging trial"\n')
    assert in_force(overlay.know)
    hold = next(item for item in overlay.know.holds.all if item.id == "warfarin")
    assert [(item.value, item.source) for item in hold.longer if item.value == 120] == [(120, "sir-2019")]
    assert hold.least.site_reason == "Clinic rule 12"


def test_intervals_and_doses_that_contradict_each_other_are_refused(overlay: Written):
    both = next(hold for hold in load().holds.all if hold.critical and hold.warning)
    tiers = ((both.full.value + 1, "critical"), (both.full.value, "warning"))
    text = "".join(f'[holds.{both.id}.{tier}]\nhours = {hours}\nreason = "r"\n' for hours, tier in tiers)
    overlay.write("shared/holds.toml", text)
    with pytest.raises(KnowledgeError, match=f"holds.{both.id}: the critical interval must stay shorter"):
        _ = overlay.know


def test_a_smaller_prophylactic_dose_is_stricter_and_a_larger_one_weaker(overlay: Written):
    for amount, weakens in ((2500, False), (7500, True)):
        text = f'[prophylactic.dalteparin]\namount = {amount}\nunit = "[iU]"\nreason = "r"\n'
        overlay.write("shared/holds.toml", text)
        assert [item.weakens for item in overlay.know.changes] == [weakens]
        assert overlay.know.parameter("shared/holds.dalteparin").value == amount


def test_codes_and_systems_are_added(overlay: Written):
    overlay.write(
        "valuesets/pregnancy.toml",
        'reason = "Catalogue"\n["urn:site:dx"]\nP1 = "Expecting"\n[snomed]\n248985009 = "P"\n',
    )
    overlay.write("tables/systems.toml", '[icd-10-cm]\naddresses = ["urn:site:icd"]\nreason = "Billing system"\n')
    index = overlay.know.index
    assert "pregnancy" in index.of_code(index.system("urn:site:dx"), "P1")
    assert "pregnancy" in index.of_code("snomed", "248985009")
    assert index.system("urn:site:icd") == "icd-10-cm"
    assert index.system("snomed") == ""
    active = {"clinicalStatus": {"coding": [{"code": "active"}]}, "recordedDate": "2026-11-01"}
    coded = {"resourceType": "Condition", "code": {"coding": [{"system": "urn:site:dx", "code": "P1"}]}, **active}
    assert rows(asked(overlay.site, coded, birth="1996-01-01"), "pregnancy")[0]["status"] == "met"


def test_a_rule_switched_off_is_absent_and_the_notes_say_so(overlay: Written):
    overlay.write("rules.toml", '[off]\nsedation_risk = "No sedation here"\n')
    body = asked(overlay.site)
    assert rows(body, "sedation_risk") == []
    assert len(overlay.site.rules) == len(catalogue()) - 1
    notes = body["extension"]["org.vertebroplasty-cds.assessment"]["notes"]
    assert [note for note in notes if "Switched off by this site" in note and "No sedation here" in note]


def test_a_guarding_rule_is_switched_off_only_by_somebody(overlay: Written):
    overlay.write("rules.toml", '[off]\npregnancy = "Tested in the suite"\n')
    with pytest.raises(KnowledgeError, match=r"rules\.toml: off\.pregnancy: weakens"):
        create_app(Settings(overlay=overlay.directory))
    overlay.write(
        "rules.toml", '[off.pregnancy]\nreason = "Tested in the suite"\ni_accept_the_risk = "Dr Ash, 2026-10-01, r"\n'
    )
    assert "pregnancy" not in {rule.id for rule in overlay.site.rules}


def test_a_clients_overlay_lies_over_the_sites(overlay: Written, tmp_path: Path):
    overlay.write("paediatric_patient.toml", '[parameters.adult_from]\nvalue = 21\nreason = "Board"\n')
    own = Written(tmp_path / "own").write("rules.toml", '[off]\nsedation_risk = "No sedation"\n')
    client = Client(issuer="https://ehr.example", name="North", jku=("https://ehr.example/k",), overlay=own.directory)
    site = site_of(Settings(overlay=overlay.directory), client)
    assert site.know.parameter("paediatric_patient.adult_from").value == 21
    assert "sedation_risk" not in {rule.id for rule in site.rules}


TEXT = {
    "parameters.nonesuch: 'nonesuch' is no number of paediatric_patient.toml": '[parameters.nonesuch]\nvalue = 1\nreason = "r"\n',
    "parameters.adult_from.reason: is missing": "[parameters.adult_from]\nvalue = 21\n",
    "parameters.adult_from.reason: is blank": '[parameters.adult_from]\nvalue = 21\nreason = "  "\n',
    "parameters.adult_from.value: is missing": '[parameters.adult_from]\nreason = "r"\n',
    "parameters.adult_from.value: is text, where a number belongs": '[parameters.adult_from]\nvalue = "21"\nreason = "r"\n',
    "parameters.adult_from.value: nan cannot": '[parameters.adult_from]\nvalue = nan\nreason = "r"\n',
    "parameters.adult_from.value: -1 cannot": '[parameters.adult_from]\nvalue = -1\nreason = "r"\n',
    "parameters.adult_from.unit: must stay 'a'": '[parameters.adult_from]\nvalue = 21\nunit = "mo"\nreason = "r"\n',
    "parameters.adult_from.means: is not a known": '[parameters.adult_from]\nvalue = 21\nreason = "r"\nmeans = "x"\n',
    "parameters.adult_from: is a whole number, where a table belongs": "[parameters]\nadult_from = 21\n",
    "parameters.adult_from.i_accept_the_risk: is blank": (
        '[parameters.adult_from]\nvalue = 21\nreason = "r"\ni_accept_the_risk = " "\n'
    ),
    "holds: is not a known key": '[holds.warfarin.critical]\nhours = 1\nreason = "r"\n',
    "is not valid TOML": "[parameters\n",
}


@pytest.mark.parametrize(("problem", "text"), TEXT.items())
def test_a_wrong_number_names_file_and_key(problem: str, text: str, overlay: Written):
    overlay.write("paediatric_patient.toml", text)
    with pytest.raises(KnowledgeError) as caught:
        _ = overlay.know
    assert str(caught.value).startswith(f"{overlay.directory}/paediatric_patient.toml: {problem}")


FILES = {
    "nonesuch.toml: is no rule": "",
    "valueset/pregnancy.toml: is no rule": "",
    "valuesets/nonesuch.toml: is no rule": "",
    "tables/citations.toml: is no rule": "",
    "valuesets/pregnancy.toml: reason: is missing": '[snomed]\n248985009 = "P"\n',
    "valuesets/pregnancy.toml: adds no code": 'reason = "r"\n',
    "valuesets/pregnancy.toml: title: 'title' is no key of a code system, nor an address": 'reason = "r"\ntitle = "t"\n',
    "valuesets/pregnancy.toml: loinc.x: does not fit": 'reason = "r"\n[loinc]\nx = "X"\n',
    "valuesets/pregnancy.toml: snomed.248985009: is blank": 'reason = "r"\n[snomed]\n248985009 = ""\n',
    "valuesets/pregnancy.toml: urn:x.P-: does not fit": 'reason = "r"\n["urn:x"]\n"P-" = "P"\n',
    "tables/systems.toml: nonesuch: 'nonesuch' is no code system": '[nonesuch]\naddresses = ["urn:x"]\nreason = "r"\n',
    "tables/systems.toml: loinc.reason: is missing": '[loinc]\naddresses = ["urn:x"]\n',
    "tables/systems.toml: loinc.addresses: 'http://snomed.info/sct' is an address of another system": (
        '[loinc]\naddresses = ["http://snomed.info/sct"]\nreason = "r"\n'
    ),
    "rules.toml: off.nonesuch: 'nonesuch' is no rule": '[off]\nnonesuch = "r"\n',
    "rules.toml: off.shared/holds: 'shared/holds' is no rule": '[off]\n"shared/holds" = "r"\n',
    "rules.toml: off.sedation_risk: is blank": '[off]\nsedation_risk = ""\n',
    "rules.toml: on: is not a known key": '[on]\nsedation_risk = "r"\n',
    "shared/holds.toml: holds.nonesuch: 'nonesuch' is no hold": '[holds.nonesuch.critical]\nhours = 1\nreason = "r"\n',
    "shared/holds.toml: holds.warfarin.longer: is not": '[holds.warfarin.longer]\nhours = 1\nreason = "r"\n',
    "shared/holds.toml: parameters: is not a known key": (
        '[parameters."warfarin.critical"]\nvalue = 1\nreason = "r"\n'
    ),
}


@pytest.mark.parametrize(("problem", "text"), FILES.items())
def test_a_wrong_file_is_named(problem: str, text: str, overlay: Written):
    overlay.write(problem.split(": ", maxsplit=1)[0], text)
    with pytest.raises(KnowledgeError) as caught:
        _ = overlay.know
    assert str(caught.value).startswith(f"{overlay.directory}/{problem}")


def test_a_directory_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(KnowledgeError, match="nowhere: is no directory"):
        applied(load(), tmp_path / "nowhere")


def test_config_check_explains_and_refuses(overlay: Written):
    overlay.write("shared/infection.toml", '[parameters.crp_high]\nvalue = 40\nunit = "mg/L"\nreason = "Board"\n')
    told = check(overlay)
    assert told.exit_code == 0
    assert "40 mg/L instead of 50 mg/L (stricter). Reason: Board." in told.output
    overlay.write("shared/infection.toml", '[parameters.crp_high]\nvalue = 60\nreason = "Board"\n')
    overlay.write("rules.toml", '[off]\nsedation_risk = "None here"\nspinal_infection = "Never seen"\n')
    told = check(overlay)
    assert told.exit_code == 1
    assert told.output.count("Refused") == 2
    assert all(said in told.output for said in ("60 mg/L instead of 50 mg/L (weaker)", "off.spinal_infection"))
    started = CliRunner().invoke(main, ["serve"], env={"CDS_OVERLAY": str(overlay.directory), "CDS_PORT": "1"})
    assert started.exit_code == 1


def test_config_check_tells_which_rules_read_a_value_set_that_got_codes(overlay: Written):
    overlay.write("valuesets/radiculopathy.toml", 'reason = "Catalogue"\n["urn:site:dx"]\nR1 = "Root pain"\n')
    told = check(overlay)
    assert "value set radiculopathy: also R1 (Root pain); read by radiculopathy. Reason: Catalogue." in told.output


def test_config_check_tells_what_one_client_has_alone(overlay: Written, tmp_path: Path):
    overlay.write("rules.toml", '[off]\nsedation_risk = "None here"\n')
    file = tmp_path / "site.toml"
    file.write_text(
        'overlay = "overlay"\n[[clients]]\nname = "North"\nissuer = "https://ehr.example"\n'
        'jku = ["https://ehr.example/keys"]\noverlay = "north"\n'
    )
    Written(tmp_path / "north").write("rules.toml", '[off]\npregnancy = "r"\ni_accept = 1\n')
    assert CliRunner().invoke(main, ["config", "check", "--config", str(file)]).exit_code == 1
    Written(tmp_path / "north").write("rules.toml", '[off]\npregnancy = "Men only"\n')
    told = CliRunner().invoke(main, ["config", "check", "--config", str(file)])
    assert told.exit_code == 1
    assert "for North alone, changes 1 of the defaults" in told.output
    assert told.output.count("switched off") == 2


def test_unsafe_is_what_a_direction_forbids():
    constant = load().parameter("shared/renal.cockcroft_gault_years")
    limit = load().parameter("shared/coagulation.inr_limit")
    pain = load().parameter("shared/pain.pain_outpatient")
    assert [constant.is_weaker(value) for value in (139, 140, 141)] == [True, False, True]
    assert [limit.is_weaker(value) for value in (1.7, 1.8, 1.9)] == [False, False, True]
    assert [pain.is_weaker(value) for value in (1, 9)] == [False, False]


@each_guard
def test_the_numbers_of_a_guarding_rule_say_which_way_is_stricter(rule: Any):
    """Add `stricter = "lower"`, `"higher"` or `"neither"` (any change makes the rule less sure) to the parameter named here."""
    own = load().rules[rule.id].parameters.values()
    assert [item.key for item in own if item.stricter is None] == []


@each_guard
def test_so_do_all_numbers_that_it_reads(rule: Any):
    """As above, for what the rule reads of shared files and of other rules, over all its cases."""
    found = read(rule, load(), cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json"))
    assert [item.key for item in found.numbers if item.stricter is None] == []
