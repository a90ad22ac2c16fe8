"""Opens what a prefetch key or a search brought, Bundles inside Bundles too: a list of resources, and what of it did not come."""

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.chart import Answer
from cds_service.fhir.decoding import hollows, twice
from cds_service.fhir.decoding.envelopes import (
    AnyEnvelope,
    Bundle,
    BundleLink,
    Entries,
    OperationOutcome,
    Part,
    issues_of,
    repaired,
    type_of,
)
from cds_service.fhir.decoding.hollows import HollowEntry
from cds_service.fhir.decoding.refusal import says_no_such_type, says_part_is_missing

__all__ = [
    "DEEPEST",
    "OMITTED",
    "Answered",
    "Bundle",
    "HollowEntry",
    "OperationOutcome",
    "Part",
    "open_answer",
    "opened",
]

DEEPEST = 6
"""As many Bundles inside one another are opened."""


class Answered(Struct, frozen=True):
    """What came for one section: how it was answered, its resources, the address of the next page, and what went wrong.

    `matches` are the resources that the search matched (included ones not), `total` how many there are in all, if it says; `hollow`
    are the entries without a resource. `lacks` says that something was held back besides a next page. `is_bundle` and `is_bare` say
    whether it came as a Bundle or as one resource without one; `is_useless` that it was sent for nothing, and may be asked for again:
    what was sent is `aside` then.
    """

    answer: Answer
    parts: tuple[Part, ...] = ()
    next_page: str = ""
    says: str = ""
    matches: int = 0
    total: int | None = None
    hollow: tuple[HollowEntry, ...] = ()
    lacks: bool = False
    is_bundle: bool = False
    is_bare: bool = False
    is_useless: bool = False
    aside: tuple[Part, ...] = ()

    def with_page(self, page: "Answered") -> "Answered":
        """The same with one more page of its search; what was sent for nothing counts for nothing beside it."""
        return replace(
            self,
            parts=page.parts if self.is_useless else (*self.parts, *page.parts),
            aside=self.parts if self.is_useless else self.aside,
            says=page.says or ("" if self.is_useless else self.says),
            matches=page.matches + (0 if self.is_useless else self.matches),
            total=page.total,
            hollow=(*self.hollow, *page.hollow),
            lacks=page.lacks or (self.lacks and not self.is_useless),
            is_bare=False,
            is_useless=False,
        )


OMITTED = Answered(Answer.OMITTED)
_NOTHING = Answered(Answer.WHOLE)
_REFUSED = Answered(Answer.FAILED, says="an OperationOutcome was sent instead of data")
_NOT_KEPT = Answered(Answer.NOT_KEPT, says="the answer was that there is no such kind of resource")
_UNREADABLE = Answered(Answer.FAILED, says="what was sent cannot be read")
_NO_RESOURCE = Answered(Answer.FAILED, says="what was sent is no FHIR resource")
_ENTRY = b"entry"
_HELD_BACK = "a part of it was refused, failed or held back"
_MODIFIED = "the meaning of the Bundle is changed by something that is not understood"
_ENVELOPE = msgspec.json.Decoder(AnyEnvelope)


def opened(sent: Bundle | OperationOutcome | None, count: int | None = None) -> Answered:
    """What a prefetch value holds that was decoded as what it most often is; see `open_answer` for any other."""
    if isinstance(sent, Bundle):
        return _open_bundle(sent, count)
    return _NOTHING if sent is None else _refused(sent.issue)


def open_answer(raw: Raw, count: int | None = None, depth: int = 0) -> Answered:
    """What a prefetch value or a search response holds. Never raises.

    `count` is the page size that was asked for: a list exactly that long without a total counts as cut.
    """
    try:
        envelope = _ENVELOPE.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _open_odd(raw, count, depth)
    return _open(envelope, raw, count, depth, is_damaged=twice.repeats(bytes(raw), _ENTRY))


def open_fetched(raw: Raw, kind: str, *, reads_one: bool) -> Answered:
    """What a FHIR server answered: a search with a Bundle, a read with a resource of the type. Anything else is no answer.

    One resource of the type in answer to a search is a part of it at least.
    """
    found = open_answer(raw)
    if not found.answer.brings_data or found.is_bundle:
        return found
    if found.is_bare and type_of(found.parts[0].raw) == kind:
        return found if reads_one else _cut(found, "one resource was sent instead of a Bundle")
    return replace(_NO_RESOURCE, says=f"what was sent is no {kind if reads_one else 'Bundle'}")


def _open(envelope: AnyEnvelope, raw: Raw, count: int | None, depth: int, *, is_damaged: bool = False) -> Answered:
    kind = envelope.resource_type
    if kind == "Bundle" or (kind is None and envelope.entry is not None):
        return _open_bundle(envelope, count, depth, is_damaged=is_damaged)
    if kind == "OperationOutcome":
        return _refused(envelope.issue)
    if kind and envelope.entry is not None:  # a Bundle whose type is misspelled
        return _cut(_open_bundle(envelope, count, depth), "what was sent is no Bundle by its type")
    if kind:
        return Answered(Answer.WHOLE, (Part(raw),), is_bare=True)
    return open_answer(envelope.resource, count, depth) if envelope.resource else _NO_RESOURCE


def _refused(issues: Raw) -> Answered:
    return _NOT_KEPT if says_no_such_type(issues) else _REFUSED


