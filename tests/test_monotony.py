"""The monotony law over generated combinations: more against it, or less known, never makes the answer better."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service import cases
from cds_service.cases import Case
from cds_service.chart import Answer, Missing, Reason, Section
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.disposition import Disposition, assess
from cds_service.engine import evaluate
from cds_service.findings import CRITERIA, Essential, Kind, Result, Rule, Status
from cds_service.knowledge import load
from cds_service.rules import catalogue, guards

pytestmark = pytest.mark.law
KNOW = load()
RULES = catalogue()
CASES = {rule: cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json") for rule in RULES}
ALL_CASES = [case for found in CASES.values() for case in found]
AGAINST = (
    *(Kind.SURGEON_FIRST, Kind.ABSOLUTE, Kind.NOT_INDICATED),
    *(Kind.INSUFFICIENT_DATA, Kind.CORRECTABLE, Kind.RELATIVE),
)
SECTIONS = (DRUG_SECTIONS, *((section,) for section in Section if section not in DRUG_SECTIONS))
"""What is left out together: a drug section that was never asked for is no gap while statements or requests came."""

Outcome = tuple[Result, ...]
Outcomes = Mapping[Rule, Outcome]
lawful = settings(derandomize=True, deadline=None, database=None)


# ---- over results of all rules


def possible(rule: Rule) -> list[Outcome]:
    """All that a rule comes to in its cases, once each by status, effect and gaps; and that it raises."""
    found = [cases.judge(case, rule, KNOW) for case in CASES[rule]]
    found += [(Result(rule, Status.NOT_MET),), (Result(rule, Status.ERROR),)]
    return list({tuple((item.status, item.effect, item.missing) for item in each): each for each in found}.values())


POSSIBLE = {rule: possible(rule) for rule in RULES}
ALL_WELL: Outcomes = {
    rule: (Result(rule, Status.MET, effect=rule.kind) if rule.role in CRITERIA else Result(rule, Status.NOT_MET),)
    for rule in RULES
}
FINDINGS_AGAINST = [
    (rule, item)
    for rule, outcomes in POSSIBLE.items()
    for outcome in outcomes
    for item in outcome
    if item.status is Status.MET and item.effect in AGAINST
]
changes = st.lists(st.sampled_from(RULES), max_size=6, unique=True).flatmap(
    lambda rules: st.fixed_dictionaries({rule: st.sampled_from(POSSIBLE[rule]) for rule in rules})
)
"""Up to six rules that come to something else than in the best chart; more would nearly always end in surgery first."""


def disposition(outcomes: Outcomes) -> Disposition:
    return assess(item for outcome in outcomes.values() for item in outcome).disposition


def no_better(full: Disposition, less: Disposition) -> bool:
    """Whether the answer with less is not favourable, or the full one was at least as favourable."""
    return not less.favourable or full.rank <= less.rank


def test_the_best_chart_meets_the_criteria() -> None:
    """The laws below start from an answer that can only get worse."""
    assert disposition(ALL_WELL) is Disposition.CRITERIA_MET


@settings(lawful, max_examples=500)
@given(changes, st.sampled_from(FINDINGS_AGAINST))
def test_a_finding_against_never_makes_it_better(changed: Outcomes, against: tuple[Rule, Result]) -> None:
    """Whatever the other rules come to, one more finding against it leaves the answer or makes it worse."""
    before = {**ALL_WELL, **changed}
    rule, finding = against
    others = tuple(item for item in before[rule] if item.status in (Status.MET, Status.UNKNOWN, Status.ERROR))
    after = {**before, rule: (*others, finding)}
    assert disposition(before).rank <= disposition(after).rank


@settings(lawful, max_examples=500)
@given(
    changes,
    st.sets(st.sampled_from(SECTIONS), min_size=1, max_size=3),
    st.sets(st.sampled_from(RULES)) | st.just(frozenset(RULES)),
    st.integers(0, 2),
)
def test_a_missing_section_never_makes_it_better(
    changed: Outcomes, left_out: set[tuple[Section, ...]], losing: set[Rule], kept: int
) -> None:
    """Rules that need a section that is left out may lose findings and become unknown, in any combination."""
    full = {**ALL_WELL, **changed}
    gone = [section for sections in left_out for section in sections]
    less = {rule: _without(outcome, rule, gone, kept) if rule in losing else outcome for rule, outcome in full.items()}
    assert no_better(disposition(full), disposition(less))


def _without(outcome: Outcome, rule: Rule, gone: list[Section], kept: int) -> Outcome:
    missing = tuple(Missing(section, Reason.OMITTED) for section in gone if section in rule.needs)
    if not missing or {item.status for item in outcome} <= {Status.NOT_APPLICABLE, Status.ERROR}:
        return outcome
    met = [item for item in outcome if item.status is Status.MET]
    unknown = [item for item in outcome if item.status is Status.UNKNOWN]
    return (*met[:kept], *unknown, Result(rule, Status.UNKNOWN, missing=missing))


@settings(lawful, max_examples=300)
@given(changes, st.sampled_from(RULES))
def test_a_rule_that_raises_never_makes_it_better(changed: Outcomes, rule: Rule) -> None:
    """A fault of ours is no silence: whatever the rule would have found counts as possible."""
    full = {**ALL_WELL, **changed}
    assert no_better(disposition(full), disposition({**full, rule: (Result(rule, Status.ERROR),)}))


def test_what_can_stop_the_procedure_is_essential() -> None:
    """A rule whose finding would keep the procedure from going ahead must have had its sections."""
    decisive = (Kind.SURGEON_FIRST, Kind.ABSOLUTE, Kind.NOT_INDICATED, Kind.CORRECTABLE)
    assert not [rule.id for rule in RULES if rule.kind in decisive and rule.essential is Essential.NO]


# ---- over charts


def _of_the_best_chart() -> Iterator[dict[str, Any]]:
    """The resources of a request that meets all criteria, about the patient of the cases."""
    request = json.loads((cases.FIXTURES / "requests" / "suitable-acute-fracture.json").read_text(encoding="utf-8"))
    for answer in request["prefetch"].values():
        for entry in answer.get("entry", ()):
            whose = "patient" if entry["resource"]["resourceType"] == "AllergyIntolerance" else "subject"
            yield {**entry["resource"], whose: {"reference": f"Patient/{cases.PATIENT_ID}"}}


BEST = tuple(_of_the_best_chart())


def together(chosen: list[Case], more: tuple[Mapping[str, Any], ...] = ()) -> Case:
    """One chart of the resources of several cases, on the order of all and about the patient of the first."""
    listed = [
        {**resource, "id": f"{resource['id']}-{place}"}
        for place, case in enumerate(chosen)
        for resource in case.resources
    ]
    order = {name: value for case in chosen for name, value in case.order.items()}
    return replace(chosen[0], resources=(*listed, *more), order=order, answers=dict.fromkeys(Section, Answer.WHOLE))


def results(case: Case) -> tuple[Result, ...]:
    return evaluate(cases.chart(case, KNOW), RULES, KNOW)


some_cases = st.lists(st.sampled_from(ALL_CASES), min_size=1, max_size=4)


@settings(lawful, max_examples=350)
@given(
    some_cases,
    st.sampled_from((BEST, ())),
    st.dictionaries(
        st.sampled_from(SECTIONS),
        st.sampled_from((Answer.OMITTED, Answer.FAILED, Answer.CUT)),
        min_size=1,
        max_size=3,
    ),
    st.randoms(),
)
def test_less_of_a_chart_never_makes_it_better(
    chosen: list[Case],
    more: tuple[Mapping[str, Any], ...],
    lost: dict[tuple[Section, ...], Answer],
    random: Random,
) -> None:
    """Sections left out, failed or cut off somewhere: no rule turns to not met, and the answer gets no better."""
    case = together(chosen, more)
    answers = {section: answer for sections, answer in lost.items() for section in sections}
    left = tuple(
        resource
        for resource in case.resources
        if answers.get(cases.section_of(resource, KNOW)) is not Answer.CUT or random.random() < 0.5
    )
    full = results(case)
    less = results(replace(case, resources=left, answers={**case.answers, **answers}))
    for rule in RULES:
        before = {item.status for item in full if item.rule is rule}
        after = {item.status for item in less if item.rule is rule}
        if before & {Status.MET, Status.UNKNOWN} and Status.NOT_APPLICABLE not in before:
            assert after != {Status.NOT_MET}, rule.id
    assert no_better(assess(full).disposition, assess(less).disposition)


def _diagnoses_against() -> Iterator[Mapping[str, Any]]:
    """The diagnoses and allergies on which a finding against it rests, from the cases of its rule."""
    for rule in filter(guards, RULES):
        for case in CASES[rule]:
            shown = {
                evidence.source.reference
                for item in cases.judge(case, rule, KNOW)
                if item.finding and item.effect in AGAINST
                for evidence in item.finding.evidence
            }
            for resource in case.resources:
                reference = f"{resource['resourceType']}/{resource['id']}"
                if resource["resourceType"] in ("Condition", "AllergyIntolerance") and reference in shown:
                    yield resource


DIAGNOSES_AGAINST = tuple(_diagnoses_against())


@settings(lawful, max_examples=200)
@given(some_cases, st.sampled_from((BEST, ())), st.sampled_from(DIAGNOSES_AGAINST))
def test_a_diagnosis_against_never_makes_it_better(
    chosen: list[Case], more: tuple[Mapping[str, Any], ...], diagnosis: Mapping[str, Any]
) -> None:
    """A diagnosis or allergy that a finding against it rests on leaves the answer to any chart or makes it worse."""
    case = together(chosen, more)
    with_it = replace(case, resources=(*case.resources, {**diagnosis, "id": "against"}))
    assert no_better(assess(results(case)).disposition, assess(results(with_it)).disposition)
