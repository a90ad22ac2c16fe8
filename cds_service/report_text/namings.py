"""Tells which value sets a term's words name and how they speak of each: as stated, doubted, past, denied or another person's."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from cds_service.knowledge.codes import CodeIndex, read_part
from cds_service.knowledge.value_sets import Past
from cds_service.report_text.modifiers import Modified, Standing, Wording


class Naming(Struct, frozen=True):
    """The value sets of which some words speak in one way."""

    sets: frozenset[str]
    wording: Wording


NOT_OF_PATIENT = frozenset((Standing.DENIED, Standing.ANOTHER))
"""What is so named is nothing that the patient has or had."""
_STRONGEST = (
    Wording(),
    Wording(doubtful=True),
    Wording(Standing.PAST),
    Wording(Standing.PAST, doubtful=True),
    Wording(Standing.DENIED),
    Wording(Standing.ANOTHER),
)
"""Where words speak of one thing in several ways, the first of these counts."""


def namings(texts: Iterable[str], index: CodeIndex) -> tuple[Naming, ...]:
    """The value sets that the texts of one term name, each once, by how the texts speak of it; the strongest first.

    What a value set says of its past decides what past words mean. If lasting words are also those of something past, they go with that.
    """
    found: dict[str, Wording] = {}
    for text in texts:
        for sets, wording in _spoken_of(text, index):
            for name in sets:
                found[name] = min(found.get(name, wording), wording, key=_STRONGEST.index)
    return tuple(
        Naming(sets, wording)
        for wording in _STRONGEST
        if (sets := frozenset(name for name, own in found.items() if own == wording))
    )


def named(texts: Iterable[str], index: CodeIndex) -> frozenset[str]:
    """The value sets of all that texts name and do not deny, or say of another person."""
    return frozenset().union(
        *(item.sets for item in namings(texts, index) if item.wording.standing not in NOT_OF_PATIENT)
    )


def _spoken_of(text: str, index: CodeIndex) -> Iterator[tuple[frozenset[str], Wording]]:
    matches = index.matches(text)
    if not matches:
        return
    modified = Modified(read_part(text))
    lasting, passing = index.with_past[Past.LASTS], index.with_past[Past.IS_ANOTHER]
    found = [(match, modified.wording(match.start, match.end)) for match in matches]
    pasts = [
        match
        for match, said in found
        if not match.is_title and said.standing is Standing.PAST and match.sets.isdisjoint(lasting | passing)
    ]
    for match, said in found:
        if match.is_title:
            yield match.sets, Wording()
        elif match.sets.isdisjoint(lasting) or said.standing in NOT_OF_PATIENT:
            yield match.sets - passing if said.standing is Standing.PAST else match.sets, said
        elif any(match.start < past.end and past.start < match.end for past in pasts):
            yield match.sets, Wording(Standing.PAST, said.doubtful)
        else:
            yield match.sets, Wording(doubtful=said.doubtful)