def _open_bundle(bundle: Entries, count: int | None, depth: int = 0, *, is_damaged: bool = False) -> Answered:
    entries = bundle.entry or []
    next_page, leads_nowhere = _next_page(bundle.link) if bundle.link else ("", False)
    is_damaged |= leads_nowhere or (bundle.total is not None and bundle.total < 0)
    modes = [entry.search.mode for entry in entries if entry.search]
    # Most hold a resource at an address of its own, as Bundles and OperationOutcomes seldom have; those that do are met by the readers.
    odd = [
        entry for entry in entries if not entry.raw or entry.full_url[:4] != "http" or entry.response or entry.extension
    ]
    if "outcome" in modes:
        odd += [entry for entry in entries if entry.search and entry.search.mode == "outcome"]
    inside = _look_into(odd, count, depth) if odd else {}
    parts: list[Part] = []
    hollow: list[HollowEntry] = []
    matches, lacks = 0, is_damaged
    if not inside:
        parts, matches = entries, len(entries)
    for entry in entries if inside else ():
        found = inside.get(id(entry))
        if found is None:
            parts.append(entry)
            matches += 1
        else:
            parts += found.parts
            hollow += found.hollow
            matches += found.matches
            # One next page can be followed, of a Bundle inside, too; what nothing leads to is missing.
            lacks |= found.lacks or bool(found.next_page and next_page)
            lacks |= found.answer is not Answer.WHOLE and not found.next_page
            next_page = next_page or found.next_page
    matches -= modes.count("include") + (0 if inside else modes.count("outcome"))
    short = bundle.total is not None and bundle.total > matches
    full = bundle.total is None and count is not None and matches == count
    answer = Answer.CUT if next_page or short or full or lacks else Answer.WHOLE
    whole = Answered(
        answer, tuple(parts), next_page, "", matches, bundle.total, tuple(hollow), lacks=lacks, is_bundle=True
    )
    if bundle.is_modified:
        return _not_understood(whole)
    return _cut(whole, _HELD_BACK) if lacks else whole


def _not_understood(found: Answered) -> Answered:
    """The answer without what it holds, each part of which is named: nobody can say what it means."""
    hollow = (*found.hollow, *[hollows.MODIFIED_BUNDLE for _ in found.parts])
    return replace(found, answer=Answer.FAILED, parts=(), next_page="", says=_MODIFIED, hollow=hollow, lacks=True)


def _cut(found: Answered, says: str) -> Answered:
    """What came without all that there is; failed if nothing did."""
    answer = Answer.CUT if found.parts or found.next_page else Answer.FAILED
    return replace(found, answer=answer, says=says, lacks=True)


def _look_into(entries: list[Part], count: int | None, depth: int) -> dict[int, Answered]:
    """What each entry holds that is no resource of its own, by the entry's id; nothing for those that are one."""
    return {id(entry): found for entry in entries if (found := _inside(entry, count, depth))}


def _inside(entry: Part, count: int | None, depth: int) -> Answered | None:
    """What an entry holds besides one resource: nothing, an outcome, a Bundle; also one that failed. None if it is a resource."""
    failed = entry.response is not None and entry.response.failed
    if not entry.raw:
        hollow = hollows.FAILED_ENTRY if failed else hollows.NO_CONTENT
        return Answered(Answer.CUT if failed else Answer.WHOLE, hollow=(hollow,), matches=1)
    if entry.is_modified:
        return Answered(Answer.CUT, hollow=(hollows.MODIFIED_ENTRY,), matches=1)
    kind = type_of(entry.raw)
    if kind == "Bundle":
        if depth >= DEEPEST:
            return Answered(Answer.CUT, hollow=(hollows.TOO_DEEP,), matches=1)
        found = open_answer(entry.raw, count, depth + 1)
        return replace(found, answer=Answer.CUT) if failed else found
    if kind == "OperationOutcome":
        missing = failed or says_part_is_missing(issues_of(entry.raw))
        hollow = hollows.OUTCOME if missing else hollows.NOTICE
        return Answered(Answer.CUT if missing else Answer.WHOLE, hollow=(hollow,))
    return Answered(Answer.CUT, (entry,), matches=1) if failed else None


def _next_page(links: list[BundleLink]) -> tuple[str, bool]:
    """The address of the next page, and whether there is one without an address."""
    for link in links:
        if link.relation and link.relation.strip().lower() == "next":
            return (link.url, False) if link.url else ("", True)
    return "", False


def _open_odd(raw: Raw, count: int | None, depth: int) -> Answered:
    """Null, an array of resources, or a Bundle with an element that does not fit."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _UNREADABLE
    if value is None:
        return _NOTHING
    if isinstance(value, list):
        return replace(_open_bundle(Entries(entry=[_open_item(item) for item in value]), count, depth), is_bundle=False)
    if not isinstance(value, dict):
        return _NO_RESOURCE
    envelope, is_damaged = repaired(value)
    return _open(envelope, raw, count, depth, is_damaged=is_damaged)


def _open_item(item: object) -> Part:
    """A resource in a bare list; one wrapped as a Bundle entry is unwrapped, anything else is kept to be named."""
    inner = item.get("resource") if isinstance(item, dict) and "resourceType" not in item else None
    return Part(Raw(msgspec.json.encode(item if inner is None else inner)))
