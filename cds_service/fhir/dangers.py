"""Tells which families of danger a diagnosis or allergy belongs to: by its codes, and by its words where its codes say nothing."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from cds_service.chart import Basis, Concept, Danger, Section
from cds_service.digest_cache import digest_cached
from cds_service.fhir import concepts
from cds_service.fhir.concepts import Context, Spoken
from cds_service.fhir.decoding.datatypes import Term
from cds_service.knowledge import Knowledge
from cds_service.knowledge.families import Membership, graver
from cds_service.report_text.namings import NOT_OF_PATIENT


def concept(term: Term | None, context: Context, section: Section, *, also: Iterable[Term] = ()) -> Concept | None:
    """The concept of a term of a section, with its dangers; None if it belongs to no value set and to no family."""
    found = concepts.concept(term, context, also=also)
    dangers = of(term, context, section)
    if term is None or not dangers:
        return found
    if found:
        return replace(found, dangers=dangers)
    return _alone(term, dangers, context, also)


def _alone(term: Term, dangers: tuple[Danger, ...], context: Context, also: Iterable[Term]) -> Concept:
    """A concept of no value set, which only belongs to families."""
    know, code = context.know, dangers[0].code
    text = term.label if term.texts else know.families.title(code) or term.label
    basis = Basis.CODE if code else Basis.TEXT
    return Concept(text, frozenset(), basis, concepts.levels(term, context, also=also), None, dangers)


def spoken(term: Term | None, context: Context, section: Section, *, also: Iterable[Term] = ()) -> tuple[Spoken, ...]:
    """What a term means and how it speaks of that (`concepts.spoken`), with its dangers on what it says that the patient has or had."""
    found = concepts.spoken(term, context, also=also)
    dangers = of(term, context, section)
    if term is None or not dangers:
        return found
    for place, item in enumerate(found):
        if item.wording.standing not in NOT_OF_PATIENT:
            threat = Spoken(replace(item.concept, dangers=dangers), item.wording)
            return (*found[:place], threat, *found[place + 1 :])
    return (*found, Spoken(_alone(term, dangers, context, also)))


def of(term: Term | None, context: Context, section: Section) -> tuple[Danger, ...]:
    """The families that a term belongs to in a section of the chart; those by code first."""
    if term is None:
        return ()
    # Words that make an entry of their own beside the codes are read there.
    texts = () if concepts.beside(term, context) else tuple(term.texts)
    return _dangers((term, texts), context.know, section)


# Charts repeat few terms many times, so what each threatens is looked up once.
@digest_cached(16384)
def _dangers(named: tuple[Term, tuple[str, ...]], know: Knowledge, section: Section) -> tuple[Danger, ...]:
    term, texts = named
    families = know.families
    coded: dict[str, tuple[Membership, str]] = {}
    for address, code in term.codes:
        for found in _of_code(know.index.system(address), code, know):
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


def _of_code(system: str, code: str, know: Knowledge) -> Iterator[Membership]:
    """What the families say of a well-formed code, also where its system only extends another."""
    systems = know.index.systems
    if system and systems.fits(system, code):
        for reading in systems.readings(system, code):
            yield from know.families.of_code(*reading)
