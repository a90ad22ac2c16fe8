"""What a coded conclusion of an imaging report says, or one that is a plain label."""

from collections.abc import Iterator

from msgspec.structs import replace

from cds_service.chart import Assertion, Episode, ImagingSign, ValueSets
from cds_service.fhir import concepts
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.datatypes import Term
from cds_service.report_text.reader import Statement, read_report

_SIGNS = {
    ValueSets.VERTEBRAL_FRACTURE: ImagingSign.FRACTURE,
    ValueSets.FRACTURE_BURST: ImagingSign.POSTERIOR_WALL,
    ValueSets.FRACTURE_UNSTABLE: ImagingSign.INSTABILITY,
    ValueSets.SPINAL_INSTABILITY: ImagingSign.INSTABILITY,
    ValueSets.FRACTURE_HISTORY: ImagingSign.HEALING,
    ValueSets.VERTEBRAL_OSTEONECROSIS: ImagingSign.CLEFT,
    ValueSets.SPINAL_INFECTION: ImagingSign.SPINAL_INFECTION,
    ValueSets.VERTEBRAL_NEOPLASM: ImagingSign.MALIGNANCY,
    ValueSets.EPIDURAL_TUMOUR: ImagingSign.EPIDURAL_TUMOUR,
}
"""What a coded conclusion says, by the value set of its code."""
_EPISODES = {Episode.NONUNION: ImagingSign.CLEFT, Episode.SEQUELA: ImagingSign.HEALING}


def stated_by(term: Term, context: Context) -> tuple[Statement, ...]:
    """What a coded conclusion or a plain label says. The words beside a code of a complete list add nothing to it."""
    return tuple(_statements(term, context))


def _statements(term: Term, context: Context) -> Iterator[Statement]:
    index = context.know.index
    levels = concepts.levels(term, context)
    sets: frozenset[str] = frozenset()
    own_words = set(term.texts)
    for coding in term.codings:
        system = index.system(coding.system or "")
        if system and coding.code:
            sets |= index.of_code(system, coding.code.strip())
            if system in index.systems.closed:
                own_words.discard(coding.display or "")
    found = concepts.concept(term, context)
    signs = {sign for name, sign in _SIGNS.items() if name in sets}
    if ValueSets.FRACTURE_UNSPECIFIED_SITE in sets and levels:
        signs.add(ImagingSign.FRACTURE)
    if found and found.episode in _EPISODES:
        signs.add(_EPISODES[found.episode])
    label = found.text if found else ""
    yield from (Statement(sign, Assertion.PRESENT, levels, None, label) for sign in sorted(signs))
    for words in sorted(own_words):
        for statement in read_report(words):
            if statement.sign not in signs:
                yield replace(statement, levels=statement.levels or levels)
