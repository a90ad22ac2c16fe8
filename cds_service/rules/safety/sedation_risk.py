"""What makes sedation in the prone position riskier: sleep apnoea, a difficult airway, a high anaesthesia class."""

import re
from collections.abc import Iterator
from itertools import islice

from cds_service.chart import Chart, Measurement, Section, State, Unknown, ValueSets
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import diagnosed, on, stated
from cds_service.findings import (
    Evidence,
    Finding,
    Kind,
    Topic,
    parts,
    rule,
)
from cds_service.knowledge import Knowledge

_CLASS = re.compile(r"(?<!\w)(?:(?P<number>[1-6])|(?P<roman>iii|ii|iv|vi|v|i))(?!\w)", re.IGNORECASE)
_RISKS = {ValueSets.SLEEP_APNOEA: "sleep apnoea", ValueSets.DIFFICULT_AIRWAY: "difficult airway"}
_EXPLAINS = (
    "The patient lies prone under sedation, and the airway is hard to reach. No guideline on vertebroplasty gives a limit; local policy "
    "follows common practice before sedation."
)
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi")


@rule(
    title="Raised risk of sedation",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, Section.IMAGING_FINDINGS),
    judges="sedation risk",
    steps=("Ask for anaesthesia support beforehand",),
)
def sedation_risk(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether sleep apnoea, hypoventilation or a difficult airway is on the problem list, and whether the latest recorded class of the
    American Society of Anesthesiologists is four or more.

    ## Why it matters
    The patient lies prone, and the airway is hard to reach. Anaesthesia support can be arranged if it is known beforehand.

    ## When it stays silent
    When none of these is on record. The rule asks nobody to record a class.
    """
    yield from parts(_on_record(chart), _classed(chart, know))


def _on_record(chart: Chart) -> Iterator[Finding | Unknown]:
    problems, gaps = chart.conditions_in(*_RISKS)
    for problem in problems:
        if problem.state is State.ACTIVE:
            noun = next(noun for name, noun in _RISKS.items() if name in problem.concept.sets)
            says, short = stated(problem, noun), diagnosed(problem, noun)
            yield finding_from(problem, says, short, cites=("site-policy",), explains=_EXPLAINS)
    yield from gaps


def _classed(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    limit = know.parameter("sedation_risk.class_high")
    found, gaps = chart.measurements(ValueSets.ANAESTHESIA_CLASS)
    graded = ((grade, item) for item in found if (grade := _grade(item)))
    for grade, item in islice(graded, 1):  # the newest that can be read
        if grade >= limit.value:
            shown = (Evidence(item.source, "value", item.when, str(grade)),)
            yield Finding(
                f"ASA class {grade}{on(item.when)}",
                f"ASA class {grade}",
                shown,
                uses=(limit,),
                explains=f"From class {limit.text} on anaesthesia support is asked for. {_EXPLAINS}",
            )
    yield from gaps


def _grade(item: Measurement) -> int:
    """The class as a number, from a number or from words such as `ASA class III`; zero if it cannot be told."""
    if item.quantity:
        return int(item.quantity.value)
    found = _CLASS.search(item.answer.text) if item.answer else None
    if not found:
        return 0
    return int(found["number"]) if found["number"] else _ROMAN.index(found["roman"].lower()) + 1
