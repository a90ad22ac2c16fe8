"""Tells which value sets a term's words name and how they speak of each: as stated, doubted, past, denied or another person's."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cds_service.knowledge.codes import CodeIndex, Match, read_part
from cds_service.report_text.modifiers import Assertion, Modified, Standing


class Naming(Struct, frozen=True):
    """The value sets of which some words speak in one way."""

    sets: frozenset[str]
    assertion: Assertion


NOT_OF_PATIENT = frozenset((Standing.DENIED, Standing.ANOTHER))
"""What is so named is nothing that the patient has or had."""
_STRONGEST = (
    Assertion(),
    Assertion(doubtful=True),
    Assertion(Standing.PAST),
    Assertion(Standing.PAST, doubtful=True),
    Assertion(Standing.DENIED),
    Assertion(Standing.ANOTHER),
)
"""Where words speak of one thing in several ways, the first of these counts."""


def namings(texts: Iterable[str], index: CodeIndex) -> tuple[Naming, ...]:
    """The value sets that the texts of one term name, each once, by how the texts speak of it; the strongest first.

    A set of lasting things has no past: a history, a valve or an allergy is what it is. If its words are also those of something past,
    it goes with that.
    """
    found: dict[str, Assertion] = {}
    for text in texts:
        for match, assertion in _asserted(text, index):
            for name in match.sets:
                found[name] = min(found.get(name, assertion), assertion, key=_STRONGEST.index)
    return tuple(
        Naming(sets, assertion)
        for assertion in _STRONGEST
        if (sets := frozenset(name for name, own in found.items() if own == assertion))
    )


def _asserted(text: str, index: CodeIndex) -> Iterator[tuple[Match, Assertion]]:
    matches = index.matches(text)
    if not matches:
        return
    modified = Modified(read_part(text))
    found = [(match, modified.assertion(match.start, match.end)) for match in matches]
    pasts = [match for match, said in found if said.standing is Standing.PAST and match.sets.isdisjoint(index.lasting)]
    for match, said in found:
        if match.sets.isdisjoint(index.lasting) or said.standing in NOT_OF_PATIENT:
            yield match, said
        elif any(match.start < past.end and past.start < match.end for past in pasts):
            yield match, Assertion(Standing.PAST, said.doubtful)
        else:
            yield match, Assertion(doubtful=said.doubtful)
