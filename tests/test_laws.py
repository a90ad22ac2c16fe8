"""Laws that hold for every case of every rule, with nothing written per rule."""

import dataclasses
import gc
import json
import re
import weakref
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service import cases
from cds_service.cases import Case
from cds_service.chart import Answer, Chart, Section
from cds_service.chart.sections import DRUG_SECTIONS, MEDICATION_LISTS
from cds_service.disposition import assess
from cds_service.engine import evaluate
from cds_service.findings import Result, Status
from cds_service.knowledge import load
from cds_service.rules import catalogue

from .every_case import CASES, CASES_OF, each_case

KNOW = load()
RULES = catalogue()
pytestmark = pytest.mark.law
_YEAR = re.compile(r'"(\d{4})(-\d{2}(?:-\d{2})?(?:T[^"]*)?|)"')


def results(case: Case) -> tuple[Result, ...]:
    return evaluate(cases.chart(case, KNOW), RULES, KNOW)


_AS_IS: dict[int, tuple[Result, ...]] = {}


def as_is(case: Case) -> tuple[Result, ...]:
    """The results of a case as it is written, computed once."""
    if id(case) not in _AS_IS:
        _AS_IS[id(case)] = results(case)
    return _AS_IS[id(case)]


def essence(found: tuple[Result, ...]) -> list[tuple[str, ...]]:
    return sorted((item.rule.id, item.status, str(item.effect), str(item.indicator)) for item in found)


def later(value: Any) -> Any:
    """The same JSON with every date 400 years on: the calendar and its weekdays repeat."""
    return json.loads(_YEAR.sub(lambda found: f'"{int(found[1]) + 400:04}{found[2]}"', json.dumps(value)))


@each_case
def test_only_intervals_count(case: Case) -> None:
    """Moving every date and the clock by 400 years changes nothing."""
    shifted = replace(
        case,
        as_of=datetime.fromisoformat(later(case.as_of.isoformat())),
        order=later(case.order),
        patient=later(case.patient),
        resources=tuple(later(list(case.resources))),
    )
    assert essence(results(shifted)) == essence(as_is(case))


def test_a_judged_chart_is_let_go_at_once() -> None:
    """Neither findings nor gaps hold a chart, with all that was received, until the garbage collector comes round."""
    gc.collect()
    gc.disable()
    try:
        for case in CASES[::10]:
            for answers in ({}, dict.fromkeys(Section, Answer.WHOLE)):
                chart = dataclasses.replace(cases.chart(case, KNOW), answers=answers)
                held = weakref.ref(chart)
                evaluate(chart, RULES, KNOW)
                del chart
                assert held() is None, case.name
    finally:
        gc.enable()


@each_case
def test_order_of_arrival_does_not_count(case: Case) -> None:
    """Reversing the resources changes nothing."""
    assert essence(results(replace(case, resources=case.resources[::-1]))) == essence(as_is(case))


@each_case
def test_a_duplicate_does_not_count(case: Case) -> None:
    """The same resources sent twice change nothing."""
    assert essence(results(replace(case, resources=case.resources * 2))) == essence(as_is(case))


@each_case
def test_what_was_entered_in_error_does_not_count(case: Case) -> None:
    """A copy of every resource, marked entered-in-error, changes nothing."""
    wrong = tuple(_in_error(resource) for resource in case.resources)
    assert essence(results(replace(case, resources=case.resources + wrong))) == essence(as_is(case))


def _in_error(resource: Any) -> Any:
    if resource["resourceType"] in ("Condition", "AllergyIntolerance"):
        marked: dict[str, Any] = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    else:
        marked = {"status": "entered-in-error"}
    return {**resource, **marked, "id": f"{resource['id']}-error"}


@each_case
def test_a_malformed_resource_costs_only_what_it_could_hold(case: Case) -> None:
    """It may add unknowns; every finding stays, and nothing becomes met."""
    met = [row for row in essence(as_is(case)) if row[1] == Status.MET]
    for kind in ("Condition", "Observation", "MedicationStatement", "AllergyIntolerance", "DiagnosticReport"):
        whose = "patient" if kind == "AllergyIntolerance" else "subject"
        broken: dict[str, Any] = {"resourceType": kind, "id": "broken", whose: {"reference": "Patient/p"}}
        broken |= {"code": 7, "medicationCodeableConcept": 7}
        after = results(replace(case, resources=(*case.resources, broken)))
        assert [row for row in essence(after) if row[1] == Status.MET] == met
        assert {item.rule.id for item in after if item.status is Status.ERROR} == set()


NEEDED = {section for rule in RULES for section in rule.needs}
_NOT_NEEDED = set(DRUG_SECTIONS).difference(MEDICATION_LISTS)
OMISSIONS = (DRUG_SECTIONS, *((section,) for section in sorted(NEEDED - _NOT_NEEDED)))
"""What is left out. Doses given and drugs dispensed go only with all on drugs: one that was never asked for is no gap by itself."""


def omissions(case: Case) -> Iterator[tuple[tuple[Section, ...], Chart]]:
    """The chart of a case without each part that it has."""
    for sections in OMISSIONS:
        if all(case.answers[section] is Answer.WHOLE for section in sections):
            less = replace(case, answers={**case.answers, **dict.fromkeys(sections, Answer.OMITTED)})
            yield sections, cases.chart(less, KNOW)


@each_case
def test_leaving_a_section_out_never_makes_it_better(case: Case) -> None:
    """Omission never turns met or unknown into not-met, and never gives a favourable answer that the full chart did not give."""
    full = as_is(case)
    for sections, chart in omissions(case):
        moved = {rule for rule in RULES if not set(sections).isdisjoint(rule.needs)}
        less = (*(item for item in full if item.rule not in moved), *evaluate(chart, moved, KNOW))
        for rule in moved:
            before = {item.status for item in full if item.rule is rule}
            after = {item.status for item in less if item.rule is rule}
            if before & {Status.MET, Status.UNKNOWN} and Status.NOT_APPLICABLE not in before:
                assert after != {Status.NOT_MET}, f"{rule.id} without {', '.join(sections)}"
        best, now = assess(full).disposition, assess(less).disposition
        assert not now.favourable or best.rank <= now.rank, f"{best} became {now} without {', '.join(sections)}"


@pytest.mark.parametrize("rule", CASES_OF)
def test_a_rule_is_moved_only_by_the_sections_that_it_needs(rule: str) -> None:
    """What a rule reads it has declared: the law above, and what is fetched for it, go by that."""
    case = CASES_OF[rule][-1]
    for sections, chart in omissions(case):
        others = [rule for rule in RULES if set(sections).isdisjoint(rule.needs)]
        before = essence(tuple(item for item in as_is(case) if item.rule in others))
        assert essence(evaluate(chart, others, KNOW)) == before, f"without {', '.join(sections)}"


@each_case
def test_no_rule_raises(case: Case) -> None:
    """No rule meets an error of its own in any case of any rule."""
    assert not [item.rule.id for item in as_is(case) if item.status is Status.ERROR]
