"""Reads which drug a resource is about: from its own code or words, and from the Medication that it refers to."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Contained, Dosage, Term
from cds_service.fhir.decoding.datatypes import Ingredient as Part
from cds_service.fhir.readers.dosage import route
from cds_service.fhir.readers.drug_status import NOT_UNDERSTOOD
from cds_service.knowledge.drugs import Form, Identified, Ingredient, classifies

Medications = Mapping[str, resources.Medication]
"""Medication resources by `Medication/<id>` and by the address that their Bundle gives them."""


class Drug(Struct, frozen=True):
    """What a resource is about: what was identified, what to call it, the words of its name and form, and what is odd."""

    identified: Identified
    name: str
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def addressed(medications: Iterable[tuple[resources.Medication, str]]) -> Medications:
    """Medications, each given with the address of its Bundle entry (or none), as `drug` looks them up."""
    found: dict[str, resources.Medication] = {}
    for medication, full_url in medications:
        for address in (f"Medication/{medication.id}" if medication.id else "", full_url):
            if address:
                found.setdefault(address, medication)
    return found


def drug(resource: resources.MedicationUse, medications: Medications, context: Context) -> Drug:
    """The drug, as far as anything names it."""
    terms = [
        term for term in (resource.medicationCodeableConcept, resource.medication) if term and _says_anything(term)
    ]
    reference, display = _reference(resource)
    shown = [Term(text=display)] if display else []
    if not reference:
        notes = () if terms or shown else (f"no drug is named: {NOT_UNDERSTOOD}",)
        return described([*terms, *shown], context, notes)
    medication = _resolved(reference, resource, medications)
    if medication is None:
        named = described([*terms, *shown], context)
        return replace(named, name=named.name or reference, notes=(f"{reference} could not be resolved",))
    parts = [described(list(_ingredient_terms(item, resource, medications)), context) for item in medication.ingredient]
    codes = [*terms, medication.code] if medication.code else terms
    coded = described(codes, context)
    if not coded.identified.known and not parts:
        coded = described([*codes, *shown], context)
    return _joined(coded, parts, display or reference, tuple(medication.form.texts if medication.form else ()))


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
    )


def described(terms: list[Term], context: Context, notes: tuple[str, ...] = ()) -> Drug:
    """The drug that several terms describe together."""
    parts = [_identified(term, context) for term in terms]
    words = tuple(text for term in terms for text in term.texts)
    code = next((code for term in terms for _, code in term.codes), "")
    name = next((term.text for term in terms if term.text), "") or next(iter(words), "") or code
    known = any(part.known for part in parts)
    identified = parts[0] if len(parts) == 1 else Identified(_merged(parts), known, _form(parts))
    return Drug(identified, name.strip(), words, notes)


def _identified(term: Term, context: Context) -> Identified:
    index = context.know.index
    coded = tuple((system, code) for address, code in term.codes if (system := index.system(address)))
    return context.know.drugs.identify(coded, tuple(term.texts))


def is_coded(term: Term, context: Context) -> bool:
    """Whether a code says which drug it is, or that it is none of ours."""
    system = context.know.index.system
    return any(classifies((system(address), code)) for address, code in term.codes)


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


def _ingredient_terms(item: Part, resource: resources.MedicationUse, medications: Medications) -> Iterator[Term]:
    """What names one ingredient: a concept, a contained substance, another Medication, or the words of a reference."""
    yield from (term for term in (item.itemCodeableConcept, item.item) if term and _says_anything(term))
    for reference in (item.itemReference, item.item.reference if item.item else None):
        address = reference if isinstance(reference, str) else (reference.reference or "") if reference else ""
        inner = _resolved(address, resource, medications)
        if inner and inner.code:
            yield inner.code
        elif reference and not isinstance(reference, str) and reference.display:
            yield Term(text=reference.display)


def _says_anything(term: Term) -> bool:
    return bool(term.codes or term.texts)


def _reference(resource: resources.MedicationUse) -> tuple[str, str]:
    """The reference to a Medication and its display, as R4, R5 or an older version writes it."""
    newer = resource.medication.reference if resource.medication else None
    if isinstance(newer, str):
        return newer, ""
    for item in (resource.medicationReference, newer):
        if item is not None and (item.reference or item.display):
            return item.reference or "", item.display or ""
    return "", ""


def _resolved(
    reference: str, resource: resources.MedicationUse, medications: Medications
) -> resources.Medication | Contained | None:
    """The Medication by the reference as written, by its relative form, or among the contained."""
    if reference.startswith("#"):
        return next((item for item in resource.contained if item.id and item.id.lstrip("#") == reference[1:]), None)
    plain = reference.partition("/_history/")[0]
    return medications.get(plain) or medications.get("/".join(plain.split("/")[-2:]))
