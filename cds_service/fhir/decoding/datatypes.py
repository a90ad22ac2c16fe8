"""The FHIR datatypes and backbone elements that any rule reads, as typed structs; nothing in them is required.

A choice of shapes (a Coding, a CodeableConcept in R4, a CodeableReference in R5) is one `Term`.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from cds_service.knowledge.codes import LONGEST_TERM

Text = str | None
Words = Annotated[str, Meta(max_length=LONGEST_TERM)] | None
"""What a term says in words; a longer text is read as far as this, which `skim.Skimmed.cut` tells."""


class Shape(Struct, gc=False):
    """Base of all shapes: small, never cyclic, so the garbage collector need not know them."""


class Value(Struct, frozen=True, cache_hash=True, gc=False):
    """Base of the shapes that are looked up: equal content is equal, so that what a term means is found once, not each time."""


class Identifier(Value, frozen=True):
    system: Text = None
    value: Text = None


class Reference(Value, frozen=True):
    reference: Text = None
    identifier: Identifier | None = None
    display: Words = None


class Extension(Value, frozen=True):
    url: Text = None
    valueCoding: "Coding | None" = None
    valueCode: Text = None


class Coding(Value, frozen=True):
    system: Text = None
    code: Text = None
    display: Words = None
    extension: tuple[Extension, ...] = ()


class Term(Value, frozen=True):
    """A CodeableConcept, a Coding or an R5 CodeableReference."""

    coding: tuple[Coding, ...] = ()
    text: Words = None
    system: Text = None
    code: Text = None
    display: Words = None
    concept: "Term | None" = None
    reference: Reference | str | None = None

    @property
    def codings(self) -> Sequence[Coding]:
        """All codings: of a CodeableConcept, the Coding that it is itself, those of the concept of a CodeableReference."""
        if not self.code and self.concept is None:
            return self.coding
        own = [Coding(self.system, self.code, self.display)] if self.code else []
        return [*self.coding, *own, *(self.concept.codings if self.concept else ())]

    @property
    def codes(self) -> list[tuple[str, str]]:
        """The address of the code system, empty where none is given, and the code of each coding that has one."""
        return [(coding.system or "", coding.code.strip()) for coding in self.codings if coding.code]

    @property
    def texts(self) -> list[str]:
        """All that it says in words: displays, then text; each as far as it is read."""
        displays = [coding.display for coding in self.codings if coding.display]
        own = (self.text, self.display, self.concept.text if self.concept else None)
        # The edge cuts what was sent; terms that we make of other texts (a note, a description) are cut here.
        return [text[:LONGEST_TERM] for text in (*displays, *own) if text]

    @property
    def in_words(self) -> "Term":
        """The same without its codes."""
        return Term(tuple(Coding(display=text) for text in self.texts[:-1]), text=next(iter(self.texts[-1:]), None))

    @property
    def label(self) -> str:
        """What people see of it: its own words, else the display of a code, else a code; empty if there is none."""
        own = self.text or (self.concept.text if self.concept else None)
        words = own or next((coding.display for coding in self.codings if coding.display), None)
        return (words or next((code for _, code in self.codes), ""))[:LONGEST_TERM].strip()

    @property
    def plain_code(self) -> str:
        """Its first code, else its text, in lower case, as a status or a category is compared; empty if there is neither."""
        code = next((coding.code for coding in self.codings if coding.code), None)
        return (code or self.text or "").strip().lower()


_STATUS_SYSTEMS = ("http://terminology.hl7.org/", "http://hl7.org/fhir/")
"""How the addresses of HL7's own systems begin, in which a status must be stated; a local one may stand beside it."""


def _status(term: Term) -> str:
    """The code of HL7's own system, else the plain code."""
    own = (coding.code for coding in term.codings if coding.code and (coding.system or "").startswith(_STATUS_SYSTEMS))
    return next(own, term.plain_code).strip().lower()


def terms_of(element: list[Term] | Term | None) -> list[Term]:
    """The terms of an element that is a list in one FHIR version and a single term in another."""
    return element if isinstance(element, list) else [] if element is None else [element]


def code_of(element: list[Term] | Term | str | None) -> str:
    """The plain code of a status-like element, be it a code (STU3), a CodeableConcept (R4) or a list; empty if there is none."""
    if element is None:
        return ""
    if isinstance(element, str):
        return element.strip().lower()
    if isinstance(element, Term):
        return _status(element)
    return next(filter(None, [_status(term) for term in element]), "")


class Period(Shape):
    start: Text = None
    end: Text = None


class AgePeriod(Period):
    """A Period that is made of the patient's age: what it begins and ends with is known to the year at best."""


class Quantity(Shape):
    value: float | None = None
    comparator: Text = None
    unit: Text = None
    system: Text = None
    code: Text = None


class Range(Shape):
    low: Quantity | None = None
    high: Quantity | None = None


class Note(Shape):
    text: Words = None


class Narrative(Shape):
    div: Text = None


class Attachment(Shape):
    contentType: Text = None
    data: Text = None


class Ingredient(Shape):
    itemCodeableConcept: Term | None = None
    itemReference: Reference | None = None
    item: Term | None = None


class Contained(Shape):
    """A contained resource; only Medications are looked into."""

    resourceType: Text = None
    id: Text = None
    code: Term | None = None
    ingredient: list[Ingredient] = []
    form: Term | None = None


class Address(Shape):
    use: Text = None
    state: Text = None


class Repeat(Shape):
    boundsPeriod: Period | None = None
    frequency: float | None = None
    period: float | None = None
    periodUnit: Text = None
    periodUnits: Text = None
    when: list[str] | str | None = None


class Timing(Shape):
    event: list[str] = []
    repeat: Repeat | None = None
    code: Term | None = None


class DoseAndRate(Shape):
    doseQuantity: Quantity | None = None
    doseRange: Range | None = None


class Dosage(Shape):
    text: Words = None
    asNeededBoolean: bool | None = None
    asNeededCodeableConcept: Term | None = None
    asNeeded: bool | None = None
    timing: Timing | None = None
    route: Term | None = None
    doseAndRate: list[DoseAndRate] | DoseAndRate | None = None
    doseQuantity: Quantity | None = None
    dose: Quantity | None = None


class Adherence(Shape):
    code: Term | None = None


class Component(Shape):
    code: Term | None = None
    valueQuantity: Quantity | None = None
    valueCodeableConcept: Term | None = None
    valueString: Text = None
    valueBoolean: bool | None = None
    valueInteger: float | None = None
    dataAbsentReason: Term | None = None
    interpretation: list[Term] | Term | None = None


class Series(Shape):
    modality: Term | None = None
    bodySite: Term | None = None
    description: Words = None


class Reaction(Shape):
    substance: Term | None = None
    manifestation: list[Term] | Term | None = None
    severity: Text = None


class PatientLink(Shape):
    """To another record of the same person."""

    other: Reference | None = None
    type: Text = None


class Participant(Shape):
    actor: Reference | None = None
