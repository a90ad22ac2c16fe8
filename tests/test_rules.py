"""Every case of every rule comes to what it expects, and every rule is whole: page, knowledge, cases."""

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from cds_service import cases
from cds_service.cards import assessment
from cds_service.findings import Indicator, Kind, Proposal, Rule, Status
from cds_service.knowledge import load
from cds_service.rules import catalogue

from .every_case import CASES, CASES_OF, each_case
from .forbidden import FORBIDDEN

KNOW = load()
RULES = {rule.id: rule for rule in catalogue()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_case(case: cases.Case) -> None:
    """The rule comes to the results that its case lists."""
    rows = [
        json.loads(msgspec.json.encode(assessment.row(result))) for result in cases.judge(case, RULES[case.rule], KNOW)
    ]
    assert not cases.differences(case, rows)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_case_has_a_name_of_its_own(rule: Rule) -> None:
    """In ASCII: mutation testing asks pytest for a case by its name, and takes one that is not found for a test that fails."""
    names = [case.name for case in CASES_OF[rule.id]]
    assert len(names) == len(set(names))
    assert all(map(str.isascii, names))


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_rule_is_whole(rule: Rule) -> None:
    """A rule has a page with three parts, a knowledge file, and cases that are met, not met and unknown."""
    for heading in ("## What it checks", "## Why it matters", "## When it stays silent"):
        assert heading in rule.page
    assert rule.id in KNOW.rules
    expected = {row["status"] for case in CASES_OF[rule.id] for row in case.expect}
    assert {Status.MET, Status.NOT_MET} <= expected
    assert Status.UNKNOWN in expected or not rule.needs


_STEPS = {
    "neurological_deficit": (Proposal.REFER_SPINE_SURGERY,),
    "unstable_fracture": (Proposal.REFER_SPINE_SURGERY,),
    "infection_screen_due": (Proposal.ORDER_INFECTION_MARKERS,),
    "pregnancy_test_due": (Proposal.ORDER_PREGNANCY_TEST,),
}
"""Rules of which every finding proposes the same next step."""


@each_case
def test_findings_speak_well(case: cases.Case) -> None:
    """A finding is one sentence with sources that exist, without a forbidden word, and no critical one rests on text."""
    for result in cases.judge(case, RULES[case.rule], KNOW):
        if result.status is not Status.MET or result.finding is None:
            continue
        finding = result.finding
        assert finding.says
        assert finding.proposes == _STEPS.get(case.rule, finding.proposes)
        assert finding.uses or finding.cites or result.effect in (Kind.INDICATION, Kind.INFORMATION, Kind.WORKUP)
        assert all(source in KNOW.citations for source in finding.cites)
        if finding.basis == "text":
            assert result.indicator is not Indicator.CRITICAL
        for item in assessment.row(result).evidence:
            _assert_true(item, case)


@each_case
def test_no_sentence_is_forbidden(case: cases.Case) -> None:
    """Neither what is found nor what is unknown holds a forbidden word."""
    for result in cases.judge(case, RULES[case.rule], KNOW):
        for says in (result.finding.says if result.finding else "", result.unknown):
            assert not FORBIDDEN.search(str(says or ""))


@pytest.mark.parametrize(
    "says",
    [
        "No current white cells (none on record)",
        "no platelets on record",
        "No CRP or ESR: infection screen within 7 d",
        "Apixaban: no current creatinine for the creatinine clearance",
        "somebody takes them home; spine surgery is within reach",
        "Cangrelor: last dose 0.5 h before the slot; SIR 2019 asks 1 h",
    ],
)
def test_what_was_false_once_is_forbidden(says: str) -> None:
    """Sentences that once stood on cards."""
    assert FORBIDDEN.search(says)


_WORDS = ("conclusion", "presentedForm", "text")
"""Where a report may hold the words of its conclusion."""


def _assert_true(item: assessment.EvidenceRow, case: cases.Case) -> None:
    """Evidence names an element that its resource has, and a day that stands in the case."""
    known = {"ServiceRequest/vp": case.order, "Patient/p": case.patient or {}}
    known |= {f"{resource['resourceType']}/{resource['id']}": resource for resource in case.resources}
    element = item.path.partition(".")[0]
    assert any(name.startswith(_WORDS if element in _WORDS else element) for name in known[item.reference]), item
    assert item.date[: len("2026-11-22")] in json.dumps(list(known.values())), item


_PROPOSED = tomllib.loads((Path(__file__).parent / "data" / "proposals.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("rule", "name"), [(rule, name) for rule, listed in _PROPOSED.items() for name in listed], ids=lambda part: part
)
def test_a_finding_proposes_the_next_step(rule: str, name: str) -> None:
    """The findings of a case propose what `data/proposals.toml` says."""
    case = next(case for case in CASES_OF[rule] if case.name == name)
    findings = [result.finding for result in cases.judge(case, RULES[rule], KNOW) if result.finding]
    assert [str(step) for finding in findings for step in finding.proposes] == _PROPOSED[rule][name]


def test_a_module_without_its_rule_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is named otherwise than its module would be left out in silence."""
    monkeypatch.setattr(
        "cds_service.rules.import_module", lambda name: SimpleNamespace(__path__=[], __name__=name, x=1)
    )
    monkeypatch.setattr("pkgutil.iter_modules", lambda path: [SimpleNamespace(name="x")])
    with pytest.raises(TypeError, match="x is not a rule"):
        catalogue.__wrapped__()
