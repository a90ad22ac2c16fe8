"""What makes sedation in the prone position riskier: sleep apnoea, a difficult airway, a high anaesthesia class."""

import re
from collections.abc import Iterator

from cds_service.chart import Chart, Measurement, Section, State, Unknown
from cds_service.engine import Evidence, Finding, Kind, Topic, parts, rule
from cds_service.facts.words import on, recorded, told
from cds_service.knowledge import Knowledge

_CLASS = re.compile(r"(?<!\w)(?:(?P<number>[1-6])|(?P<roman>iii|ii|iv|vi|v|i))(?!\w)", re.IGNORECASE)
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi")


@rule(
    title="Raised risk of sedation",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, Section.IMAGING_FINDINGS),
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
    yield from parts(_listed(chart), _classed(chart, know))


def _listed(chart: Chart) -> Iterator[Finding]:
    for problem in chart.conditions_in("sleep-apnoea", "difficult-airway"):
        if problem.state is State.ACTIVE:
            yield Finding(
                says=f"Sedation in the prone position is riskier: {told(problem)}",
                evidence=(recorded(problem),),
                cites=("site-policy",),
                basis=problem.concept.basis,
                certainty=problem.certainty,
            )


def _classed(chart: Chart, know: Knowledge) -> Iterator[Finding]:
    limit = know.parameter("sedation_risk.class_high")
    newest = True
    for item in chart.measurements("anaesthesia-class"):
        grade = _grade(item)
        if newest and grade >= limit.value:
            yield Finding(
                says=f"Anaesthesia class {grade}{on(item.when)}",
                evidence=(Evidence(item.source, "value", item.when, str(grade)),),
                uses=(limit,),
            )
        newest = newest and not grade


def _grade(item: Measurement) -> int:
    """The class as a number, from a number or from words such as `ASA class III`; zero if it cannot be told."""
    if item.quantity:
        return int(item.quantity.value)
    found = _CLASS.search(item.answer.text) if item.answer else None
    if not found:
        return 0
    return int(found["number"]) if found["number"] else _ROMAN.index(found["roman"].lower()) + 1
