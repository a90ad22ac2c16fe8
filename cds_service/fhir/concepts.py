"""Turns coded terms into concepts: the value sets they belong to, the levels they name, and whether code or text decided."""

from collections.abc import Iterable
from datetime import tzinfo

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis, Concept, Episode, Level
from cds_service.digest_cache import digest_cached
from cds_service.fhir.decoding.datatypes import Term
from cds_service.knowledge import Knowledge
from cds_service.report_text.levels import read_levels
from cds_service.report_text.modifiers import Wording
from cds_service.report_text.namings import NOT_OF_PATIENT, named, namings

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


class Context(Struct, frozen=True):
    """What every reader of this package needs besides the resource itself."""

    know: Knowledge
    zone: tzinfo


class Spoken(Struct, frozen=True):
    """What a term means, and how it speaks of that."""

    concept: Concept
    wording: Wording = Wording()


def spoken(term: Term | None, context: Context, *, also: Iterable[Term] = ()) -> tuple[Spoken, ...]:
    """What a term means, one concept for each way in which its words speak; also what they deny. None if it is in no value set of ours.

    Codes decide first. Text is looked at only if no code belongs to a value set and none is of a system whose lists are
    complete (README, "How a code is read"). Levels come from the codes, the texts, and the terms in `also` (body sites).
    """
    found = _meanings(term, context.know) if term else ()
    if term is None or not found:
        return ()
    text, sites = _display(term, context.know), _levels_of(also, context)
    return tuple(
        Spoken(replace(item.concept, text=text, levels=sites or item.concept.levels), item.wording) for item in found
    )


def concept(term: Term | None, context: Context, *, also: Iterable[Term] = ()) -> Concept | None:
    """What a term means, see `spoken`, in one concept: whatever it says that the patient has, had or may have. None if there is none."""
    found = [item.concept for item in spoken(term, context, also=also) if item.wording.standing not in NOT_OF_PATIENT]
    return replace(found[0], sets=frozenset().union(*(item.sets for item in found))) if found else None


def is_doubted(term: Term | None, context: Context) -> bool:
    """Whether the words of a term leave open all that they say the patient has or had."""
    return all(item.wording.doubtful for item in spoken(term, context) if item.wording.standing not in NOT_OF_PATIENT)


def levels(term: Term | None, context: Context, *, also: Iterable[Term] = ()) -> frozenset[Level]:
    """The vertebrae that a term and its body sites name; a body site is more exact than the code's own range."""
    return _levels_of(also, context) or _levels_of([term] if term else [], context)


def _levels_of(terms: Iterable[Term], context: Context) -> frozenset[Level]:
    found: frozenset[Level] = frozenset()
    for term in terms:
        found |= _levels(term, context.know)
    return found


def _display(term: Term, know: Knowledge) -> str:
    """What people see of a term: its label; the title of a listed code, where it has codes and no words."""
    titles = (know.index.title(know.index.system(address), code) for address, code in term.codes)
    return term.label if term.texts else next(filter(None, titles), term.label)


def beside(term: Term | None, context: Context) -> frozenset[str]:
    """The value sets that the words of a term name and its codes do not mean, of what is too grave to pass over."""
    return _beside(term, context.know) if term else frozenset()


@digest_cached(16384)
def _beside(term: Term, know: Knowledge) -> frozenset[str]:
    sets, closed, _ = _coded(term, know)
    if not sets and not closed:
        return frozenset()
    repeated = know.official.repeats
    texts = [text for text in term.texts if not any(repeated(code, text) for _, code in term.codes)]
    return know.index.beside(sets, named(texts, know.index))


# Charts repeat few terms many times, so what each means is looked up once; its words are added to it each time.
@digest_cached(16384)
def _meanings(term: Term, know: Knowledge) -> tuple[Spoken, ...]:
    sets, closed, episode = _coded(term, know)
    levels = _levels(term, know)
    if sets or closed:
        return (Spoken(Concept("", sets, Basis.CODE, levels, episode)),) if sets else ()
    return tuple(
        Spoken(Concept("", item.sets, Basis.TEXT, levels, episode), item.wording)
        for item in namings(term.texts, know.index)
    )


def is_coded(term: Term, know: Knowledge) -> bool:
    """Whether the codes alone say what the term means, so that its text is not looked at."""
    sets, closed, _ = _coded(term, know)
    return closed or bool(sets)


def _coded(term: Term, know: Knowledge) -> tuple[frozenset[str], bool, Episode | None]:
    """The value sets of the codes, whether one is well-formed and of a system whose lists are complete, and the episode that one states."""
    index = know.index
    sets: frozenset[str] = frozenset()
    closed, episode = False, None
    for address, code in term.codes:
        system = index.system(address)
        if not system:
            continue
        found = index.of_code(system, code)
        closed = closed or (system in index.systems.closed and index.systems.fits(system, code))
        sets |= found
        if found and system == "icd-10-cm":
            episode = episode or _episode(code)
    return sets, closed, episode


@digest_cached(16384)
def _levels(term: Term, know: Knowledge) -> frozenset[Level]:
    written = frozenset().union(*map(_written, term.texts))
    coded: frozenset[Level] = frozenset()
    for address, code in term.codes:
        if system := know.index.system(address):
            readings = know.index.systems.readings(system, code)
            coded |= next(filter(None, (know.levels.of(*reading) for reading in readings)), frozenset())
            coded |= frozenset().union(*(know.levels.of(*site) for site in know.index.systems.sites(system, code)))
    return (coded & written) or coded or written


def _written(text: str) -> frozenset[Level]:
    """The vertebrae that a text names. In one as short as a label T1 and T2 are vertebrae, not sequences of MRI."""
    return frozenset(map(Level, read_levels(f"at {text} vertebra" if len(text) <= _LABEL else text)))


def _episode(code: str) -> Episode | None:
    plain = code.replace(".", "").upper()
    return _EPISODES.get(plain[6]) if len(plain) == 7 else None
