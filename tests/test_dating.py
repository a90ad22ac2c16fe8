"""A date that cannot be proves nothing: it is taken out, said, and named in the account of what arrived."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import Raw

from cds_service.chart import Answer, Chart, Order, Section, State
from cds_service.chart.intake import Cause, End
from cds_service.fhir import dates, read
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.decoding.datatypes import Period, Repeat, Timing
from cds_service.fhir.intake import dating
from cds_service.knowledge import load
from cds_service.orders import Orders

ZONE = ZoneInfo("America/New_York")
AS_OF = datetime(2026, 11, 22, 9, tzinfo=ZONE)
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1947-05-02"}
DISCITIS = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M46.46"}]}
APIXABAN = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1364430"}]}
INR = {"coding": [{"system": "http://loinc.org", "code": "6301-6"}]}


def chart(*resources: dict[str, Any], patient: dict[str, Any] = PATIENT) -> Chart:
    whole = [
        {"id": str(number), "subject": {"reference": "Patient/p"}, **item} for number, item in enumerate(resources)
    ]
    parts = tuple(Part(Raw(json.dumps(item).encode())) for item in (*whole, patient))
    received = read.Received({Section.CONDITIONS: Answered(Answer.WHOLE, parts)}, patient_id="p")
    return read.chart(received, Order(), AS_OF, Context(load(), ZONE))


def discitis(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "code": DISCITIS, **more}


def misdated(found: Chart) -> list[str]:
    """What the account says of dates."""
    return [item.says for item in found.intake.not_understood if item.cause is Cause.DATE]


@pytest.mark.parametrize(
    ("onset", "problem"),
    [
        ("2026-11-10", ""),
        ("1947-05-02", ""),
        ("1947", ""),
        ("1947-05", ""),
        ("1947-05-01", "lies before the birth"),
        ("1940", "lies before the birth"),
        ("1900-01-01", "stands for no date"),
        ("1970-01-01", "stands for no date"),
        ("1970-01-01T00:00:00Z", "stands for no date"),
        ("1969-12-31T19:00:00-05:00", "stands for no date"),
        ("1970-01-01T00:00:00", "stands for no date"),
        ("1970-01-01T00:00:00+02:00", "stands for no date"),
        ("1970-01", ""),
        ("1970-01-02", ""),
        ("1970-01-01T12:00:00Z", ""),
        ("0001-01-01", "could not be read"),
        ("20261110", "could not be read"),
        ("10.11.2026", "could not be read"),
        ("2026-02-30", "could not be read"),
        ("2027-01-01", ""),  # still to come: the rules say so of an onset
        (" ", "is given without a value"),
        ("", "is given without a value"),
    ],
)
def test_an_onset(onset: str, problem: str) -> None:
    """One that cannot be leaves the diagnosis undated, and the day it was written down in its place."""
    found = chart(discitis(onsetDateTime=onset, recordedDate="2026-11-11"))
    (condition,) = found.conditions
    note = f"onsetDateTime {problem}, so it does not count"
    assert (condition.onset is None) is bool(problem)
    assert str(condition.recorded) == "2026-11-11"
    assert [text for text in condition.source.notes if "count" in text] == ([note] if problem else [])
    assert misdated(found) == ([f"Condition: {note}"] if problem else [])
    assert found.intake.counts[Section.CONDITIONS] == {End.READ: 2}


@pytest.mark.parametrize(
    ("more", "state", "abated"),
    [
        ({"abatementDateTime": "2026-11-15"}, State.RESOLVED, "2026-11-15"),
        ({"abatementDateTime": "2026-11-22"}, State.RESOLVED, "2026-11-22"),
        ({"abatementDateTime": "2026-11-23"}, State.ACTIVE, "None"),
        ({"abatementDateTime": "2027-03-01"}, State.ACTIVE, "None"),
        ({"abatementDateTime": "9999-12-31"}, State.ACTIVE, "None"),
        ({"abatementDateTime": "1970-01-01"}, State.ACTIVE, "None"),
        ({"abatementDateTime": "soon"}, State.ACTIVE, "None"),
        ({"abatementPeriod": {"start": "2026-11-14", "end": "2026-11-15"}}, State.RESOLVED, "2026-11-14"),
        ({"abatementPeriod": {"start": "2026-11-14", "end": "2027-03-01"}}, State.ACTIVE, "None"),
        ({"abatementPeriod": {"start": "2027-03-01"}}, State.ACTIVE, "None"),
        ({"abatementPeriod": {"start": "2026-11-14", "end": "2026-11-13"}}, State.RESOLVED, "2026-11-14"),
        ({"abatementBoolean": True}, State.RESOLVED, "None"),
        ({"abatementDateTime": "2026-11-09"}, State.ACTIVE, "None"),
        ({"abatementDateTime": "2026-11"}, State.RESOLVED, "2026-11"),
        ({"abatementPeriod": {"start": "2026-10-01", "end": "2026-11-09"}}, State.ACTIVE, "None"),
        ({"onsetDateTime": None, "abatementDateTime": "2026-11-09"}, State.RESOLVED, "2026-11-09"),
    ],
)
def test_an_end_that_is_still_to_come_is_none(more: dict[str, Any], state: State, abated: str) -> None:
    """Nor is one before the onset: only what is over counts as over, where no status says so."""
    (found,) = chart(discitis(**{"onsetDateTime": "2026-11-10", **more})).conditions
    assert (found.state, str(found.abated)) == (state, abated)


@pytest.mark.parametrize(
    ("period", "start", "end", "said"),
    [
        ({"start": "2024-02", "end": "1970-01-01T00:00:00Z"}, "2024-02", "None", "stands for no date"),
        ({"start": "2024-02", "end": "2024-01-31"}, "2024-02", "None", "ends before it begins"),
        ({"start": "2024-02", "end": "2024-02"}, "2024-02", "2024-02", ""),
        ({"start": "2024-02-03", "end": "2024-02"}, "2024-02-03", "2024-02", ""),
        ({"start": "2024-02", "end": "2027-01-01"}, "2024-02", "2027-01-01", ""),
        ({"start": "2024-02", "end": "9999-12-31"}, "2024-02", "None", ""),
        ({"start": "1900-01-01", "end": "2026-11-20"}, "None", "2026-11-20", "stands for no date"),
        ({"start": "?", "end": "?"}, "None", "None", "could not be read"),
    ],
)
def test_the_period_of_a_drug(period: dict[str, str], start: str, end: str, said: str) -> None:
    """An end before the start ends nothing; one that is to come is a plan."""
    found = chart(
        {
            "resourceType": "MedicationStatement",
            "status": "active",
            "medicationCodeableConcept": APIXABAN,
            "effectivePeriod": period,
        }
    )
    (use,) = found.drugs
    assert (str(use.start), str(use.end)) == (start, end)
    assert misdated(found) == ([f"MedicationStatement: effectivePeriod {said}, so it does not count"] if said else [])


def test_a_result_that_cannot_have_been_taken_then_is_dated_by_its_issue() -> None:
    """And says both."""
    (found,) = chart(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": INR,
            "valueQuantity": {"value": 1.1},
            "effectiveTiming": {"event": ["1900-01-01", "1901-02-03"]},
            "issued": "2026-11-20T08:00:00-05:00",
        }
    ).observations
    assert str(found.when) == "2026-11-20 08:00"
    assert found.source.notes == (
        "effectiveTiming stands for no date, so it does not count",
        "effectiveTiming lies before the birth, so it does not count",
        "dated by when it was issued",
    )


def test_a_date_of_what_no_rule_reads_is_not_named() -> None:
    """A chart is not told of dates that nobody needs."""
    found = chart(discitis(code={"text": "Hallux valgus"}, onsetDateTime="1900-01-01"))
    assert not found.conditions
    assert not misdated(found)


@pytest.mark.parametrize("birth", [None, "2030-01-01", "unknown"])
def test_without_a_birth_nothing_lies_before_it(birth: str | None) -> None:
    """A birth that is still to come is none."""
    found = chart(discitis(onsetDateTime="1940-01-01"), patient={**PATIENT, "birthDate": birth})
    assert str(found.conditions[0].onset) == "1940-01-01"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-21T23:59:60Z", "2026-11-21 18:59"),
        ("2026-11-21T23:59:60.5Z", "2026-11-21 18:59"),
        ("2026-11-21T08:60:00Z", "None"),
        ("2026-11-21T08:60", "None"),
        ("2026-11-21T08:00:61Z", "None"),
    ],
)
def test_second_sixty_is_the_second_before(text: str, shown: str) -> None:
    """FHIR allows it for leap seconds; in a minute there is no sixtieth."""
    assert str(dates.read(text, ZONE)) == shown


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (None, "None"),
        (Timing(), "None"),
        (Timing(event=["2026-11-27", "2026-11-26T08:30:00-05:00", "soon"]), "2026-11-26 08:30"),
        (Timing(repeat=Repeat(boundsPeriod=Period("2026-11-26", "2026-11-28"))), "2026-11-26"),
        (Timing(repeat=Repeat(period=1, periodUnit="d")), "None"),
        (Timing(event=["soon"], repeat=Repeat(boundsPeriod=Period("2026-11-26"))), "2026-11-26"),
    ],
)
def test_a_timing_says_when_by_its_events_or_its_bounds(stated: Timing | None, shown: str) -> None:
    """How often something is repeated is no date."""
    assert str(dates.timing(stated, ZONE)) == shown


_JUDGED_BY_RULES = frozenset(("birthDate", "deceasedDateTime"))
_READ_WITH_THE_DRAFTS = frozenset(("start", "end"))


def _dates(kind: type[resources.Resource]) -> Iterator[str]:
    """The elements of a type that say when, by their names or by their kinds."""
    for name in kind.__struct_fields__:
        shape = str(kind.__annotations__.get(name, ""))
        if name.endswith(("DateTime", "Date", "Instant")) or "Period" in shape or "Timing" in shape:
            yield name


@pytest.mark.parametrize("kind", resources.TYPES.values(), ids=lambda kind: kind.__name__)
def test_every_date_of_what_rules_read_is_looked_at(kind: type[resources.Resource]) -> None:
    """A new element cannot be forgotten."""
    known = dating.DATES | dating.PERIODS | dating.TIMINGS | _JUDGED_BY_RULES | _READ_WITH_THE_DRAFTS
    assert set(_dates(kind)) <= known


ORDER = {"resourceType": "ServiceRequest", "id": "vp", "status": "draft", "code": {"text": "Vertebroplasty T12"}}
VISIT = {"resourceType": "Appointment", "id": "a", "status": "booked", "description": "Vertebroplasty T12"}


@pytest.mark.parametrize(
    ("order", "planned", "note"),
    [
        (ORDER, "None", ""),
        ({**ORDER, "occurrenceDateTime": "2026-11-26"}, "2026-11-26", ""),
        ({**ORDER, "occurrenceTiming": {"event": ["2026-11-26T08:30:00-05:00"]}}, "2026-11-26 08:30", ""),
        ({**ORDER, "occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026-11-26"}}}}, "2026-11-26", ""),
        ({**ORDER, "occurrenceTiming": {"repeat": {"frequency": 1}}}, "None", ""),
        ({**ORDER, "occurrenceTiming": {"event": ["soon"]}}, "None", "could not be read"),
        ({**ORDER, "occurrencePeriod": {"start": "tomorrow"}}, "None", "could not be read"),
        ({**ORDER, "occurrenceDateTime": "26.11.2026"}, "None", "could not be read"),
        ({**ORDER, "occurrenceDateTime": "1970-01-01"}, "None", "1970-01-01 is past"),
        ({**VISIT, "start": "2026-11-26T08:30:00-05:00"}, "2026-11-26 08:30", ""),
        ({**VISIT, "start": "26.11.2026"}, "None", "could not be read"),
    ],
)
def test_the_time_of_an_order(order: dict[str, Any], planned: str, note: str) -> None:
    """In any of FHIR's forms; one that cannot be read is said."""
    found = Orders.of([Part(Raw(json.dumps(order).encode()))], Context(load(), ZONE), as_of=AS_OF).order
    assert str(found.planned) == planned
    assert found.planned_note == (f"the stated time {note} and counts as not stated" if note else "")
