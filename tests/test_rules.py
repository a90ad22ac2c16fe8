"""Every case of every rule comes to what it expects, and every rule is whole: page, knowledge, cases."""

import json
import re
import tomllib
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from msgspec.structs import replace

from cds_service import cases
from cds_service.cards import assessment
from cds_service.chart import Certainty, Concept, Condition, Source, State
from cds_service.facts.shared.phrasing import briefly, stated
from cds_service.findings import CRITERIA, Indicator, Kind, Proposal, Rule, Status
from cds_service.findings.date_style import in_words
from cds_service.knowledge import load
from cds_service.rules import catalogue

from .every_case import CASES, CASES_OF, each_case
from .forbidden import FORBIDDEN, UNPLAIN

KNOW = load()
RULES = {rule.id: rule for rule in catalogue()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.name}")
def test_case(case: cases.Case) -> None:
    """The rule comes to the results that its case lists."""
    rows = [
        json.loads(msgspec.json.encode(assessment.row(result))) for result in cases.judge(case, RULES[case.rule], KNOW)
    ]
    assert not cases.differences(case, rows)


@pytest.mark.parametrize(
    ("member", "found", "other"),
    [
        ("says", "Platelets 42", "INR"),
        ("sentence", "Platelets 42", "Platelets"),
        ("short", "platelets 42", ""),
        ("headline", "Platelets 42; limit 50", "Platelets 42"),
        ("explains", "SIR 2019 asks for 50.", "SIR 2019 asks"),
        ("steps", ["Repeat platelets"], []),
        ("headline", "", "Platelets 42"),
    ],
)
def test_a_case_is_compared_with_all_that_it_names(member: str, found: str | list[str], other: str | list[str]) -> None:
    """Each text of a finding whole, `says` in part; empty says that there is none."""
    row = {"status": "met"} | ({("says" if member == "sentence" else member): found} if found else {})
    case = CASES[0]
    assert not cases.differences(replace(case, expect=({"status": "met", member: found},)), [row])
    assert cases.differences(replace(case, expect=({"status": "met", member: other},)), [row])


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_each_case_has_a_name_of_its_own(rule: Rule) -> None:
    """In ASCII: mutation testing asks pytest for a case by its name, and takes one that is not found for a test that fails."""
    names = [case.name for case in CASES_OF[rule.id]]
    assert len(names) == len(set(names))
    assert all(map(str.isascii, names))


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_rule_is_whole(rule: Rule) -> None:
    """A rule has a page with three parts, a knowledge file, a noun, words for a criterion, and cases met, not met and unknown."""
    for heading in ("## What it checks", "## Why it matters", "## When it stays silent"):
        assert heading in rule.page
    assert rule.id in KNOW.rules
    assert not FORBIDDEN.search(f"{rule.judges} {rule.not_shown}")
    assert rule.judges
    assert bool(rule.not_shown) == (rule.role in CRITERIA)
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


_FEW = 5
_NUMBER = re.compile(r"[<>]?=?\d+(?:\.\d+)?(?![\w.])")
_UNFIT = re.compile(r"[()\[\]{}\n]|\.$|\b\d{4}-\d\d|\b[A-Z][a-z]\w*/\w|…")
"""What no short form holds: brackets, a full stop, a date of its own style, a FHIR id, a cut."""
_NAMES = frozenset(("Blue", "Chance", "Medicare"))


def _fits(short: str) -> bool:
    """Whether it reads well after `Also: `: few words, no unfit sign, and a capital only in a name, an abbreviation or a level."""
    first = short.split(maxsplit=1)[0].strip(":,")
    is_ordinary = not first[0].isupper() or any(letter.isupper() or letter.isdigit() for letter in first[1:])
    return len(short.split()) <= _FEW and not _UNFIT.search(short) and (is_ordinary or first in _NAMES)


@each_case
def test_findings_have_a_short_form(case: cases.Case) -> None:
    """In at most five words that tell the findings of a case apart, with the measured value with which the sentence begins."""
    found = [result.finding for result in cases.judge(case, RULES[case.rule], KNOW) if result.finding]
    shorts = [finding.short for finding in found]
    assert all(map(_fits, shorts)), shorts
    assert not any(map(FORBIDDEN.search, shorts))
    assert len(shorts) == len(set(shorts)), shorts
    for finding in found:
        start = finding.says.removeprefix("Confirm: ").split()[:_FEW]
        measured = {number[0] for item in finding.evidence if (number := _NUMBER.match(item.value))}
        assert measured.intersection(start) <= set(re.split(r"[ ,/]", finding.short)), finding


