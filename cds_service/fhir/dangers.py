"""Tells which families of danger a diagnosis or allergy belongs to: by its codes, and by its words where its codes say nothing."""

from collections.abc import Iterable
from functools import lru_cache

from msgspec.structs import replace

from cds_service.chart import Basis, Concept, Danger, Section
from cds_service.fhir import concepts
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.datatypes import Term
from cds_service.knowledge import Knowledge
from cds_service.knowledge.families import Membership, graver


def concept(term: Term | None, context: Context, section: Section, *, also: Iterable[Term] = ()) -> Concept | None:
    """The concept of a term of a section, with its dangers; None if it belongs to no value set and to no family."""
    found = concepts.concept(term, context, also=also)
    dangers = of(term, context, section)
    if term is None or not dangers:
        return found
    if found:
        return replace(found, dangers=dangers)
    know, code = context.know, dangers[0].code
    text = term.label if term.texts else know.families.title(code) or term.label
    basis = Basis.CODE if code else Basis.TEXT
    return Concept(text, frozenset(), basis, concepts.levels(term, context, also=also), None, dangers)


def of(term: Term | None, context: Context, section: Section) -> tuple[Danger, ...]:
    """The families that a term belongs to in a section of the chart; those by code first."""
    if term is None:
        return ()
    # Words that make an entry of their own beside the codes are read there.
    texts = () if concepts.beside(term, context) else tuple(term.texts)
    return _dangers(term, texts, context.know, section)


# Charts repeat few terms many times, so what each threatens is looked up once.
@lru_cache(maxsize=16384)
def _dangers(term: Term, texts: tuple[str, ...], know: Knowledge, section: Section) -> tuple[Danger, ...]:
    families = know.families
    coded: dict[str, tuple[Membership, str]] = {}
    for address, code in term.codes:
        for found in families.of_code(know.index.system(address), code):
            before = coded.get(found.family)
            if before is None or graver(found, before[0]) is found:
                coded[found.family] = (found, code)
    # A rule whose families a code is in, or is cleared of, is not asked about the words beside it.
    settled = {families.all[name].rule for name in coded}
    written: dict[str, Membership] = {}
    for text in texts:
        if any(know.official.repeats(code, text) for _, code in term.codes):
            continue
        for found in families.of_text(text):
            if families.all[found.family].rule not in settled:
                written[found.family] = graver(found, written.get(found.family))
    by_code = [Danger(name, found.listed, code) for name, (found, code) in coded.items() if not found.cleared]
    by_words = [Danger(name, found.listed) for name, found in written.items() if not found.cleared]
    return tuple([item for item in (*by_code, *by_words) if families.all[item.family].section is section])
