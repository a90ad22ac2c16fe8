"""How findings speak of a date, point to a diagnosis, and say what they rest on."""

from cds_service.chart import Basis, Certainty, Condition, When
from cds_service.engine import Evidence


def on(when: When | None) -> str:
    """A date to follow a noun: `, 2026-11-01`; nothing if there is none."""
    return f", {when}" if when else ""


def told(problem: Condition) -> str:
    """A diagnosis as people read it, with its date: `Discitis, 2026-11-01`, or `possible discitis, date not recorded`."""
    possible = "possible: " if problem.certainty is Certainty.POSSIBLE else ""
    return f"{possible}{problem.concept.text}{on(problem.dated) or ', date not recorded'}"


def recorded(problem: Condition) -> Evidence:
    """The element of the chart that holds a diagnosis."""
    return Evidence(problem.source, "code", problem.dated, problem.concept.text)


def weakest(*bases: Basis) -> Basis:
    """What a finding rests on that needs all of its evidence: text, if any of it was only written."""
    return Basis.TEXT if Basis.TEXT in bases else bases[0]
