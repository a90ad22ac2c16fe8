"""Opens what a prefetch key or a search brought: a Bundle of any type, a bare resource, a wrapper, null or an error."""

import msgspec
from msgspec import Raw, Struct, field

from cds_service.chart import Answer
from cds_service.fhir.decoding import repair
from cds_service.fhir.decoding.refusal import says_no_such_type


class _Search(Struct, gc=False):
    mode: str | None = None


class Part(Struct, frozen=True, gc=False):
    """One resource as received: its bytes, the address that its Bundle gives it, and how it came into the Bundle."""

    raw: Raw = field(default=Raw(b""), name="resource")
    full_url: str = field(default="", name="fullUrl")
    search: _Search | None = None


class Answered(Struct, frozen=True):
    """What came for one section: how it was answered, its resources, the address of the next page, and what went wrong.

    `matches` are the resources that the search matched (included ones not), `total` how many there are in all, if it says;
    `is_bare` says that one resource was sent without a Bundle around it.
    """

    answer: Answer
    parts: tuple[Part, ...] = ()
    next_page: str = ""
    says: str = ""
    matches: int = 0
    total: int | None = None
    is_bare: bool = False


OMITTED = Answered(Answer.OMITTED)
_NOTHING = Answered(Answer.WHOLE)
_REFUSED = Answered(Answer.FAILED, says="an OperationOutcome was sent instead of data")
_NOT_KEPT = Answered(Answer.NOT_KEPT, says="the answer was that there is no such kind of resource")


class _Link(Struct, gc=False):
    relation: str | None = None
    url: str | None = None


class _Entries(Struct, gc=False):
    total: int | None = None
    entry: list[Part] | None = None
    link: list[_Link] | None = None


class Bundle(_Entries, gc=False, tag_field="resourceType", tag="Bundle"):
    """A Bundle as it should be."""


class OperationOutcome(Struct, gc=False, tag_field="resourceType", tag="OperationOutcome"):
    """What is sent instead of data; its issues are read apart, as anything may stand there."""

    issue: Raw = Raw(b"")


class _Envelope(_Entries, gc=False, rename="camel"):
    resource_type: str | None = None
    resource: Raw = Raw(b"")
    issue: Raw = Raw(b"")


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def opened(sent: Bundle | OperationOutcome | None, count: int | None = None) -> Answered:
    """What a prefetch value holds that was decoded as what it most often is; see `open_answer` for any other."""
    if isinstance(sent, Bundle):
        return _open_bundle(sent, count)
    return _NOTHING if sent is None else _refused(sent.issue)


def open_answer(raw: Raw, count: int | None = None) -> Answered:
    """What a prefetch value or a search response holds. Never raises.

    `count` is the page size that was asked for: a list exactly that long without a total counts as cut.
    """
    try:
        envelope = _ENVELOPE.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _open_odd(raw, count)
    return _open(envelope, raw, count)


def _open(envelope: _Envelope, raw: Raw, count: int | None) -> Answered:
    if envelope.resource_type == "Bundle" or (envelope.resource_type is None and envelope.entry is not None):
        return _open_bundle(envelope, count)
    if envelope.resource_type == "OperationOutcome":
        return _refused(envelope.issue)
    if envelope.resource_type:
        return Answered(Answer.WHOLE, (Part(raw),), is_bare=True)
    if envelope.resource:
        return open_answer(envelope.resource, count)
    return Answered(Answer.FAILED, says="what was sent is no FHIR resource")


def _refused(issues: Raw) -> Answered:
    return _NOT_KEPT if says_no_such_type(issues) else _REFUSED


def _open_bundle(bundle: _Entries, count: int | None) -> Answered:
    entries = bundle.entry or []
    parts = tuple([entry for entry in entries if entry.raw])
    modes = [entry.search.mode for entry in entries if entry.search]
    matches = len(entries) - modes.count("include") - modes.count("outcome")
    next_page = _next_page(bundle.link) if bundle.link else ""
    short = bundle.total is not None and bundle.total > matches
    full = bundle.total is None and count is not None and matches == count
    answer = Answer.CUT if next_page or short or full else Answer.WHOLE
    return Answered(answer, parts, next_page, matches=matches, total=bundle.total)


def _next_page(links: list[_Link]) -> str:
    return next((link.url for link in links if link.relation == "next" and link.url), "")


def _open_odd(raw: Raw, count: int | None) -> Answered:
    """Null, an array of resources, or a Bundle with an element that does not fit."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Answered(Answer.FAILED, says="what was sent cannot be read")
    if value is None:
        return _NOTHING
    if isinstance(value, list):
        return Answered(Answer.WHOLE, tuple(_open_item(item) for item in value))
    if not isinstance(value, dict):
        return Answered(Answer.FAILED, says="what was sent is no FHIR resource")
    return _open(_repaired(value), raw, count)


def _open_item(item: object) -> Part:
    """A resource in a bare list; one wrapped as a Bundle entry is unwrapped, anything else is kept to be named."""
    inner = item.get("resource") if isinstance(item, dict) and "resourceType" not in item else None
    return Part(Raw(msgspec.json.encode(item if inner is None else inner)))


def _repaired(value: dict[str, object]) -> _Envelope:
    entries = value.get("entry")
    entries = entries if isinstance(entries, list) else [] if entries is None else [entries]
    total = value.get("total")
    resource = value.get("resource")
    kind = value.get("resourceType")
    return _Envelope(
        resource_type=kind if isinstance(kind, str) else "unreadable" if kind is not None else None,
        total=total if isinstance(total, int) and not isinstance(total, bool) else None,
        entry=[_repaired_entry(entry) for entry in entries],
        link=[repair.fitted(link, _Link) for link in _objects(value.get("link"))],
        resource=Raw(msgspec.json.encode(resource)) if isinstance(resource, dict) else Raw(b""),
    )


def _repaired_entry(entry: object) -> Part:
    if not isinstance(entry, dict):
        return Part(Raw(msgspec.json.encode(entry)))
    full_url, resource = entry.get("fullUrl"), entry.get("resource")
    return Part(
        Raw(b"") if resource is None else Raw(msgspec.json.encode(resource)),
        full_url if isinstance(full_url, str) else "",
        repair.fitted(entry.get("search"), _Search),
    )


def _objects(value: object) -> list[object]:
    return value if isinstance(value, list) else []
