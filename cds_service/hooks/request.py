"""One call of a hook, read from its bytes: who and what it is about, and how each part of the chart was answered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.chart import Answer, Section
from cds_service.chart.time import YEARS
from cds_service.fhir.decoding.bundle import OMITTED, Answered, Part, open_answer
from cds_service.hook import Hook
from cds_service.hooks.envelope import read_envelope, refused, strange_keys
from cds_service.hooks.members import members

AS_OF = "org.vertebroplasty-cds.asOf"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What lets us read from the EHR's FHIR server during this call. The token is never shown, kept or logged."""

    token: str = field(repr=False)
    scope: str = ""
    patient: str = ""
    expires_in: int | None = None


class HookRequest(Struct, frozen=True):
    """One hook call. `prefetch` holds the sections that were answered, by the client or by the context; one not in it was omitted.

    Ids are bare (`x`, not `Patient/x`), `user` keeps its type, absent texts are empty. `as_of` is the clinical time that
    the caller asks for; `notes` are sentences about what was not taken as sent. `strange_keys` are the prefetch keys of no section,
    looked for where the problem list was not sent: a key that is misspelt is the usual cause. `in_part` says that not all drafts or
    appointments came.
    """

    hook: Hook
    instance: str
    patient: str
    user: str = ""
    encounter: str = ""
    selections: tuple[str, ...] = ()
    drafts: tuple[Part, ...] = ()
    appointments: tuple[Part, ...] = ()
    prefetch: Mapping[Section, Answered] = msgspec.field(default_factory=dict)
    fhir_server: str = ""
    authorization: Authorization | None = None
    as_of: datetime | None = None
    notes: tuple[str, ...] = ()
    strange_keys: tuple[str, ...] = ()
    in_part: bool = False

    def at_own_time(self) -> "HookRequest":
        """The same call without the time that it asks for, and a note that says so."""
        note = "The requested assessment time was not used: this caller may not set it."
        return replace(self, as_of=None, notes=(*self.notes, note)) if self.as_of else self


def read_request(body: bytes, hooks: Collection[Hook], counts: Mapping[Section, int] | None = None) -> HookRequest:
    """The call in `body`; `hooks` are those that this caller may use, `counts` the page sizes that prefetch asked for.

    Raises RequestError (400) naming the element at fault. Unknown members and prefetch keys are ignored.
    """
    envelope = read_envelope(body, counts or {})
    hook = _hook(envelope.hook, hooks)
    instance = _required(envelope.hook_instance, "hookInstance")
    if not isinstance(envelope.context, dict):
        raise refused("context", "is missing" if envelope.context is None else "is not an object")
    context = envelope.context
    encounter = _bare(_text(_value(context, "encounterId")))
    drafts, appointments = _parts(context, "draftOrders", hook), _parts(context, "appointments", hook)
    server = envelope.fhir_server.strip() if isinstance(envelope.fhir_server, str) else ""
    if envelope.fhir_authorization and not server:
        raise refused("fhirServer", "is missing, though fhirAuthorization is given")
    return HookRequest(
        hook=hook,
        instance=instance,
        patient=_bare(_required(_value(context, "patientId"), "context.patientId")),
        user=_text(_value(context, "userId")),
        encounter=encounter,
        selections=_selections(_value(context, "selections")),
        drafts=drafts.parts,
        appointments=appointments.parts,
        in_part=Answer.CUT in (drafts.answer, appointments.answer),
        prefetch={**_known(hook, encounter), **envelope.prefetch},
        strange_keys=() if Section.CONDITIONS in envelope.prefetch else strange_keys(body),
        fhir_server=server,
        authorization=_authorization(envelope.fhir_authorization),
        as_of=_as_of(envelope.extension),
    )


def _hook(value: object, hooks: Collection[Hook]) -> Hook:
    name = _required(value, "hook")
    if name not in set(hooks):
        # What is no hook of ours is not repeated: it may be anything.
        sent = name if name in set(Hook) else "not one that this service knows"
        raise refused("hook", f"is {sent}; this address answers {', '.join(hook for hook in Hook if hook in hooks)}")
    return Hook(name)


def _value(members: Mapping[str, Raw], name: str) -> Any:
    """A member decoded; None when it is absent, null or cannot be read."""
    if name not in members:
        return None
    try:
        return msgspec.json.decode(members[name])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _text(value: object) -> str:
    """A string, or a number sent in place of one; anything else is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _required(value: object, element: str) -> str:
    text = _text(value)
    if not text:
        raise refused(element, "is missing" if value is None else "is not a string")
    return text


def _bare(reference: str) -> str:
    """The id in `x`, `Patient/x` or an address that ends in it."""
    return reference.rstrip("/").rpartition("/")[2]


def _selections(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    named = [item.get("reference") if isinstance(item, dict) else item for item in items]
    return tuple(text for text in map(_text, named) if text)


def _parts(context: Mapping[str, Raw], name: str, hook: Hook) -> Answered:
    """The resources in a Bundle, a bare list or a single resource. Nothing when a hook does not have them."""
    element, required = f"context.{name}", name == hook.orders_in
    raw = context.get(name, Raw(b"null"))
    if bytes(raw).strip() == b"null":
        if required:
            raise refused(element, "is missing")
        return OMITTED
    _require_resources(raw, element)
    answered = open_answer(raw)
    if not answered.answer.brings_data and required:
        raise refused(element, "cannot be read: it is neither a Bundle nor a list of resources")
    return answered


class _Entries(Struct, gc=False):
    entry: list[dict[str, Raw] | None] | None = None


_ENTRIES = msgspec.json.Decoder(_Entries)


def _require_resources(raw: Raw, element: str) -> None:
    """Raises RequestError for a Bundle that names its entries twice, or has one without a resource."""
    try:
        members(raw, element, ("entry",))
        entries = _ENTRIES.decode(raw).entry or ()
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return  # no Bundle, or an odd one: its parts are judged one by one
    for number, entry in enumerate(entries):
        if not entry or bytes(entry.get("resource", b"null")) == b"null":
            raise refused(f"{element}.entry[{number}]", "has no resource")


def _known(hook: Hook, encounter: str) -> dict[Section, Answered]:
    """What the context answers by itself: outside an encounter there is none to ask for. A discharge is never outside one."""
    outside = not encounter and hook is not Hook.ENCOUNTER_DISCHARGE
    return {Section.ENCOUNTER: Answered(Answer.WHOLE)} if outside else {}


def _authorization(value: object) -> Authorization | None:
    """None when no token came: without one nothing can be read."""
    if not isinstance(value, dict) or not _text(value.get("access_token")):
        return None
    scope = value.get("scope")
    seconds = value.get("expires_in")
    return Authorization(
        token=_text(value["access_token"]),
        scope=" ".join(map(_text, scope)) if isinstance(scope, list) else _text(scope),
        patient=_bare(_text(value.get("patient"))),
        expires_in=int(seconds) if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None,
    )


def _as_of(extension: object) -> datetime | None:
    raw = _value(extension, AS_OF) if isinstance(extension, dict) else None
    if raw is None:
        return None
    element = f"extension.{AS_OF}"
    try:
        moment = datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise refused(element, "is not a date and time, such as 2026-11-22T09:00:00Z") from None
    if moment.tzinfo is None:
        raise refused(element, "has no time zone, such as the Z in 2026-11-22T09:00:00Z")
    if moment.year not in YEARS:
        raise refused(element, f"is not between {YEARS.start} and {YEARS.stop}")
    return moment
