"""Allergies on record, whether in the allergy list or, as a status code, among the problems."""

from collections.abc import Iterator

from cds_service.chart import Allergy, Chart, Severity, State, ValueSets
from cds_service.facts.shared.gaps import gathered
from cds_service.facts.shared.phrasing import on
from cds_service.findings import Evidence


def allergies(chart: Chart, *sets: ValueSets) -> Iterator[Allergy]:
    """Allergies to anything of the value sets; then `Unknown` if the allergy list or the problem list has gaps."""
    listed, gaps = gathered(chart.allergies_in(*sets))
    problems, problem_gaps = gathered(chart.conditions_in(*sets))
    yield from listed
    for item in problems:
        if item.state is State.ACTIVE:
            yield Allergy(item.source, item.concept, Severity.UNSTATED, item.certainty, item.dated)
    for gap in (*gaps, *problem_gaps):
        raise gap


def told(allergy: Allergy) -> str:
    """What the allergy is to, with its severity if stated and the day it was recorded: `Latex, severe, 2019-03-01`."""
    severity = f", {allergy.severity.name.lower()}" if allergy.severity else ""
    return f"{allergy.concept.text}{severity}{on(allergy.recorded)}"


def evidence(allergy: Allergy) -> Evidence:
    """The element of the chart that holds it."""
    return Evidence(allergy.source, "code", allergy.recorded, allergy.concept.text)