_LONGEST_SHORT, _LONGEST_HEADLINE, _MOST_WORDS = 50, 100, 22


@each_case
def test_findings_fit_a_card(case: cases.Case) -> None:
    """Each text is as short as the card needs it and in plain English, and what is critical or a warning has something to do."""
    for result in cases.judge(case, RULES[case.rule], KNOW):
        finding = result.finding
        if finding is None:
            continue
        steps = finding.steps or result.rule.steps
        headline = in_words(finding.headline, case.as_of)
        for text in (finding.says, *steps):
            assert len(in_words(text, case.as_of).split()) <= _MOST_WORDS, text
        assert len(finding.short) <= _LONGEST_SHORT, finding.short
        assert len(headline) <= _LONGEST_HEADLINE, headline
        assert not headline.endswith("."), headline
        for text in (finding.says, finding.short, finding.headline, *steps):
            assert not UNPLAIN.search(text), text
        assert all(step[0].isupper() and not step.endswith(".") for step in steps), steps
        if result.indicator in (Indicator.CRITICAL, Indicator.WARNING):
            assert steps or finding.proposes, finding.says


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Discitis, unspecified, lumbar region", "discitis, lumbar region"),
        ("Von Willebrand disease", "von Willebrand disease"),
        ("Pneumonia, unspecified organism", "pneumonia"),
        ("Osteomyelitis of unspecified bone", "osteomyelitis of bone"),
        ("Chance fracture L1", "Chance fracture L1"),
        ("COPD, GOLD 4", "COPD, GOLD 4"),
        ("Discitis (disorder)", "it"),
        ("M46.46", "it"),
        ("E11", "it"),
        ("60413009", "it"),
        ("Discitis of a vertebra, lumbar region", "it"),
        ("Dis" + "c" * 200, "it"),
        ("Condition/1 **x**", "it"),
        ("discitis.", "it"),
        ("", "it"),
        (" ", "it"),
    ],
)
def test_words_of_the_chart_stand_in_a_short_form_whole_or_not_at_all(text: str, short: str) -> None:
    """Few plain words are quoted, without what is unspecified; for all else stands the rule's noun."""
    assert briefly(text, "it") == short


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Discitis, unspecified, lumbar region", "Discitis, lumbar region"),
        ("Von Willebrand disease", "Von Willebrand disease"),
        ("Nonrheumatic aortic (valve) stenosis", "Nonrheumatic aortic (valve) stenosis"),
        ("home oxygen", "Home oxygen"),
        ("Pneumonia, unspecified organism", "Pneumonia"),
        ("Discitis L3/4", "Discitis L3/4"),
        ("M46.46", "Noun"),
        ("60413009", "Noun"),
        ("COVID-19", "COVID-19"),
        ("one two three four five six seven eight nine ten eleven twelve 13", "Noun"),
        ("", "Noun"),
    ],
)
def test_a_diagnosis_is_one_line_of_a_card(text: str, line: str) -> None:
    """Its words stand whole, with a capital and a date; the rule's noun stands for a code, for none, and for too many."""
    problem = Condition(Source("Condition/1"), Concept(text), State.ACTIVE, Certainty.CONFIRMED)
    assert stated(problem, "noun") == f"{line}, date not recorded"


def test_a_doubtful_diagnosis_is_possible() -> None:
    """A name keeps its capital."""
    for text, line in (
        ("Cauda equina syndrome", "Possible cauda equina syndrome"),
        ("Chance fracture", "Possible Chance fracture"),
    ):
        problem = Condition(Source("Condition/1"), Concept(text), State.ACTIVE, Certainty.POSSIBLE)
        assert stated(problem, "noun") == f"{line}, date not recorded"


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_gaps_are_nouns(rule: Rule) -> None:
    """What a rule judges is the noun of a gap: no clause, no capital but in a name or abbreviation."""
    assert _fits(rule.judges)
    assert not re.match(r"(whether|what|when|how|which|no)\b", rule.judges)


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
