"""How findings speak of a date and of a diagnosis, in a sentence and in few words, and what they rest on."""

import re

from cds_service.chart import Basis, Certainty, Condition, Reason, Unknown, When
from cds_service.findings import Evidence


def on(when: When | None) -> str:
    """A date to follow a noun: `, 2026-11-01`; nothing if there is none."""
    return f", {when}" if when else ""


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


MOST_QUOTED = 12
"""Words of the chart in one sentence, so that it has room for what the finding says itself."""
_IDLE = re.compile(
    r"\bunspecified\b|\bnot specified$|^not elsewhere classified$|^other (?:specified )?sites?$|^initial encounter\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"(?<=\w )unspecified (?=\w)|^unspecified (?=\w+ \w)", re.IGNORECASE)


def brief(text: str, noun: str = "", *, words: int = MOST_QUOTED) -> str:
    """Words of the chart as a sentence can name a thing: whole words of whole clauses, as many as fit.

    Clauses that only say what is unspecified or classified nowhere else, or that care has begun, are left out. A first clause that is
    too long gives way to the rule's own `noun`; without one it ends after its first words.
    """
    first, *others = text.split(", ")
    first = _specified(first)
    if len(first.split()) > words:
        return noun or " ".join(first.split()[:words])
    for clause in others:
        longer = f"{first}, {clause}"
        if not _IDLE.search(clause) and len(longer.split()) <= words:
            first = longer
    return first


def _specified(text: str) -> str:
    """Words of the chart without the word that says that something is not said, where others say more."""
    return _VAGUE.sub("", text)


def hedged(noun: str, certainty: Certainty) -> str:
    """A noun, or `possible fracture` where the record is not sure of it."""
    return f"possible {noun}" if certainty is Certainty.POSSIBLE else noun


def begun(noun: str, certainty: Certainty) -> str:
    """A noun at the beginning of a sentence: `Fracture`, or `Possible fracture`."""
    return capitalised(hedged(noun, certainty))


def capitalised(words: str) -> str:
    """Words as they begin a sentence; all but the first letter stay as they are."""
    return f"{words[0].upper()}{words[1:]}"


_LINE = 22
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def room(*beside: str) -> int:
    """How many words of the chart a sentence has room for beside its own; a date is three words when it is shown."""
    said = " ".join(beside)
    return min(MOST_QUOTED, _LINE - len(said.split()) - 2 * len(_DATE.findall(said)))


FEW_WORDS, _NARROW = 5, 40
_EPONYMS = frozenset(("Chance", "Kümmell", "Pott"))
# Words that a list can take as they are: no brackets, full stops or ids, and no code instead of a name.
_PLAIN = re.compile(r"(?!\S*\d\S*$)[^\W\d_][^\W_]+(?:[ ,/'’-]+[^\W_]+)*")


def shortened(first: str, *more: str) -> str:
    """The `short` of a finding: as much of it, in this order, as five words hold; the first part always."""
    short = first
    for part in more:
        if len(f"{short}{part}".split()) <= FEW_WORDS:
            short += part
    return short


def briefly(text: str, noun: str, *, words: int = 4, proper: bool = False) -> str:
    """Words of the chart for a `short`, where they are few and plain; else the rule's own noun for them.

    A clause that only says what is unspecified is left out. The first word begins in lower case, unless it is a `proper` name.
    """
    first, *others = text.split(", ")
    said = ", ".join([_specified(first), *[clause for clause in others if not _IDLE.search(clause)]])
    if len(said.split()) > words or len(said) > _NARROW or not _PLAIN.fullmatch(said):
        return noun
    return said if proper else inside(said)


_DIGIT = re.compile(r"\d")
_CODE = re.compile(r"\d*|[A-Z]\d[\w.]*")


def stated(problem: Condition, noun: str) -> str:
    """A diagnosis as a line of a card: `Discitis, lumbar region, 2026-11-01`, or `Possible pneumonia, date not recorded`.

    `noun` stands for a bare code, and for more words of the chart than a line holds.
    """
    text = problem.concept.text
    named = noun if _CODE.fullmatch(text) else brief(text, noun)
    return f"{begun(inside(named), problem.certainty)}{on(problem.dated) or ', date not recorded'}"


def inside(words: str) -> str:
    """Words as they stand inside a sentence: the first in lower case, or all if all have capitals; names as they are."""
    first = words.split(maxsplit=1)[0]
    if first in _EPONYMS or not first[1:].islower():
        return words
    return words.lower() if words.istitle() and not _DIGIT.search(words) else f"{words[0].lower()}{words[1:]}"


def diagnosed(problem: Condition, noun: str) -> str:
    """A diagnosis for a `short`: `discitis, lumbar region`, `possible pneumonia`, or the rule's own noun where its words are many."""
    return hedged(briefly(problem.concept.text, noun), problem.certainty)
