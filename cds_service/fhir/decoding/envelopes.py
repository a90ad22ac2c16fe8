"""The JSON around resources as structs: Bundle, entry, link and OperationOutcome, and what is made of one that does not fit."""

import re

import msgspec
from msgspec import Raw, Struct, field

from cds_service.fhir.decoding.repair import as_number

_EMPTY = Raw(b"")
_STATUS = re.compile(r"\b([1-5]\d\d)\b")


class Search(Struct, gc=False):
    """Why an entry is in a searchset."""

    mode: str | None = None


class EntryResponse(Struct, gc=False):
    """How a request inside a batch was answered."""

    status: str | int | None = None

    @property
    def failed(self) -> bool:
        """Whether its HTTP status is an error, however it is written; a status that cannot be read is none."""
        found = _STATUS.search(str(self.status))
        return self.status is not None and (found is None or found[1] >= "400")


class Part(Struct, frozen=True, gc=False):
    """One resource as received: its bytes, the address that its Bundle gives it, and how it came into the Bundle."""

    raw: Raw = field(default=_EMPTY, name="resource")
    full_url: str = field(default="", name="fullUrl")
    search: Search | None = None
    response: EntryResponse | None = None
    extension: Raw = field(default=_EMPTY, name="modifierExtension")

    @property
    def is_modified(self) -> bool:
        """Whether something changes the meaning of the entry; there is nothing of the sort that we know."""
        return says_something(self.extension)


class BundleLink(Struct, gc=False):
    """A link of a Bundle."""

    relation: str | None = None
    url: str | None = None


class Entries(Struct, gc=False):
    """The members of a Bundle."""

    total: int | None = None
    entry: list[Part] | None = None
    link: list[BundleLink] | None = None
    rules: Raw = field(default=_EMPTY, name="implicitRules")
    extension: Raw = field(default=_EMPTY, name="modifierExtension")

    @property
    def is_modified(self) -> bool:
        """Whether something changes the meaning of the whole; there is nothing of the sort that we know."""
        return says_something(self.rules) or says_something(self.extension)


class Bundle(Entries, gc=False, tag_field="resourceType", tag="Bundle"):
    """A Bundle as it should be."""


class OperationOutcome(Struct, gc=False, tag_field="resourceType", tag="OperationOutcome"):
    """What is sent instead of data; its issues are read apart, as anything may stand there."""

    issue: Raw = _EMPTY


class AnyEnvelope(Entries, gc=False, rename="camel"):
    """Any JSON object that a key or a search may bring."""

    resource_type: str | None = None
    resource: Raw = _EMPTY
    issue: Raw = _EMPTY


class _Typed(Struct, gc=False, rename="camel"):
    resource_type: str | None = None


_TYPED = msgspec.json.Decoder(_Typed)


def says_something(raw: Raw) -> bool:
    """Whether an element that was not read yet is there and not empty; one that cannot be read may say anything."""
    if not raw:
        return False
    try:
        return bool(msgspec.json.decode(raw))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return True


def type_of(raw: Raw) -> str:
    """The type of a resource; empty if it cannot be read."""
    try:
        return _TYPED.decode(raw).resource_type or ""
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""


_OUTCOME = msgspec.json.Decoder(OperationOutcome)


def issues_of(raw: Raw) -> Raw:
    """The issues of an OperationOutcome, still to be read; empty if it has none that can be."""
    try:
        return _OUTCOME.decode(raw).issue
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _EMPTY


def repaired(value: dict[str, object]) -> tuple[AnyEnvelope, bool]:
    """The members of an object some of which do not fit their types, and whether its total or a link could not be read."""
    resource, kind = value.get("resource"), value.get("resourceType")
    total, knows_total = _total(value.get("total"))
    links, knows_links = _links(value.get("link"))
    listed = value.get("entry")
    entries = listed if isinstance(listed, list) else [] if listed is None else [listed]
    envelope = AnyEnvelope(
        total=total,
        entry=[_entry(item) for item in entries] if "entry" in value else None,  # a resource has none, and is no Bundle
        link=links,
        resource_type=kind if isinstance(kind, str) else "unreadable" if kind is not None else None,
        resource=Raw(msgspec.json.encode(resource)) if isinstance(resource, dict) else _EMPTY,
        issue=Raw(msgspec.json.encode(value.get("issue"))),
        rules=Raw(msgspec.json.encode(value.get("implicitRules"))),
        extension=Raw(msgspec.json.encode(value.get("modifierExtension"))),
    )
    return envelope, not (knows_total and knows_links)


def _total(value: object) -> tuple[int | None, bool]:
    """A number or a number as text, and whether it could be read."""
    if value is None:
        return None, True
    number = as_number(value)
    return (int(number), True) if number is not None and 0 <= number < float("inf") else (None, False)


def _links(value: object) -> tuple[list[BundleLink], bool]:
    """The links that are objects with a relation, one of which may stand alone; and whether all are."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    links = []
    for item in listed:
        relation, url = (item.get("relation"), item.get("url")) if isinstance(item, dict) else (None, None)
        if isinstance(relation, str):
            links.append(BundleLink(relation, url if isinstance(url, str) else None))
    return links, len(links) == len(listed)


def _entry(entry: object) -> Part:
    """An entry whose resource is kept, whatever stands beside it; what is no object at all is kept to be named."""
    if not isinstance(entry, dict):
        return Part(Raw(msgspec.json.encode(entry)))
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    search, response = entry.get("search"), entry.get("response")
    mode = search.get("mode") if isinstance(search, dict) else None
    status = response.get("status") if isinstance(response, dict) else response
    return Part(
        _EMPTY if resource is None else Raw(msgspec.json.encode(resource)),
        full_url if isinstance(full_url, str) else "",
        Search(mode) if isinstance(mode, str) else None,
        None if response is None else EntryResponse(status if isinstance(status, str | int) else str(status)),
        Raw(msgspec.json.encode(entry.get("modifierExtension"))),
    )
