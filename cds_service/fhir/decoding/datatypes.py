"""The FHIR datatypes and backbone elements that any rule reads, as typed structs; nothing in them is required.

A choice of shapes (a Coding, a CodeableConcept in R4, a CodeableReference in R5) is one `Term`.
"""

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


class Reference(Value, frozen=True):
    reference: Text = None
    display: Words = None


class Coding(Value, frozen=True):
    system: Text = None
    code: Text = None
    display: Words = None


class Term(Value, frozen=True):
    """A CodeableConcept, a Coding or an R5 CodeableReference."""

    coding: tuple[Coding, ...] = ()
    text: Words = None
    system: Text = None
    code: Text = None
    display: Words = None
    concept: "Term | None" = None
    reference: Reference | str | None = None


class Period(Shape):
    start: Text = None
    end: Text = None


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
    state: Text = None


class Repeat(Shape):
    frequency: float | None = None
    period: float | None = None
    periodUnit: Text = None
    periodUnits: Text = None
    when: list[str] | str | None = None


class Timing(Shape):
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


class Participant(Shape):
    actor: Reference | None = None
