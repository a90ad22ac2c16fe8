"""Takes each date that cannot be out of a resource, so that nothing is concluded from it, and says which it was."""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import When, days_since
from cds_service.fhir import dates
from cds_service.fhir.decoding import repair, resources
from cds_service.fhir.decoding.datatypes import AgePeriod, Period, Text, Timing
from cds_service.fhir.decoding.decode import DecodedResource
from cds_service.fhir.intake import ages

NOT_READ = "could not be read"
_NO_DATE = "stands for no date"
_BEFORE_BIRTH = "lies before the birth"
_TO_COME = "is still to come"
_BEFORE_ONSET = "lies before the onset"
_REVERSED = "ends before it begins"
_WITHHELD = "is given without a value"
_VALUELESS = b'"_'
"""With what the name of an element begins that says something of a value, such as that it is masked."""

DATES = frozenset(
    (
        "abatementDateTime",
        "assertedDate",
        "authoredOn",
        "dateAsserted",
        "dateRecorded",
        "dateWritten",
        "effectiveDateTime",
        "effectiveInstant",
        "effectiveTimeDateTime",
        "issued",
        "occurenceDateTime",
        "occurrenceDateTime",
        "onsetDateTime",
        "performedDateTime",
        "recordedDate",
        "started",
        "whenHandedOver",
        "whenPrepared",
    )
)
PERIODS = frozenset(
    (
        "abatementPeriod",
        "actualPeriod",
        "effectivePeriod",
        "effectiveTimePeriod",
        "occurencePeriod",
        "occurrencePeriod",
        "onsetPeriod",
        "performedPeriod",
        "period",
    )
)
TIMINGS = frozenset(("effectiveTiming", "occurrenceTiming"))
"""The elements of the resources that rules read which say when something was; a Patient's own dates are judged by rules."""
_PAST = frozenset(("abatementDateTime", "abatementPeriod"))
"""What proves something only once it has come. The end of a drug or a stay that is still to come is a plan, and counts as one."""
_OF_TYPE = {
    kind: tuple([name for name in kind.__struct_fields__ if name in DATES | PERIODS | TIMINGS])
    for kind in resources.TYPES.values()
}


class Lifetime(Struct, frozen=True):
    """What the dates of a chart must fit: `born` is None if the birth is not known, `as_of` is now, in the site's `zone`."""

    born: When | None
    as_of: datetime
    zone: tzinfo

    @classmethod
    def of(cls, arrived: Iterable[resources.Resource], as_of: datetime, zone: tzinfo) -> "Lifetime":
        """By the birth date of the patient among what arrived; one that cannot be is none."""
        patients = (item for item in arrived if isinstance(item, resources.Patient))
        found = (when for patient in patients if (when := dates.read(patient.birthDate, zone)))
        born = next((when for when in found if not _is_ahead(when, as_of.astimezone(zone))), None)
        return cls(born, as_of.astimezone(zone), zone)


def dated(item: DecodedResource, life: Lifetime) -> DecodedResource:
    """The resource without the dates that cannot be, each of which is named in its notes; most often the resource itself."""
    resource, unread = ages.placed(item.resource, life.born, life.as_of)
    notes = list(unread)
    changes: dict[str, object] = {}
    for name in _OF_TYPE[type(resource)]:
        value = getattr(resource, name)
        if value is None or (type(value) is str and not _problem(name, value, life)):
            continue  # nearly always
        if type(value) is AgePeriod:
            continue  # it was made to fit
        kept, problems = _possible(name, value, life)
        if problems:
            changes[name] = kept
            notes += [f"{name} {problem}, so it does not count" for problem in dict.fromkeys(problems)]
    if _VALUELESS in bytes(item.part.raw):
        notes += [f"{name} {_WITHHELD}, so it does not count" for name in _withheld(item)]
    if changes:
        resource = replace(resource, **changes)
    if isinstance(resource, resources.Condition) and (early := _over_before_it_began(resource, life.zone)):
        resource = replace(resource, **{early: None})
        notes.append(f"{early} {_BEFORE_ONSET}, so it does not count")
    if resource is item.resource and not notes:
        return item
    return replace(item, resource=resource, notes=(*item.notes, *notes))


def _withheld(item: DecodedResource) -> Iterator[str]:
    """The dates of which only something else is given than a value, such as that it is masked."""
    value = repair.as_object(bytes(item.part.raw)) or {}
    for name in _OF_TYPE[type(item.resource)]:
        if value.get(f"_{name}") and value.get(name) is None:
            yield name
        period = value.get(name) if name in PERIODS else None
        if isinstance(period, dict):
            yield from (
                f"{name}.{end}" for end in ("start", "end") if period.get(f"_{end}") and period.get(end) is None
            )


def _over_before_it_began(problem: resources.Condition, zone: tzinfo) -> str:
    """The element by which a diagnosis was over before it began; empty if it was not, or if one of the two is not known."""
    for name in ("abatementDateTime", "abatementPeriod"):
        value = getattr(problem, name)
        if value is None:
            continue
        over = dates.period(value, zone) if isinstance(value, Period) else dates.read(value, zone)
        began = dates.read(problem.onsetDateTime, zone) or dates.period(problem.onsetPeriod, zone)
        if over and began and over.last < began.start:
            return name
    return ""


def _possible(name: str, value: Text | Period | Timing, life: Lifetime) -> tuple[object, list[str]]:
    """What of a date, period or timing can be, and what is wrong with the rest."""
    if isinstance(value, Period):
        return _possible_period(name, value, life)
    if isinstance(value, Timing):
        problems = [problem for event in value.event if (problem := _problem(name, event, life))]
        left = [event for event in value.event if not _problem(name, event, life)]
        return replace(value, event=left), problems
    problem = _problem(name, value, life)
    return None, [problem] if problem else []


def _possible_period(name: str, value: Period, life: Lifetime) -> tuple[Period, list[str]]:
    end = None if dates.never_ends(value.end) else value.end
    wrong = {"start": _problem(name, value.start, life), "end": _problem(name, end, life)}
    if value.start and end and not any(wrong.values()) and _is_reversed(value.start, end, life.zone):
        wrong["end"] = _REVERSED  # nobody can tell which of the two is wrong, but that it is over may not follow
    if wrong["end"] == _TO_COME:
        wrong["start"] = _TO_COME
    left = Period(None if wrong["start"] else value.start, None if wrong["end"] else value.end)
    return left, list(filter(None, wrong.values()))


def _is_reversed(start: str, end: str, zone: tzinfo) -> bool:
    began, ended = dates.read(start, zone), dates.read(end, zone)
    return began is not None and ended is not None and ended.last < began.start


def _problem(name: str, text: Text, life: Lifetime) -> str:
    """Why a date cannot be; empty if it can, or if none is given."""
    if text is None:
        return ""
    when, problem = _alone(text, life.zone)
    if when is None:
        return problem
    if life.born and when.start < life.born.start and when.last < life.born.start:
        return _BEFORE_BIRTH
    return _TO_COME if name in _PAST and _is_ahead(when, life.as_of) else ""


def _alone(text: str, zone: tzinfo) -> tuple[When | None, str]:
    """A date, or why it can be none for any patient."""
    when = dates.read(text, zone)
    if when is None:
        return None, NOT_READ if text.strip() else _WITHHELD
    return (None, _NO_DATE) if dates.is_no_date(when) else (when, "")


def _is_ahead(when: When, as_of: datetime) -> bool:
    """Whether it begins on a day after that of `as_of`."""
    return days_since(when.start, as_of) < 0
