"""Turns coded terms into concepts: the value sets they belong to, the levels they name, and whether code or text decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import lru_cache

from cds_service.chart import Basis, Concept, Episode, Level
from cds_service.fhir.datatypes import Coding, Term
from cds_service.fhir.levels import read_levels
from cds_service.knowledge import Knowledge

_EPISODES = {
    "A": Episode.INITIAL,
    "B": Episode.INITIAL,
    "D": Episode.SUBSEQUENT,
    "G": Episode.DELAYED,
    "K": Episode.NONUNION,
    "P": Episode.MALUNION,
    "S": Episode.SEQUELA,
}


_LABEL = 9
"""Characters: as long as "T1 and T2"."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every reader of this package needs besides the resource itself."""

    know: Knowledge
    zone: tzinfo


def listed(value: "list[Term] | Term | None") -> list[Term]:
    """The terms of an element that is a list in one FHIR version and a single term in another."""
    return value if isinstance(value, list) else [] if value is None else [value]


def codings(term: Term | None) -> Sequence[Coding]:
    """All codings of a CodeableConcept, a Coding, or the concept of a CodeableReference."""
    if term is None:
        return ()
    if not term.code and term.concept is None:
        return term.coding
    own = [Coding(term.system, term.code, term.display)] if term.code else []
    return [*term.coding, *own, *codings(term.concept)]


def texts(term: Term | None) -> list[str]:
    """All that a term says in words: displays, then text."""
    if term is None:
        return []
    displays = [coding.display for coding in codings(term) if coding.display]
    own = (term.text, term.display, term.concept.text if term.concept else None)
    return [*displays, *(text for text in own if text)]


def code_of(term: "Term | list[Term] | str | None") -> str:
    """The bare code of a status-like element, whether a plain code (STU3) or a CodeableConcept (R4); empty if there is none."""
    if term is None:
        return ""
    if isinstance(term, str):
        return term.strip().lower()
    for item in listed(term):
        for coding in codings(item):
            if coding.code:
                return coding.code.strip().lower()
        if item.text:
            return item.text.strip().lower()
    return ""


def concept(term: Term | None, context: Context, *, also: Iterable[Term] = ()) -> Concept | None:
    """The concept of a term, or None if it belongs to no value set of ours.

    Codes decide first. Text is looked at only if no code belongs to a value set and none is of a system whose lists are
    complete (README, "How a code is read"). Levels come from the codes, the texts, and the terms in `also` (body sites).
    """
    if term is None:
        return None
    found = _meaning(_said(term), context.know)
    if found is None:
        return None
    sites = _levels_of(also, context)
    return replace(found, levels=sites) if sites else found


def levels(term: Term | None, context: Context, *, also: Iterable[Term] = ()) -> frozenset[Level]:
    """The vertebrae that a term and its body sites name; a body site is more exact than the code's own range."""
    return _levels_of(also, context) or _levels_of([term] if term else [], context)


def _levels_of(terms: Iterable[Term], context: Context) -> frozenset[Level]:
    found: frozenset[Level] = frozenset()
    for term in terms:
        found |= _levels(_said(term), context.know)
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """What a term says, as a key: charts repeat few terms many times, so each is looked up once."""

    codes: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    shown: str


def _said(term: Term) -> _Said:
    listed_codings = codings(term)
    codes = tuple((coding.system or "", coding.code.strip()) for coding in listed_codings if coding.code)
    displays = [coding.display for coding in listed_codings if coding.display]
    own = term.text or (term.concept.text if term.concept else None)
    shown = own or (displays[0] if displays else "") or (codes[0][1] if codes else "")
    return _Said(codes, tuple(texts(term)), shown.strip())


@lru_cache(maxsize=16384)
def _meaning(said: _Said, know: Knowledge) -> Concept | None:
    index = know.index
    sets: frozenset[str] = frozenset()
    closed, episode = False, None
    for address, code in said.codes:
        system = index.system(address)
        if not system:
            continue
        found = index.of_code(system, code)
        closed = closed or system in index.systems.closed
        sets |= found
        if found and system == "icd-10-cm":
            episode = episode or _episode(code)
    basis = Basis.CODE
    if not sets and not closed:
        basis = Basis.TEXT
        sets = sets.union(*(index.of_text(text) for text in said.texts))
    return Concept(said.shown, sets, basis, _levels(said, know), episode) if sets else None


@lru_cache(maxsize=16384)
def _levels(said: _Said, know: Knowledge) -> frozenset[Level]:
    written = frozenset[Level]().union(*map(_written, said.texts))
    coded: frozenset[Level] = frozenset()
    for address, code in said.codes:
        system = know.index.system(address)
        if system:
            coded |= know.levels.of(system, code)
    return (coded & written) or coded or written


def _written(text: str) -> frozenset[Level]:
    """The vertebrae that a text names. In one as short as a label T1 and T2 are vertebrae, not sequences of MRI."""
    return frozenset(map(Level, read_levels(f"at {text} vertebra" if len(text) <= _LABEL else text)))


def _episode(code: str) -> Episode | None:
    plain = code.replace(".", "").upper()
    return _EPISODES.get(plain[6]) if len(plain) == 7 else None
