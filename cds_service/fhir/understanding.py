"""Tells whether a term was understood: that it means something, that it is known to mean nothing of ours, or why it is neither.

See README, "How a code is read". Only what is known to be of no concern may be passed over in silence.
"""

import unicodedata
from datetime import UTC
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Section
from cds_service.chart.intake import Cause
from cds_service.digest_cache import digest_cached
from cds_service.fhir import dangers
from cds_service.fhir.concepts import Context, beside, spoken
from cds_service.fhir.decoding.datatypes import Term
from cds_service.knowledge import Knowledge

OTHER = "other"
"""Stands for every code system that we do not know, whose address may hold a name."""
_MASKS = ("data-absent-reason", "nullflavor")
"""The ends of the addresses of code systems whose codes say that something is not told."""
_LONGEST = 48
"""Characters of its words by which a term is named."""


class Outcome(StrEnum):
    """What became of a term."""

    MEANS = "means"
    OF_NO_CONCERN = "of-no-concern"
    PARTLY_READ = "partly-read"
    NOT_UNDERSTOOD = "not-understood"


class Understanding(Struct, frozen=True):
    """How far a term was understood. One that is not has a cause, and `says` names it; `in_part` says that some of its words are known.

    `system` is the key of its code system, empty for none, `other` for one that we do not know.
    """

    outcome: Outcome
    cause: Cause | None = None
    system: str = ""
    says: str = ""
    in_part: bool = False


MEANS, OF_NO_CONCERN = Understanding(Outcome.MEANS), Understanding(Outcome.OF_NO_CONCERN)
_NOTHING = Understanding(Outcome.NOT_UNDERSTOOD, Cause.CODE, "", "without a code or words")


def understanding(
    term: Term | None,
    context: Context,
    complete: frozenset[str] = frozenset(),
    section: Section = Section.CONDITIONS,
) -> Understanding:
    """How far a term of a section was understood. `complete` are the code systems of which our lists have all that one could mean."""
    if term is None:
        return _NOTHING
    found = _understood(term, context.know, complete, section)
    if found.outcome is Outcome.NOT_UNDERSTOOD:
        return replace(found, says=_named(_texts(term), _codes(term, context.know)))
    return found


def _codes(term: Term, know: Knowledge) -> list[tuple[str, str]]:
    """The key of its system, or `other`, and each of its codes, but for those that only say that something is not told."""
    return [(know.index.system(address) or OTHER, code) for address, code in term.codes if not _masks(address)]


@digest_cached(16384)
def _understood(term: Term, know: Knowledge, complete: frozenset[str], section: Section) -> Understanding:
    """By a value set, else by a code whose system we have whole, else by its words; it is named later, where it was not."""
    meant = Context(know, UTC)
    if spoken(term, meant) or beside(term, meant) or dangers.of(term, meant, section):
        return MEANS
    codes = _codes(term, know)
    if any(_is_of(complete, system, code, know) for system, code in codes):
        return OF_NO_CONCERN
    texts = _texts(term)
    found = [word for text in texts for word in know.vocabulary.of(text)]
    known = sum(map(know.vocabulary.knows, found))
    if found and known == len(found):
        return OF_NO_CONCERN
    systems = [system for system, _ in codes]
    system = next((system for system in systems if system != OTHER), OTHER if systems else "")
    is_listed = know.index.lists(system)
    if known and is_listed:
        return Understanding(Outcome.PARTLY_READ, Cause.WORDS, system, in_part=True)
    return Understanding(Outcome.NOT_UNDERSTOOD, _cause(found, is_listed, bool(systems)), system, "", bool(known))


def _is_of(complete: frozenset[str], system: str, code: str, know: Knowledge) -> bool:
    """Whether a code is well-formed and of one of those systems, or of one that shares its codes."""
    systems = know.index.systems
    return systems.fits(system, code) and any(key in complete for key, _ in systems.readings(system, code))


def _masks(address: str) -> bool:
    return address.lower().rstrip("/").endswith(_MASKS)


def _texts(term: Term) -> list[str]:
    """Its words, but for those that only say that something is not told."""
    if not any(_masks(coding.system or "") for coding in term.codings):
        return term.texts
    masked = {coding.display for coding in term.codings if _masks(coding.system or "")}
    return [text for text in term.texts if text not in masked]


def _cause(found: list[str], is_listed: bool, is_coded: bool) -> Cause:
    if any(map(_is_foreign, found)):
        return Cause.LANGUAGE
    if found:
        return Cause.WORDS
    return Cause.CODE if is_listed or not is_coded else Cause.SYSTEM


def _is_foreign(word: str) -> bool:
    """Whether a word is of another script than Latin."""
    return not word.isascii() and not unicodedata.name(word[0], "").startswith("LATIN")


def _named(texts: list[str], codes: list[tuple[str, str]]) -> str:
    """The words of a term, else its code and system; such as `"Fremdtext" (4711)`."""
    code = next((code for _, code in codes), "")
    if texts:
        words = texts[-1].strip()
        shown = words if len(words) <= _LONGEST else f"{words[:_LONGEST].rstrip()}…"
        return f'"{shown}" ({code})' if code else f'"{shown}"'
    system = next((system for system, _ in codes), "")
    named = "a code system not known here" if system == OTHER else system
    return f"{code} of {named}" if code else _NOTHING.says
