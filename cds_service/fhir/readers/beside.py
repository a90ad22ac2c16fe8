"""Reads the words of a diagnosis or allergy where its code means something else: nothing grave is passed over for a wrong code."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from cds_service.chart import Allergy, Condition, Source
from cds_service.fhir.concepts import Context, beside
from cds_service.fhir.decoding import resources

Read = Callable[[Any, Source, Context], Any]
"""Reads one resource."""


def beside_its_codes(
    resource: resources.Condition | resources.AllergyIntolerance, source: Source, read: Read, context: Context
) -> Condition | Allergy | None:
    """What a resource would be, did it have words alone, for the value sets that its codes do not mean; None if there is none."""
    sets = beside(resource.code, context)
    if not sets or resource.code is None:
        return None
    found: Condition | Allergy | None = read(replace(resource, code=resource.code.in_words), source, context)
    return found and replace(found, concept=replace(found.concept, sets=sets))
