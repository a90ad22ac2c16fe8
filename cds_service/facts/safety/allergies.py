"""Allergies on record, whether in the allergy list or, as a status code, among the problems."""

import re

from cds_service.chart import Allergy, Chart, Reading, Severity, State, ValueSets
from cds_service.facts.shared.phrasing import briefly, hedged, on
from cds_service.findings import Evidence


def allergies(chart: Chart, *sets: ValueSets) -> Reading[Allergy]:
    """Allergies to anything of the value sets; and the gap if the allergy list or the problem list has one."""
    listed, gaps = chart.allergies_in(*sets)
    problems, problem_gaps = chart.conditions_in(*sets)
    coded = (item for item in problems if item.state is State.ACTIVE)
    as_allergies = (Allergy(item.source, item.concept, Severity.UNSTATED, item.certainty, item.dated) for item in coded)
    return Reading((*listed, *as_allergies), (*gaps, *problem_gaps)).one_gap()


def described(allergy: Allergy) -> str:
    """What the allergy is to, with its severity if stated and the day it was recorded: `Latex, severe, 2019-03-01`."""
    severity = f", {allergy.severity.name.lower()}" if allergy.severity else ""
    return f"{allergy.concept.text}{severity}{on(allergy.recorded)}"


_NAMED = re.compile(r"allergy to .+|.+ allergy", re.IGNORECASE)


def short(allergy: Allergy, noun: str) -> str:
    """The same in few words, such as `allergy to latex`; `noun` stands for what it is to where the chart takes more words."""
    text = allergy.concept.text
    if _NAMED.fullmatch(text):
        return hedged(briefly(text, f"allergy to {noun}"), allergy.certainty)
    return hedged(f"allergy to {briefly(text, noun, words=2)}", allergy.certainty)


def evidence(allergy: Allergy) -> Evidence:
    """The element of the chart that holds it."""
    return Evidence(allergy.source, "code", allergy.recorded, allergy.concept.text)
