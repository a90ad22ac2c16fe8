"""The picture of a chart over time: what is drawn and said of examples, of gaps, of partial dates, and in other time zones."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace

from cds_service.app import create_app
from cds_service.cards import wording
from cds_service.chart import Reason, Section
from cds_service.findings import Results, Role
from cds_service.hook import Hook
from cds_service.hooks import read_request
from cds_service.service import Response, Site, respond, site_of
from cds_service.settings import Settings
from cds_service.web import examples
from cds_service.web.timeline import Lane, Panel, timeline
from cds_service.web.timeline.marks import Mark, MarkShape, Tone
from cds_service.web.timeline.scale import Scale

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
APIXABAN = "apixaban-20h-before-slot"
SITE = site_of(Settings())


def request_of(name: str) -> dict[str, Any]:
    """An example, or a case of a rule such as `severe_pain/1`."""
    request: dict[str, Any] = examples.load(name, SITE.know)
    return request


def answered(request: dict[str, Any], site: Site = SITE) -> Response:
    return respond(read_request(msgspec.json.encode(request), tuple(Hook)), NOW, site)


def panels(response: Response) -> Mapping[str, Panel]:
    assert response.material
    assert response.chart
    return {panel.id: panel for panel in timeline(response.material, response.chart)}


def drawn(request: dict[str, Any], site: Site = SITE) -> Mapping[str, Panel]:
    return panels(answered(request, site))


def lane(panel: Panel, name: str) -> Lane:
    (found,) = (item for item in panel.lanes if item.name == name)
    return found


def at(day: int, hour: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def onset(value: Mapping[str, str]) -> Mapping[str, Panel]:
    """The apixaban example with another onset of the fracture, or another date in its place."""
    request = request_of(APIXABAN)
    fracture = request["prefetch"]["conditions"]["entry"][0]["resource"]
    del fracture["onsetDateTime"]
    fracture |= value
    return drawn(request)


def test_a_hold_is_drawn_from_the_last_dose_to_when_each_source_says_it_is_kept():
    days = drawn(request_of(APIXABAN))["days"]
    apixaban = lane(days, "Apixaban")
    assert apixaban.tone is Tone.CRITICAL
    assert apixaban.marks == (
        Mark(MarkShape.HOLD, at(23, 12), at(25, 12), "48 h"),
        Mark(MarkShape.CAUTION, at(25, 12), at(26), "60 h"),
        Mark(MarkShape.LONGER, at(26), at(26, 12), "72 h"),
        Mark(MarkShape.DOSE, at(23, 12), at(23, 12)),
    )
    assert apixaban.says == (
        "last dose 2026-11-23 12:00",
        "SIR 2019 48 h: from 2026-11-25 12:00",
        "PAUSE 2019 60 h: from 2026-11-26 00:00",
        "ASRA 2018 72 h: from 2026-11-26 12:00",
    )
    assert [(flag.name, flag.at) for flag in days.flags] == [
        ("Now", NOW),
        ("Procedure", at(24, 8)),
        ("Earliest", at(25, 12)),
        ("All passed", at(26)),
    ]


def test_the_times_drawn_are_those_that_the_finding_says():
    response = answered(request_of(APIXABAN))
    assert response.material
    (hold,) = (item.finding for item in response.material.results if item.rule.role is Role.HOLD)
    assert hold
    assert "earliest 2026-11-25 12:00" in hold.headline
    assert "PAUSE 2019 60 h (from 2026-11-26 00:00)" in hold.explains


def test_a_drug_that_is_still_taken_leaves_its_interval_free_before_the_slot():
    days = drawn(request_of("warfarin-contained-inr-2.4"))["days"]
    warfarin = lane(days, "Warfarin")
    assert warfarin.marks == (
        Mark(MarkShape.TAKEN, None, at(24, 8)),
        Mark(MarkShape.HOLD, at(19, 8), at(24, 8), "120 h"),
    )
    assert warfarin.says[:2] == ("taken", "SIR 2019 120 h: last dose by 2026-11-19 08:00")
    assert [flag.name for flag in days.flags] == ["Now", "Procedure"]


def test_values_are_drawn_for_as_long_as_they_count():
    days = drawn(request_of(APIXABAN))["days"]
    inr, temperature = lane(days, "INR"), lane(days, "Temperature")
    taken = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
    assert inr.marks == (Mark(MarkShape.WINDOW, taken, taken + timedelta(days=7)), Mark(MarkShape.POINT, taken))
    assert (inr.value, inr.when, inr.tone) == ("1", "2026-11-21 07:30", Tone.PLAIN)
    assert temperature.says == ("counts until 2026-11-24 06:00 (48 h), before the procedure",)


def test_the_window_is_the_one_that_the_rule_went_by():
    inr = lane(drawn(request_of("warfarin-contained-inr-2.4"))["days"], "INR")
    assert inr.says == (
        "limit 1.8: INR above which the procedure waits for correction",
        "counted until 2026-11-22 07:30 (24 h)",
    )
    assert inr.tone is Tone.CRITICAL


def test_signs_of_infection_are_told_with_their_limits():
    days = drawn(request_of("active-discitis"))["days"]
    fever, crp = lane(days, "Temperature"), lane(days, "CRP")
    assert (fever.tone, crp.tone) == (Tone.CRITICAL, Tone.CRITICAL)
    assert fever.says[0].startswith("limit 38 °C")
    assert crp.says[0].startswith("limit 50 mg/L")
    assert lane(days, "White cells").tone is Tone.PLAIN
    assert lane(days, "Antithrombotics").says == ("none in the drug list",)


def test_what_was_not_sent_is_said_and_nothing_is_drawn():
    request = request_of(APIXABAN)
    request["prefetch"] = {"patient": request["prefetch"]["patient"], "conditions": {"resourceType": "Bundle"}}
    found = drawn(request)
    lanes = [item for panel in found.values() for item in panel.lanes]
    assert [item.marks for item in lanes] == [()] * len(lanes)
    assert {item.tone for item in lanes} == {Tone.OPEN}
    assert all(item.says for item in lanes)
    for panel, name, part in (("days", "INR", "coagulation tests"), ("weeks", "Imaging", "imaging")):
        (says,) = lane(found[panel], name).says
        assert says == wording.MISSING[Reason.OMITTED].format(parts=part)
    assert lane(found["days"], "Antithrombotics").says == ("Unknown: whether an antithrombotic is taken",)


def test_what_was_never_measured_is_said():
    request = request_of(APIXABAN)
    request["prefetch"]["coagulation"] = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    assert lane(drawn(request)["days"], "INR") == Lane("INR", says=("none on record",), tone=Tone.OPEN)


def test_a_newer_result_that_cannot_be_read_is_told():
    request = request_of(APIXABAN)
    entries = request["prefetch"]["coagulation"]["entry"]
    older = entries[0]["resource"]
    newer = {**older, "id": "newer", "effectiveDateTime": "2026-11-22T07:00:00Z", "valueString": "clotted"}
    del newer["valueQuantity"]
    entries.append({"resource": newer})
    inr = lane(drawn(request)["days"], "INR")
    assert (inr.value, inr.says[-1]) == ("1", "there may be a newer result that cannot be read")


def test_a_gap_that_could_shorten_a_window_is_drawn_as_one():
    inr = lane(drawn(request_of("no-medication-section"))["days"], "INR")
    assert [mark.shape for mark in inr.marks] == [MarkShape.WINDOW, MarkShape.PERHAPS, MarkShape.POINT]
    assert "if what is missing shortens it to 48 h" in inr.says[1]


def test_only_what_a_rule_in_force_judged_is_drawn():
    response = answered(request_of(APIXABAN))
    assert response.material
    left = Results(item for item in response.material.results if item.rule.role is not Role.HOLD)
    days = panels(replace(response, material=dataclasses.replace(response.material, results=left)))["days"]
    assert "Apixaban" not in [item.name for item in days.lanes]
    assert [flag.name for flag in days.flags] == ["Now", "Procedure"]
    assert panels(answered(request_of("discharge-after-vertebroplasty"))) == {}


def test_without_a_planned_time_now_stands_in():
    request = request_of(APIXABAN)
    (entry,) = request["context"]["draftOrders"]["entry"]
    del entry["resource"]["occurrenceDateTime"]
    days = drawn(request)["days"]
    assert days.heading == "Around now; no time is planned"
    assert "Procedure" not in [flag.name for flag in days.flags]


def test_the_bands_of_a_known_day_follow_each_other():
    age = lane(drawn(request_of(APIXABAN))["weeks"], "Fracture")
    assert age.marks == (
        Mark(MarkShape.ACUTE, at(3), at(15, month=12), "acute"),
        Mark(MarkShape.SUBACUTE, at(15, month=12), datetime(2027, 1, 27, tzinfo=UTC), "subacute"),
        Mark(MarkShape.CHRONIC, datetime(2027, 1, 27, tzinfo=UTC), None, "chronic"),
    )
    assert age.says == ("began 2026-11-03, 19 days ago: acute", "acute until 2026-12-14, subacute until 2027-01-26")


def test_a_month_leaves_open_when_one_band_ends():
    age = lane(onset({"onsetDateTime": "2026-10"})["weeks"], "Fracture")
    assert [mark.shape for mark in age.marks] == [
        MarkShape.ACUTE,
        MarkShape.UNSURE,
        MarkShape.SUBACUTE,
        MarkShape.UNSURE,
        MarkShape.CHRONIC,
        MarkShape.SPAN,
    ]
    assert age.marks[-1] == Mark(MarkShape.SPAN, at(1, month=10), at(1, month=11), "began")
    assert age.says[0] == "began 2026-10-01 to 2026-10-31, 22 to 52 days ago: acute or subacute"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"onsetDateTime": "2025"}, "began 2025-01-01 to 2025-12-31, 326 to 690 days ago: chronic"),
        ({"onsetDateTime": "2026"}, "began 2026-01-01 to 2026-11-16, 6 to 325 days ago: acute or subacute or chronic"),
        (
            {"recordedDate": "2026-11-03"},
            "began 2026-11-03 or before, at least 19 days ago: acute or subacute or chronic",
        ),
        ({}, "began 2026-11-16 or before, at least 6 days ago: acute or subacute or chronic"),
        ({"onsetDateTime": "soon"}, "began 2026-11-16 or before, at least 6 days ago: acute or subacute or chronic"),
    ],
)
def test_an_onset_is_told_as_far_as_it_is_known(value: Mapping[str, str], says: str):
    assert lane(onset(value)["weeks"], "Fracture").says[0] == says


def test_images_are_told_with_what_they_show():
    mri = lane(drawn(request_of(APIXABAN))["weeks"], "MRI")
    assert mri.tone is Tone.FOR
    assert mri.says == ("Marrow oedema at T12, MRI 2026-11-16", "counts until 2027-05-15 (180 days)")
    assert [mark.shape for mark in mri.marks] == [MarkShape.WINDOW, MarkShape.POINT]


def test_an_image_is_told_with_the_most_urgent_that_was_found_on_it():
    mri = lane(drawn(request_of("epidural_tumour/3"))["weeks"], "MRI")
    assert mri.tone is Tone.WARNING
    assert mri.says[0].startswith('MRI 2026-11-17: "Metastasis of T12 with epidural tumour extension"')
    assert mri.says[2:] == ("and 2 more", "counts until 2027-05-16 (180 days)")


def test_a_value_is_drawn_where_a_rule_in_force_reads_its_section():
    response = answered(request_of(APIXABAN))
    assert response.material
    left = Results(item for item in response.material.results if Section.BLOOD_COUNT not in item.rule.needs)
    days = panels(replace(response, material=dataclasses.replace(response.material, results=left)))["days"]
    assert {"INR", "CRP"} <= {item.name for item in days.lanes}
    assert {"Platelets", "White cells"}.isdisjoint(item.name for item in days.lanes)


def test_an_image_of_tomorrow_is_not_known_yet():
    request = request_of(APIXABAN)
    for name in ("imaging-studies", "imaging-reports", "imaging-findings"):
        for entry in request["prefetch"][name]["entry"]:
            entry["resource"] |= {"started": "2026-11-23", "effectiveDateTime": "2026-11-23"}
    imaging = lane(drawn(request)["weeks"], "Imaging")
    assert (imaging.tone, imaging.marks) == (Tone.OPEN, ())


def test_times_are_told_by_the_clock_of_the_site():
    zone = ZoneInfo("America/New_York")
    site = replace(SITE, manner=replace(SITE.manner, zone=zone))
    days = drawn(request_of(APIXABAN), site)["days"]
    assert lane(days, "Apixaban").says[1] == "SIR 2019 48 h: from 2026-11-25 07:00"
    assert [flag.when for flag in days.flags if flag.name == "All passed"] == ["2026-11-25 19:00"]
    assert [(flag.name, flag.at) for flag in days.flags if flag.name == "Earliest"] == [("Earliest", at(25, 12))]
    (first, *_) = days.scale.ticks()
    assert first.x == days.scale.place(datetime(2026, 11, 21, 5, tzinfo=UTC))


def test_a_line_of_time_is_even_where_the_clock_is_changed():
    zone = ZoneInfo("Europe/London")
    scale = Scale(datetime(2026, 10, 24, tzinfo=zone), datetime(2026, 10, 27, tzinfo=zone), zone)
    assert [(tick.label, tick.x) for tick in scale.ticks()] == [("25 Oct", 32.88), ("26 Oct", 67.12)]
    assert scale.place(datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=zone)) > scale.place(
        datetime(2026, 10, 25, 1, 30, tzinfo=zone)
    )


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (3, ["2 Jan", "3 Jan"]),
        (12, ["2 Jan", "4 Jan", "6 Jan", "8 Jan", "10 Jan"]),
        (40, ["2 Jan", "9 Jan", "16 Jan", "23 Jan", "30 Jan"]),
        (200, ["Mar 2026", "May 2026"]),
        (4000, ["2028", "2030", "2032", "2034"]),
    ],
)
def test_dates_along_the_line_stay_apart(days: int, labels: list[str]):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert [tick.label for tick in Scale(start, start + timedelta(days=days), UTC).ticks()] == labels


def test_what_lies_beyond_the_line_is_cut_off_or_left_out():
    scale = Scale(at(1), at(11), UTC)
    within = Mark(MarkShape.WINDOW, at(3), at(5))
    over = Mark(MarkShape.WINDOW, at(9), at(20), "a long text")
    before = Mark(MarkShape.POINT, at(20, month=10))
    marks = (within, over, before, Mark(MarkShape.TAKEN, None, at(2)), Mark(MarkShape.CHRONIC, at(6), None, "chronic"))
    placed = list(Panel("x", "x", scale, (), ()).placed(Lane("x", marks=marks)))
    assert [(mark.shape, mark.x, mark.width, mark.text) for mark in placed] == [
        (MarkShape.WINDOW, 20, 20, ""),
        (MarkShape.WINDOW, 80, 20, ""),
        (MarkShape.TAKEN, 0, 10, ""),
        (MarkShape.CHRONIC, 50, 50, "chronic"),
    ]


def test_text_of_a_chart_is_escaped_in_the_picture(tmp_path):
    request = request_of(APIXABAN)
    evil = "<img src=x onerror=alert(1)>"
    request["prefetch"]["medication-requests"]["entry"].append(
        {
            "resource": {
                "resourceType": "MedicationRequest",
                "id": "x",
                "status": "active",
                "intent": "order",
                "medicationCodeableConcept": {"text": evil},
                "subject": {"reference": "Patient/vera"},
            }
        }
    )
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/x.sqlite3"), now=lambda: NOW)
    html = json.loads(app.test_client().post("/workbench/run", json={"pasted": request}).data)["html"]
    when = html[html.index('class="when"') : html.index('class="why"')]
    assert "Unknown: what &#39;&lt;img src=x onerror=alert(1)&gt;&#39; is" in when
    assert "<img" not in when
