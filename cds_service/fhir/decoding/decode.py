"""Reads each resource once, straight from its bytes; a bad one is mended or set aside without touching its neighbours."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

import msgspec
from msgspec import Struct

from cds_service.chart import Source
from cds_service.fhir.decoding import repair, resources, twice, type_names
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.references import address, person
from cds_service.knowledge.codes import LONGEST_TERM

_DECODER = msgspec.json.Decoder(resources.ANY)
_NO_LOSSES = repair.Losses()


class DecodedResource(msgspec.Struct, frozen=True, gc=False):
    """One resource: its typed struct, the part that it came in, the elements that could not be read, and by path
    each text that was read in part, as it came whole.

    `notes` say what else of it does not count, `modifier` what changes its meaning and is not understood.
    """

    resource: resources.Resource
    reference: str
    part: Part
    dropped: tuple[str, ...] = ()
    cut: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
    modifier: str = ""

    @property
    def whose(self) -> str:
        """Whom it is about, as `references.person` says it; empty if it does not say."""
        resource = self.resource
        if isinstance(resource, resources.Patient):
            return resource.id or address(self.part.full_url).id
        if isinstance(resource, resources.Coverage) and resource.beneficiary:
            return person(resource.beneficiary)
        if isinstance(resource, resources.Task) and resource.for_:
            return person(resource.for_)
        return person(resource.subject or resource.patient)

    @property
    def has_id(self) -> bool:
        """Whether its reference names it; others without an id and an address may have the same."""
        return bool(self.resource.id or self.part.full_url)

    @property
    def source(self) -> Source:
        """Where its entries come from; made only for a resource that has any."""
        if not (self.is_damaged or self.notes):
            return Source(self.reference, bytes(self.part.raw))
        notes = [*(f"{path} could not be read" for path in self.dropped), *self.notes]
        notes += [f"{path} was read as far as {LONGEST_TERM} characters" for path in self.cut]
        return Source(self.reference, bytes(self.part.raw), tuple(notes))

    @property
    def is_damaged(self) -> bool:
        """Whether anything of it was not read as it came."""
        return bool(self.dropped or self.cut)


class Passed(msgspec.Struct, frozen=True, gc=False):
    """A resource that no rule reads: only its reference and whose it is (as `references.person` says) were looked at."""

    reference: str
    whose: str
    has_id: ClassVar[bool] = True


class NotDecoded(Struct, frozen=True):
    """Something that is no resource, or whose type is none that FHIR has: `kind` is what it calls itself, empty if it does not."""

    reference: str
    kind: str = ""


class OtherType(Struct, frozen=True):
    """A resource of a type that no rule reads."""

    kind: str


Dismissal = Callable[[msgspec.Raw], Passed | None]
"""Says of a resource's bytes that no rule reads it; None if that is not plain."""


def none_passed(raw: msgspec.Raw) -> Passed | None:  # noqa: ARG001
    """Passes over nothing."""
    return None


def decode(
    parts: Iterable[Part], seen: set[str] | None = None, glance: Dismissal = none_passed
) -> list[DecodedResource | Passed | NotDecoded]:
    """The resources of interest among `parts`, and those passed over; of two with the same type and id the first counts.

    `seen` are the references that came before, in other parts; it is added to.
    """
    before = set() if seen is None else seen
    found = []
    for part in parts:
        item = glance(part.raw) or one(part)
        if isinstance(item, OtherType):
            continue
        if not isinstance(item, NotDecoded):
            if item.reference in before and item.has_id:
                continue
            before.add(item.reference)
        found.append(item)
    return found


def one(part: Part) -> DecodedResource | NotDecoded | OtherType:
    """The resource, as far as it is of a type that some rule reads."""
    raw = bytes(part.raw)
    hides = twice.may_hide(raw)
    try:
        resource = None if hides else _DECODER.decode(raw)
        losses = _NO_LOSSES
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        resource = None
    if resource is None:
        value = twice.read(raw)
        kind = value.get("resourceType") if value else None
        if value is None or not isinstance(kind, str):
            return NotDecoded(part.full_url or "a resource without a type")
        if kind not in resources.TYPES:
            return OtherType(kind) if kind in type_names.NAMES else NotDecoded(part.full_url or kind[:40], kind[:40])
        resource, losses = repair.read(value, resources.TYPES[kind])
    kind = type(resource).__name__
    reference = f"{kind}/{resource.id}" if resource.id else _by_address(kind, part.full_url)
    return DecodedResource(resource, reference, part, tuple(losses.dropped), losses.cut)


def _by_address(kind: str, full_url: str) -> str:
    """How a resource without an id is named: by the id in its entry's address, else by the address, else by its type."""
    entry = address(full_url)
    return entry.path if entry.type == kind else full_url or f"{kind} without id"
