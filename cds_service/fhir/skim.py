"""Reads each resource once, straight from its bytes; a bad one is mended or set aside without touching its neighbours."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from cds_service.chart import Source
from cds_service.fhir import lenient, wire
from cds_service.fhir.bundle import Part
from cds_service.fhir.datatypes import Reference

_DECODER = msgspec.json.Decoder(wire.ANY)


class Skimmed(msgspec.Struct, frozen=True, gc=False):
    """One resource: its typed struct, the part that it came in, and the elements that could not be read."""

    resource: wire.Resource
    reference: str
    part: Part
    dropped: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        """Where its entries come from; made only for a resource that has any."""
        return Source(self.reference, bytes(self.part.raw), tuple(f"{path} could not be read" for path in self.dropped))

    @property
    def code_lost(self) -> bool:
        """Whether something of what the resource is about could not be read."""
        return any(
            path.startswith(("code", "medication", "substance", "conclusion", "presentedForm")) for path in self.dropped
        )


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that is no resource, or whose type cannot be read."""

    reference: str


def skim(parts: Iterable[Part], seen: set[str] | None = None) -> Iterator[Skimmed | Unread]:
    """The resources of interest among `parts`; of two with the same type and id the first counts.

    `seen` are the references that came before, in other parts; it is added to.
    """
    before = set() if seen is None else seen
    for part in parts:
        item = _one(part)
        if isinstance(item, Skimmed):
            if item.resource.id and item.reference in before:
                continue
            before.add(item.reference)
        if item is not None:
            yield item


def _one(part: Part) -> Skimmed | Unread | None:
    """The resource, or None if its type is of no interest."""
    try:
        resource = _DECODER.decode(part.raw)
        dropped: tuple[str, ...] = ()
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        value = lenient.as_object(part.raw)
        kind = value.get("resourceType") if value else None
        if value is None or not isinstance(kind, str):
            return Unread(part.full_url or "a resource without a type")
        if kind not in wire.TYPES:
            return None
        resource, dropped = lenient.read(value, wire.TYPES[kind])
    kind = type(resource).__name__
    reference = f"{kind}/{resource.id}" if resource.id else part.full_url or f"{kind} without id"
    return Skimmed(resource, reference, part, dropped)


def identifier(reference: Reference | None) -> str:
    """The bare id at the end of a reference, relative, absolute or versioned; empty for none or a contained one."""
    text = (reference.reference or "") if reference else ""
    if not text or text.startswith("#"):
        return ""
    return text.split("/_history/")[0].rpartition("/")[2]
