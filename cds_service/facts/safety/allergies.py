"""Allergies on record, whether in the allergy list or, as a status code, among the problems."""

import re

from cds_service.chart import Allergy, Chart, Reading, Severity, State, ValueSets
from cds_service.facts.shared.phrasing import FEW_WORDS, begun, brief, briefly, hedged, inside, on
from cds_service.findings import Evidence


def allergies(chart: Chart, *sets: ValueSets) -> Reading[Allergy]:
    """Allergies to anything of the value sets; and the gap if the allergy list or the problem list has one."""
    listed, gaps = chart.allergies_in(*sets)
    problems, problem_gaps = chart.conditions_in(*sets)
    coded = (item for item in problems if item.state is State.ACTIVE)
    as_allergies = (Allergy(item.source, item.concept, Severity.UNSTATED, item.certainty, item.dated) for item in coded)
    return Reading((*listed, *as_allergies), (*gaps, *problem_gaps)).one_gap()


_ROOM = 8
"""Words of the chart for which a line has room beside the rest of what it says of an allergy."""
_NAMED = re.compile(r"allergy to .+|.+ allergy(?: status)?", re.IGNORECASE)


def stated(allergy: Allergy, noun: str, use: str) -> str:
    """An allergy as a line of a card: `Allergy to iohexol (iodinated contrast), severe, 2019-03-01`.

    `use` is what it matters for, left out where the chart names it; `noun` stands for words of the chart that are too many.
    """
    text = brief(allergy.concept.text, noun, words=_ROOM)
    what = inside(text) if _NAMED.fullmatch(text) else f"allergy to {inside(text)}"
    known = not use or use.rsplit(maxsplit=1)[-1] in what.lower()
    severity = f", {allergy.severity.name.lower()}" if allergy.severity else ""
    return f"{begun(what, allergy.certainty)}{'' if known else f' ({use})'}{severity}{on(allergy.recorded)}"


def short(allergy: Allergy, noun: str) -> str:
    """The same in few words, such as `severe allergy to latex`; `noun` stands for what it is to where the chart takes more words."""
    text = allergy.concept.text
    if _NAMED.fullmatch(text):
        what = hedged(briefly(text, f"allergy to {noun}"), allergy.certainty)
    else:
        what = hedged(f"allergy to {briefly(text, noun, words=2)}", allergy.certainty)
    severe = f"severe {what}"
    return severe if allergy.severity is Severity.SEVERE and len(severe.split()) <= FEW_WORDS else what


def evidence(allergy: Allergy) -> Evidence:
    """The element of the chart that holds it."""
    return Evidence(allergy.source, "code", allergy.recorded, allergy.concept.text)
