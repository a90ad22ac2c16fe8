"""Reads which drug a resource is about: from its own code or words, and from the Medication that it refers to."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Contained, Dosage, Reference, Term
from cds_service.fhir.decoding.datatypes import Ingredient as Part
from cds_service.fhir.decoding.references import Directory, Neighbours, named
from cds_service.fhir.readers.dosage import route
from cds_service.fhir.readers.drug_status import ERRONEOUS, NOT_UNDERSTOOD
from cds_service.knowledge.drugs import Form, Identified, Ingredient, classifies

Named = resources.Medication | resources.Substance
NAMED = (resources.Medication, resources.Substance)
Medications = Neighbours[Named]
"""The Medications, and the Substances that they consist of, that a resource about a drug may refer to."""


class Drug(Struct, frozen=True):
    """What a resource is about: what was identified, what to call it, the words of its name and form.

    `nameless` says why what should name it did not come, where no words stand in its place.
    """

    identified: Identified
    name: str
    words: tuple[str, ...] = ()
    nameless: str = ""


def addressed(named: Iterable[tuple[Named, str]]) -> Directory[Named]:
    """Medications and Substances, each given with the address of its Bundle entry (or none); not what was entered in error."""
    found: Directory[Named] = Directory()
    for resource, full_url in named:
        if (resource.status or "").strip().lower() == ERRONEOUS:
            continue
        identifiers = [f"{item.system or ''}|{item.value}" for item in resource.identifier if item.value]
        found.add(resource, type(resource).__name__, resource.id, full_url, identifiers)
    return found


def drug(resource: resources.MedicationUse, medications: Medications, context: Context) -> Drug:
    """The drug, as far as anything names it."""
    terms = [
        term for term in (resource.medicationCodeableConcept, resource.medication) if term and _says_anything(term)
    ]
    link = reference_of(resource) or Reference()
    shown = [Term(text=link.display)] if link.display else []
    reference = link.reference or named(link)
    if not reference:
        why = "" if terms or shown else f"no drug is named: {NOT_UNDERSTOOD}"
        return replace(described([*terms, *shown], context), nameless=why)
    medication = _resolved(link, resource, medications, "Medication")
    if medication is None:
        known = described([*terms, *shown], context)
        return replace(known, name=known.name or reference, nameless=f"{reference} could not be resolved")
    ingredients = medication.ingredient if not isinstance(medication, resources.Substance) else ()
    parts = [_ingredient(item, resource, medications, context) for item in ingredients]
    codes = [*terms, medication.code] if medication.code else terms
    coded = described(codes, context)
    if not coded.identified.known and not parts:
        coded = described([*codes, *shown], context)
    form = None if isinstance(medication, resources.Substance) else medication.form
    whole = _joined(coded, parts, link.display or reference, tuple(form.texts if form else ()))
    is_named = bool(parts or shown) or any(map(_says_anything, codes))
    return whole if is_named else replace(whole, nameless=f"{reference} names no drug")


def acting(named: Drug, parts: tuple[Dosage, ...], context: Context) -> tuple[tuple[Ingredient, Basis], ...]:
    """The ingredients that reach the whole body, by product code, else by the words of form, route and instruction."""
    found = named.identified.found
    if not found or named.identified.form is Form.SYSTEMIC:
        return found
    if named.identified.form in (Form.TOPICAL, Form.FLUSH):
        return ()
    words = (
        *named.words,
        *(text for part in parts for text in (*(part.route.texts if part.route else ()), route(part)) if text),
    )
    told = tuple(part.text for part in parts if part.text)
    return tuple(item for item in found if context.know.drugs.form(item[0], words, told) is Form.SYSTEMIC)


def _joined(coded: Drug, parts: list[Drug], fallback: str, form: tuple[str, ...]) -> Drug:
    """A product and its ingredients: known by its code, or by an ingredient of ours, or if every ingredient is known."""
    whole = [coded.identified, *(part.identified for part in parts)]
    known = (
        coded.identified.known
        or any(part.identified.found for part in parts)
        or (bool(parts) and all(part.identified.known for part in parts))
    )
    name = coded.name or " / ".join(part.name for part in parts if part.name) or fallback
    stated = coded.identified.form
    return Drug(
        Identified(_merged(whole), known, stated if stated is not Form.UNSPECIFIED else _form(whole)),
        name,
        (*coded.words, *form, *(text for part in parts for text in part.words)),
        next((part.nameless for part in parts if part.nameless), ""),
    )


def described(terms: list[Term], context: Context) -> Drug:
    """The drug that several terms describe together."""
    parts = [_identified(term, context) for term in terms]
    words = tuple(text for term in terms for text in term.texts)
    code = next((code for term in terms for _, code in term.codes), "")
    name = next((term.text for term in terms if term.text), "") or next(iter(words), "") or code
    known = any(part.known for part in parts)
    identified = parts[0] if len(parts) == 1 else Identified(_merged(parts), known, _form(parts))
    return Drug(identified, name.strip(), words)


def _identified(term: Term, context: Context) -> Identified:
    index = context.know.index
    coded = tuple(
        (system, code)
        for address, code in term.codes
        if (system := index.system(address)) and _may_be(context, system, code)
    )
    return context.know.drugs.identify(coded, tuple(term.texts))


def is_coded(term: Term, context: Context) -> bool:
    """Whether a code says which drug it is, or that it is none of ours."""
    pairs = [(context.know.index.system(address), code) for address, code in term.codes]
    return any(classifies(pair) and _may_be(context, *pair) for pair in pairs)


def _may_be(context: Context, system: str, code: str) -> bool:
    """Whether a code can be one of its system's. A local system has no pattern; its codes are only found if they are listed."""
    systems = context.know.index.systems
    return system not in systems.patterns or systems.fits(system, code)


