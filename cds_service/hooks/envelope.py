"""The outermost JSON of a hook call: its members, none of which may come twice, and how each prefetch key was answered."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from cds_service.chart import Section
from cds_service.errors import RequestError
from cds_service.fhir.decoding import surrogates
from cds_service.fhir.decoding.bundle import Answered, Bundle, OperationOutcome, open_answer, opened
from cds_service.hooks.members import Members, Name, Value, count, counted, number, restart
from cds_service.hooks.members import members as read_members


class Envelope(Struct, frozen=True):
    """The members of a call, each still to be judged: None for one that is absent, any value for one that is not what it should be."""

    hook: object
    hook_instance: object
    fhir_server: object
    fhir_authorization: object
    context: object
    extension: object
    prefetch: Mapping[Section, Answered]


class _SentBundle(Bundle, gc=False, tag_field="resourceType", tag="Bundle"):
    def __post_init__(self) -> None:
        count(self)


class _SentOutcome(OperationOutcome, gc=False, tag_field="resourceType", tag="OperationOutcome"):
    def __post_init__(self) -> None:
        count(self)


_SECTIONS = {section.value: section for section in Section}
_FIELDS = {section: section.name.lower() for section in Section}
_READ_BY_ID = (Section.PATIENT, Section.ENCOUNTER)
_UsualPrefetch = msgspec.defstruct(
    "_UsualPrefetch",
    [
        (
            name,
            (dict[Name, Raw] if section in _READ_BY_ID else _SentBundle | _SentOutcome) | None | UnsetType,
            UNSET,
        )
        for section, name in _FIELDS.items()
    ],
    namespace={"__post_init__": count},
    rename={name: section.value for section, name in _FIELDS.items()},
    gc=False,
)
"""The prefetch as most clients send it, read in one go: Bundles, except for what is read by its id."""


class _UsualEnvelope(Struct, gc=False, rename="camel"):
    """A call as most clients send it, read in one go."""

    hook: Value | None = None
    hook_instance: Value | None = None
    fhir_server: Value | None = None
    fhir_authorization: Value | None = None
    context: dict[Name, Raw] | None = None
    extension: dict[Name, Raw] | None = None
    prefetch: _UsualPrefetch | None = None  # type: ignore[valid-type]


_USUAL = msgspec.json.Decoder(_UsualEnvelope, dec_hook=counted)
_CALL = ("hook", "hookInstance", "fhirServer", "fhirAuthorization", "context", "extension", "prefetch")
_CONTEXT = ("patientId", "userId", "encounterId", "selections", "draftOrders", "appointments")
_KNOWN = {"context": _CONTEXT, "prefetch": _SECTIONS}
"""The names that are known, by the member in which they stand."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ENTRY = b'"entry"'
_GZIP = b"\x1f\x8b"
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def refused(element: str, problem: str, *, code: str = "invalid") -> RequestError:
    """The error for a member of the call that cannot be used as it was sent."""
    return RequestError(f"{element} {problem}", expression=element, code=code)


def read_envelope(body: bytes, counts: Mapping[Section, int]) -> Envelope:
    """The members of the call in `body`; `counts` are the page sizes that prefetch asked for.

    Raises RequestError: 400 for what is no JSON object, or names a member twice, as which one counts would be a guess.
    """
    text = body.removeprefix(_BYTE_ORDER_MARK)
    restart()
    try:
        usual = _USUAL.decode(text)
    except _UNREADABLE:
        return _part_by_part(surrogates.replaced(text), counts)
    prefetch: object = usual.prefetch
    sections = _sent(prefetch) if prefetch else {}
    values = (usual.hook, usual.hook_instance, usual.fhir_server, usual.fhir_authorization)
    kept = sum(item is not None for item in (*values, prefetch))
    kept += len(usual.context or ()) + len(usual.extension or ())
    kept += sum(len(item) if isinstance(item, dict) else int(item is not None) for item in sections.values())
    if kept != number() or text.count(_ENTRY) != _lists(sections.values()) + _count(usual.context, _ENTRY):
        return _part_by_part(text, counts)
    return Envelope(
        hook=_value_of(usual.hook),
        hook_instance=_value_of(usual.hook_instance),
        fhir_server=_value_of(usual.fhir_server),
        fhir_authorization=_value_of(usual.fhir_authorization),
        context=usual.context,
        extension=usual.extension,
        prefetch={section: _opened(item, counts.get(section)) for section, item in sections.items()},
    )


