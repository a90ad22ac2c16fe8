"""Which elements of a resource came and say nothing: masked, empty, of another type, or a status that FHIR does not have.

Nobody can tell what such an element said, so what the resource says beside it is only possible.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from cds_service.fhir.decoding import repair, resources, twice
from cds_service.fhir.decoding.datatypes import Period, Quantity, Reference, Term, code_of
from cds_service.fhir.decoding.decode import DecodedResource
from cds_service.fhir.intake.dating import DATES, PERIODS, TIMINGS
from cds_service.fhir.readers.observations import COMPARATORS, WITHHELD

_VALUELESS = b'"_'
"""With what the name of an element begins that says something of a value, such as why there is none."""
_ABSENT = "data-absent-reason"
_STATUS = frozenset(("status", "clinicalStatus", "verificationStatus"))
_OF_NOTHING = {kind: kind() for kind in (Term, Period, Quantity, Reference)}
_WHEN = DATES | PERIODS | TIMINGS
STATUSES = frozenset(
    (
        *("active", "inactive", "recurrence", "relapse", "remission", "resolved"),
        *("unconfirmed", "provisional", "differential", "confirmed", "presumed", "refuted", "entered-in-error"),
        *("registered", "partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled", "unknown"),
        *("draft", "on-hold", "stopped", "completed", "ended", "revoked", "intended", "recorded", "not-taken"),
        *("in-progress", "not-done", "preparation", "declined", "suspended", "aborted", "available"),
        *("planned", "arrived", "triaged", "onleave", "finished", "discharged", "discontinued"),
        *("proposed", "pending", "booked", "fulfilled", "noshow", "checked-in", "waitlist"),
        *("requested", "received", "accepted", "rejected", "ready", "failed"),
    )
)
"""Every code of a status of the types that rules read, over the versions of FHIR (https://hl7.org/fhir/R4/terminologies-valuesets.html)."""
_NAMES = frozenset(("id", "identifier"))
_WHAT = (
    *("code", "bodySite", "category", "component", "contained", "conclusion", "item", "ingredient", "medication"),
    *(
        "modality",
        "payor",
        "presentedForm",
        "procedure",
        "reaction",
        "result",
        "series",
        "substance",
        "text",
        "type",
        "value",
    ),
)
"""The beginnings of the elements by which a resource is found to be one that rules read."""
_NEVER_SO = frozenset(("refuted", "entered-in-error"))


def noted(item: DecodedResource) -> DecodedResource:
    """The resource, with the elements among those it lost that came without saying anything; nearly always the resource itself."""
    names = tuple(dict.fromkeys((*_masked(item), *_empty(item.resource), *_no_code(item.resource))))
    return replace(item, dropped=(*item.dropped, *names)) if names else item


def open_elements(item: DecodedResource, *, is_read: bool) -> tuple[str, ...]:
    """The elements of which something was lost, by name, each once, if rules could conclude something else without them.

    Of a resource that rules do not read (`is_read`) these are the ones that would have told what it is about.
    """
    names = dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in item.dropped)
    return tuple(name for name in names if name not in _NAMES and (is_read or name.startswith(_WHAT)))


def never_was(item: DecodedResource) -> bool:
    """Whether a resource says that it is an error or was refuted, so that what else it says changes nothing."""
    stated = {code_of(item.resource.status), code_of(getattr(item.resource, "verificationStatus", None))}
    return not stated.isdisjoint(_NEVER_SO)


def _masked(item: DecodedResource) -> Iterator[str]:
    """The elements that have a reason for being absent instead of a value; of dates, `dating` and rules judge."""
    raw = bytes(item.part.raw)
    if _VALUELESS not in raw:
        return
    value = twice.read(raw) or {}
    for field in repair.fields(type(item.resource)):
        name = field.encode_name
        if name in _WHEN or value.get(name) is not None:
            continue
        reason = _reason(value.get(f"_{name}"))
        if reason in WITHHELD or (reason and name in _STATUS):
            yield name


def _reason(said: object) -> str:
    """The code of the reason for which a value is absent; empty if none is given."""
    extensions = said.get("extension") if isinstance(said, dict) else None
    for item in extensions if isinstance(extensions, list) else ():
        if isinstance(item, dict) and str(item.get("url")).endswith(_ABSENT):
            return str(item.get("valueCode"))
    return ""


def _empty(resource: resources.Resource) -> Iterator[str]:
    """The elements that hold an object in which nothing stands that anybody reads."""
    for name in repair.fields(type(resource)):
        value = getattr(resource, name.name)
        if value is not None and value == _OF_NOTHING.get(type(value)):
            yield name.encode_name


def _no_code(resource: resources.Resource) -> Iterator[str]:
    """The elements for a status, or for what a number is compared by, that hold no code that FHIR has for it."""
    if resource.status and resource.status.strip().lower() not in STATUSES:
        yield "status"
    if isinstance(resource, resources.Observation) and not _is_comparable(resource.valueQuantity):
        yield "valueQuantity"
    if isinstance(resource, resources.Condition | resources.AllergyIntolerance):
        for name in ("clinicalStatus", "verificationStatus"):
            said = code_of(getattr(resource, name))
            if said and said not in STATUSES:
                yield name


def _is_comparable(given: Quantity | None) -> bool:
    return given is None or (given.comparator or "").strip() in COMPARATORS
