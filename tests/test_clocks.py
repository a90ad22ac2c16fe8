"""Time is counted as it passes and told by the clock on the wall, also over the nights when clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from cds_service import cases
from cds_service.chart import Age
from cds_service.facts.bleeding.exposure import exposures
from cds_service.facts.bleeding.hold_plan import hold_plan
from cds_service.facts.shared.person import age
from cds_service.fhir import dates
from cds_service.knowledge import load

KNOW = load()
LONDON, NEW_YORK = ZoneInfo("Europe/London"), ZoneInfo("America/New_York")
"""Clocks go forward on 29 March 2026 in London; back on 25 October in London and on 1 November in New York."""
APIXABAN = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1364430"}]}
ONE = cases.load(cases.FIXTURES / "rules" / "antithrombotic_hold.json")[0]


def plan(zone: ZoneInfo, as_of: str, slot: str, last_dose: str | None = None):
    """Where apixaban stands at a slot: hours since the last dose, and the plan."""
    status = {"status": "stopped", "effectivePeriod": {"end": last_dose}} if last_dose else {"status": "active"}
    statement = {
        "resourceType": "MedicationStatement",
        "id": "apx",
        "subject": {"reference": f"Patient/{cases.PATIENT_ID}"},
        "medicationCodeableConcept": APIXABAN,
        **status,
    }
    case = replace(
        ONE,
        as_of=datetime.fromisoformat(as_of),
        order={**ONE.order, "occurrenceDateTime": slot},
        resources=(statement,),
    )
    chart = cases.chart(case, KNOW, zone)
    (found,), _ = exposures(chart, KNOW)
    return found.hours, hold_plan(found, chart, KNOW)


@pytest.mark.parametrize(
    ("zone", "as_of", "slot", "last_dose", "hours"),
    [
        (LONDON, "2026-10-24T09:00:00Z", "2026-10-27", "2026-10-24T00:00:00+01:00", 73),
        (LONDON, "2026-10-24T09:00:00Z", "2026-10-27T00:00:00", "2026-10-24T00:00:00", 73),
        (LONDON, "2026-03-28T09:00:00Z", "2026-03-31", "2026-03-28T00:00:00Z", 71),
        (NEW_YORK, "2026-10-31T09:00:00Z", "2026-11-03", "2026-10-31T00:00:00-04:00", 73),
        (NEW_YORK, "2026-11-20T09:00:00Z", "2026-11-23", "2026-11-20T00:00:00-05:00", 72),
    ],
)
def test_hours_are_counted_as_they_pass(zone: ZoneInfo, as_of: str, slot: str, last_dose: str, hours: float) -> None:
    """From midnight to midnight there are 23, 24 or 25 hours, whether or not the chart names the offset."""
    assert plan(zone, as_of, slot, last_dose)[0] == hours


@pytest.mark.parametrize(
    ("zone", "as_of", "slot", "latest"),
    [
        (LONDON, "2026-10-20T09:00:00Z", "2026-10-26T08:00:00Z", "2026-10-23T09:00:00+01:00"),
        (LONDON, "2026-03-20T09:00:00Z", "2026-03-30T08:00:00+01:00", "2026-03-27T07:00:00+00:00"),
        (NEW_YORK, "2026-11-20T09:00:00Z", "2026-11-25T13:00:00Z", "2026-11-22T08:00:00-05:00"),
        (NEW_YORK, "2026-11-20T09:00:00Z", "2026-11-25", "2026-11-22T00:00:00-05:00"),
        (LONDON, "2026-11-20T09:00:00Z", "2026-11-25T09:00:00+02:00", "2026-11-22T09:00:00+02:00"),
    ],
)
def test_the_latest_dose_is_told_by_the_clock_of_its_day(zone: ZoneInfo, as_of: str, slot: str, latest: str) -> None:
    """72 hours before the slot; a slot with an offset that is not the site's is told by its own."""
    told = plan(zone, as_of, slot)[1].latest_dose
    assert told is not None
    assert told.isoformat() == latest


def test_the_earliest_slot_is_told_by_the_clock_of_its_day() -> None:
    told = plan(LONDON, "2026-10-23T18:00:00Z", "2026-10-24T08:00:00+01:00", "2026-10-23T12:30:00+01:00")[1].earliest
    assert told is not None
    assert told.isoformat() == "2026-10-26T11:30:00+00:00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-20T03:30:00Z", "2026-11-19 22:30"),
        ("2026-07-20T03:30:00+00:00", "2026-07-19 23:30"),
        ("2026-07-20T03:30:00-04:00", "2026-07-20 03:30"),
        ("2026-07-20T03:30:00+02:00", "2026-07-20 03:30"),
        ("2026-07-20T03:30:00", "2026-07-20 03:30"),
        ("2026-11-20", "2026-11-20"),
    ],
)
def test_a_time_in_utc_is_told_by_the_clock_of_the_site(text: str, shown: str) -> None:
    """Systems send UTC whatever the clock on their wall says; another offset is meant."""
    assert str(dates.read(text, NEW_YORK)) == shown


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "9999-12-31", "0001-01-01T00:00:00+14:00", "0001"])
def test_the_ends_of_the_calendar_are_no_dates(text: str) -> None:
    """Systems write them for "never"; no clock of another zone could tell them."""
    assert dates.read(text, NEW_YORK) is None


def test_days_are_those_of_the_site() -> None:
    """At 23:30 in London it is still the same day, though a summer's offset would make it the next."""
    onset = dates.read("2026-08-30", LONDON)
    assert onset is not None
    night = datetime(2026, 11, 22, 23, 30, tzinfo=UTC).astimezone(LONDON)
    assert Age.since(onset, night) == Age(84, 84)
    assert Age.since(onset, night + timedelta(hours=1)) == Age(85, 85)


def test_a_birthday_begins_at_midnight_of_the_site() -> None:
    patient = {"resourceType": "Patient", "id": cases.PATIENT_ID, "birthDate": "2008-07-02"}
    case = replace(ONE, patient=patient, resources=())
    eve, day = datetime(2026, 7, 2, 3, 59, tzinfo=UTC), datetime(2026, 7, 2, 4, 0, tzinfo=UTC)
    assert [age(cases.chart(replace(case, as_of=at), KNOW, NEW_YORK)).one().least for at in (eve, day)] == [17, 18]