def _lists(sent: Iterable[object]) -> int:
    """How many of the prefetch values hold a list of entries; where there are more in the text, one holds two, or another object does."""
    return sum(isinstance(item, Bundle) and item.entry is not None for item in sent)


def _count(members: Mapping[Name, Raw] | None, name: bytes) -> int:
    return sum(bytes(raw).count(name) for raw in (members or {}).values())


def _value_of(sent: Value | None) -> object:
    return None if sent is None else sent.value


def strange_keys(body: bytes) -> tuple[str, ...]:
    """The prefetch keys in `body`, a call that was read, that belong to no section."""
    try:
        sent = _object(read_members(body.removeprefix(_BYTE_ORDER_MARK), "", ()), "prefetch")
    except _UNREADABLE:
        return ()
    return tuple(str(key) for key in sent if key not in _SECTIONS) if isinstance(sent, dict) else ()


def _sent(usual: object) -> dict[Section, Any]:
    found = {section: getattr(usual, name) for section, name in _FIELDS.items()}
    return {section: item for section, item in found.items() if item is not UNSET}


def _opened(sent: Any, count: int | None) -> Answered:
    if isinstance(sent, dict):
        return open_answer(Raw(msgspec.json.encode(sent)))
    return opened(sent, count)


def _part_by_part(text: bytes, counts: Mapping[Section, int]) -> Envelope:
    """A call that is unusual in something, or names a member twice."""
    if text.startswith(_GZIP):
        raise RequestError("The body is compressed; send it as it is", status=415, code="not-supported")
    try:
        members = read_members(text, "", _CALL)
    except msgspec.ValidationError:
        raise RequestError("The body is JSON, but not an object", code="structure") from None
    except RecursionError:
        raise RequestError("The body is nested too deeply", code="structure") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # The decoder's own text may quote the body.
        raise RequestError("The body is not JSON", code="structure") from None
    return Envelope(
        hook=_value(members, "hook"),
        hook_instance=_value(members, "hookInstance"),
        fhir_server=_value(members, "fhirServer"),
        fhir_authorization=_value(members, "fhirAuthorization"),
        context=_object(members, "context"),
        extension=_object(members, "extension"),
        prefetch=dict(_answered(_object(members, "prefetch"), counts)),
    )


def _object(members: Members, name: str) -> object:
    """The members of a member that is an object, none of which comes twice; of any other its value, None for null."""
    raw = members.get(name)
    if raw is None:
        return None
    try:
        return read_members(raw, name, _KNOWN.get(name, ()))
    except msgspec.ValidationError:
        return _value(members, name)
    except _UNREADABLE:
        raise refused(name, "cannot be read", code="structure") from None


def _value(members: Members, name: str) -> object:
    if name not in members:
        return None
    try:
        value: object = msgspec.json.decode(members[name])
    except _UNREADABLE:
        raise refused(name, "cannot be read", code="structure") from None
    return value


def _answered(sent: object, counts: Mapping[Section, int]) -> Iterator[tuple[Section, Answered]]:
    if sent is None:
        return
    if not isinstance(sent, dict):
        raise refused("prefetch", "is not an object")
    for key, section in _SECTIONS.items():
        if (raw := sent.get(key)) is not None:
            if section in _READ_BY_ID:
                with suppress(*_UNREADABLE):  # which its answer says
                    read_members(raw, f"prefetch.{key}", ())
            yield section, open_answer(raw, counts.get(section))