def _merged(parts: list[Identified]) -> tuple[tuple[Ingredient, Basis], ...]:
    """Each ingredient once; a code is better evidence than a name."""
    found: dict[Ingredient, Basis] = {}
    for ingredient, basis in (item for part in parts for item in part.found):
        if found.get(ingredient) is not Basis.CODE:
            found[ingredient] = basis
    return tuple(found.items())


def _form(parts: list[Identified]) -> Form:
    """The form that product codes state; a systemic one outweighs a local one."""
    forms = {part.form for part in parts}
    return next((form for form in (Form.SYSTEMIC, Form.TOPICAL, Form.FLUSH) if form in forms), Form.UNSPECIFIED)


def _ingredient(item: Part, resource: resources.MedicationUse, medications: Medications, context: Context) -> Drug:
    terms = list(_ingredient_terms(item, resource, medications))
    return replace(described(terms, context), nameless="" if terms else "an ingredient could not be resolved")


def _ingredient_terms(item: Part, resource: resources.MedicationUse, medications: Medications) -> Iterator[Term]:
    """What names one ingredient: a concept, a contained substance, another Medication, or the words of a reference."""
    yield from (term for term in (item.itemCodeableConcept, item.item) if term and _says_anything(term))
    for reference in (item.itemReference, item.item.reference if item.item else None):
        inner = _resolved(reference, resource, medications, "Substance")
        if inner and inner.code:
            yield inner.code
        elif reference and not isinstance(reference, str) and reference.display:
            yield Term(text=reference.display)


def _says_anything(term: Term) -> bool:
    return bool(term.codes or term.texts)


def reference_of(resource: resources.MedicationUse) -> Reference | None:
    """The reference to a Medication, as R4, R5 or an older version writes it; None if there is none that says anything."""
    newer = resource.medication.reference if resource.medication else None
    if isinstance(newer, str):
        return Reference(newer)
    for item in (resource.medicationReference, newer):
        if item is not None and (item.reference or item.identifier or item.display):
            return item
    return None


def _resolved(
    reference: Reference | str | None, resource: resources.MedicationUse, medications: Medications, kind: str
) -> Named | Contained | None:
    """What a reference leads to, among the contained or beside the resource."""
    written = reference.reference if isinstance(reference, Reference) else reference
    if written and written.startswith("#"):
        return next((item for item in resource.contained if item.id and item.id.lstrip("#") == written[1:]), None)
    return medications.find(reference, kind)
