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
from cds_service.report_text.modifiers import Standing
from cds_service.report_text.namings import NOT_OF_PATIENT, namings


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
    own = [item for item in found if item.wording.standing not in NOT_OF_PATIENT]
    threat = next(
        (item for item in own if item.wording.standing is not Standing.PAST or _is_of(item, dangers, context)), None
    )
    if threat is None:
        return (*found, Spoken(_alone(term, dangers, context, also)))
    return tuple(
        [replace(item, concept=replace(item.concept, dangers=dangers)) if item is threat else item for item in found]
    )


def _is_of(past: Spoken, dangers: tuple[Danger, ...], context: Context) -> bool:
    """Whether what is past is itself the danger: its code is, or the rule judges by it; else the words tell of something else beside it."""
    families = context.know.families.all
    return any(danger.code or not families[danger.family].judged.isdisjoint(past.concept.sets) for danger in dangers)


def of(term: Term | None, context: Context, section: Section) -> tuple[Danger, ...]:
    """The families that a term belongs to in a section of the chart; those by code first."""
    if term is None:
        return ()
    return _dangers(term, _heard_beside(term, context), context.know, section)


def _heard_beside(term: Term, context: Context) -> frozenset[str]:
    """The value sets of which the words make an entry of their own beside the codes, as of something that is there now."""
    sets = concepts.beside(term, context)
    stated = namings(term.texts, context.know.index) if sets else ()
    return sets & frozenset().union(*(item.sets for item in stated if item.wording.standing is Standing.PRESENT))


# Charts repeat few terms many times, so what each threatens is looked up once.
@digest_cached(16384)
def _dangers(term: Term, heard: frozenset[str], know: Knowledge, section: Section) -> tuple[Danger, ...]:
    families = know.families
    coded: dict[str, tuple[Membership, str]] = {}
    for address, code in term.codes:
        for found in _of_code(know.index.system(address), code, know):
            before = coded.get(found.family)
            if before is None or graver(found, before[0]) is found:
                coded[found.family] = (found, code)
    # A rule whose families a code is in, or is cleared of, is not asked about the words beside it; nor one that judges what they name.
    settled = {families.all[name].rule for name in coded}
    settled |= {family.rule for family in families.all.values() if not family.judged.isdisjoint(heard)}
    written: dict[str, Membership] = {}
    for text in term.texts:
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
