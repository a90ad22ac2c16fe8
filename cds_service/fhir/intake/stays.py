"""Names the stay or visit in which a diagnosis was made as the chart names it, where a reference names only its entry."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Reference
from cds_service.fhir.decoding.decode import DecodedResource
from cds_service.fhir.decoding.references import URN, Address, address


def joined(items: Sequence[DecodedResource]) -> tuple[DecodedResource, ...]:
    """The resources, each diagnosis with the type and id of its stay in the place of the `urn:` of the entry that holds it."""
    stays = {address(item.part.full_url): item.reference for item in _with_a_urn(items)}
    return tuple(_joined(item, stays) for item in items) if stays else tuple(items)


def _with_a_urn(items: Iterable[DecodedResource]) -> Iterable[DecodedResource]:
    return (
        item
        for item in items
        if isinstance(item.resource, resources.Encounter) and item.part.full_url[: len(URN)].lower() == URN
    )


def _joined(item: DecodedResource, stays: dict[Address, str]) -> DecodedResource:
    resource = item.resource
    stay = resource.encounter if isinstance(resource, resources.Condition) else None
    named = stays.get(address(stay.reference)) if stay else None
    return replace(item, resource=replace(resource, encounter=Reference(named))) if named else item
