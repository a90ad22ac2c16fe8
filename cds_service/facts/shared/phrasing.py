"""How findings speak of a date, point to a diagnosis, and say what they rest on."""

from cds_service.chart import Basis, Certainty, Condition, Reason, Unknown, When
from cds_service.findings import Evidence


def on(when: When | None) -> str:
    """A date to follow a noun: `, 2026-11-01`; nothing if there is none."""
    return f", {when}" if when else ""


def told(problem: Condition) -> str:
    """A diagnosis as people read it, with its date: `Discitis, 2026-11-01`, or `possibly Discitis, date not recorded`."""
    possible = "possibly " if problem.certainty is Certainty.POSSIBLE else ""
    return f"{possible}{problem.concept.text}{on(problem.dated) or ', date not recorded'}"


def recorded(problem: Condition) -> Evidence:
    """The element of the chart that holds a diagnosis."""
    return Evidence(problem.source, "code", problem.dated, problem.concept.text)


def weakest(*bases: Basis) -> Basis:
    """What a finding rests on that needs all of its evidence: text, if any of it was only written."""
    return Basis.TEXT if Basis.TEXT in bases else bases[0]


def none_of(what: str, gap: Unknown) -> str:
    """That a value is not on record, or that none there can be read: `no INR`, `no readable INR`, `no platelet count`."""
    return f"no {'readable ' if Reason.UNREADABLE in gap.reasons else ''}{measurement(what)}"


_COUNTS = {"platelets": "platelet count", "white cells": "white cell count"}


def measurement(what: str) -> str:
    """What is measured as the measurement: a patient without a platelet count has platelets."""
    return _COUNTS.get(what, what)


_BRIEF = 90


def brief(text: str) -> str:
    """Words of the chart as a sentence can quote them: cut, with a sign of that, where they are long."""
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1].rstrip()}…"


def begun(noun: str, certainty: Certainty) -> str:
    """A noun at the beginning of a sentence: `Fracture`, or `Possible fracture` where the record is not sure of it."""
    return f"Possible {noun}" if certainty is Certainty.POSSIBLE else f"{noun[0].upper()}{noun[1:]}"
