"""The fracture began within the last twelve weeks, whichever day of the recorded interval it was."""

from collections.abc import Iterator

from cds_service.chart import Age, Chart, Missing, Reason, Section, Unknown
from cds_service.facts.fracture.age import fracture_age, onsets
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, current_fractures, named
from cds_service.facts.fracture.lesions import age_does_not_count
from cds_service.facts.fracture.target import target_fractures
from cds_service.facts.shared import thresholds
from cds_service.findings import (
    Essential,
    Finding,
    Kind,
    NotApplicable,
    Role,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_LIMITS = ("shared/fracture.subacute_from", "shared/fracture.recent_until", "recent_fracture.trial")


@rule(
    title="Fracture of the last twelve weeks",
    judges="age of the fracture",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.JUDGED,
    not_shown="fracture not recent",
    settle="Ask on which day the pain began",
    role=Role.AGE,
)
def recent_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    How old the fracture at the target level is, as an interval. An onset gives it, widened where only a month or a year is known. The
    day it was recorded or first seen only shows that it is at least that old; an earlier image without it shows that it is younger. Met
    if the whole interval lies within twelve weeks: acute up to six weeks, then subacute.

    ## Why it matters
    Most of the evidence, and payers' coverage, is for fractures of the last six to twelve weeks. Older ones need proof of activity.

    ## When it stays silent
    When the whole interval lies beyond twelve weeks. It does not apply to a malignant fracture or a non-union, which have no age limit,
    or where no fracture is on record.
    """
    found, gaps = current_fractures(chart)
    if age_does_not_count(chart, know) or (not found and not gaps):
        raise NotApplicable
    age = fracture_age(chart).one()
    recent = know.parameter("shared/fracture.recent_until")
    if age.is_beyond(recent.value):
        chart.require("onset of the fracture", *FRACTURE_SECTIONS)
        return
    if not age.is_within(recent.value):
        dated = Missing(Section.CONDITIONS, Reason.NOT_MEASURED, f"{age} by the dates on record, limit {recent.text}")
        what = f"onset of the fracture ({age} ago, limit {recent.text})"
        raise Unknown(what, *(chart.gaps(*FRACTURE_SECTIONS) or (dated,)))
    began = onsets(chart)
    since = f", onset {began[0]}" if len(began) == 1 else ""
    mine = target_fractures(chart)
    yield Finding(
        says=f"Fracture at {named(mine)} is {age} old{since}: {_stage(age, know)}",
        short=f"fracture {age} old".replace(" to ", "–"),
        evidence=tuple(item.evidence for item in mine if item.onset or not began),
        uses=tuple(map(know.parameter, _LIMITS)),
        cites=("rand-2013",),
        explains=_explained(know),
    )


def _stage(age: Age, know: Knowledge) -> str:
    """Acute or subacute, or both where the interval straddles."""
    limit = know.parameter("shared/fracture.subacute_from").value - 1
    early, late = age.is_within(limit), age.is_beyond(limit)
    return " or ".join(name for name, is_open in (("acute", not late), ("subacute", not early)) if is_open)


def _explained(know: Knowledge) -> str:
    acute, recent, trial = (thresholds.sourced(know.parameter(name), know) for name in _LIMITS)
    return f"The limit used here is {recent}; a fracture is acute below {acute}. One trial enrolled fractures of less than {trial}."
