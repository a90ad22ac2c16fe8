"""Reads the words of a diagnosis or allergy where its code means something else: nothing grave is passed over for a wrong code."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from cds_service.chart import Allergy, Condition, Source
from cds_service.fhir.concepts import Context, beside

Read = Callable[[Any, Source, Context], Iterable[Any]]
"""Reads the entries of one resource."""


def beside_its_codes(resource: Any, source: Source, read: Read, context: Context) -> tuple[Condition | Allergy, ...]:
    """What a Condition or AllergyIntolerance would be, did it have words alone, for the value sets that its codes do not mean.

    Most often nothing.
    """
    sets = beside(resource.code, context)
    if not sets or resource.code is None:
        return ()
    found = read(replace(resource, code=resource.code.in_words), source, context)
    return tuple(
        replace(item, concept=replace(item.concept, sets=item.concept.sets & sets))
        for item in found
        if not item.concept.sets.isdisjoint(sets)
    )
