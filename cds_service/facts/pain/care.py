"""Non-surgical care of the fracture so far: analgesics, physiotherapy, a brace; and what makes it impossible."""

import re
from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import (
    Chart,
    Concept,
    Condition,
    DrugUse,
    Reading,
    Section,
    State,
    UseStatus,
    ValueSets,
    When,
    days_since,
)
from cds_service.facts.fracture.age import on_record_since
from cds_service.facts.shared.drugs import is_taken
from cds_service.facts.shared.phrasing import briefly
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge

CARE_SECTIONS = (Section.PROCEDURES, Section.DEVICES)
"""The sections beside the drug lists that can hold such care."""

_ANALGESICS = ("opioid", "nsaid", "analgesic-adjunct")
_THERAPY, _BRACE = ValueSets.CONSERVATIVE_THERAPY, ValueSets.SPINAL_ORTHOSIS


class Care(Struct, frozen=True):
    """One kind of care and for how many days since the fracture began; None if the start of one of them is not recorded.

    `name` is a drug's ingredient, `brace`, or what the chart calls other care in few words, else `non-surgical care`.
    """

    name: str
    days: int | None
    evidence: Evidence


def conservative_care(chart: Chart, know: Knowledge) -> Reading[Care]:
    """Care that goes on, or was given since the fracture began; and the gap if drugs, procedures or devices have one."""
    gaps = (
        *chart.gap_unless_drugs_listed("whether analgesics were tried"),
        *chart.gap_unless_whole("whether physiotherapy or a brace was tried", *CARE_SECTIONS, sets=(_THERAPY, _BRACE)),
    )
    return Reading(tuple(_care_on_record(chart, know)), gaps).one_gap()


def _care_on_record(chart: Chart, know: Knowledge) -> Iterator[Care]:
    began = on_record_since(chart)
    for use in sorted(chart.drugs_of(*_ANALGESICS), key=lambda item: item.source.reference):
        since = use.start or use.stated or use.last_dose
        if is_taken(use, chart) or _was_taken(use, began):
            shown = Evidence(use.source, "medication", since, use.name)
            yield Care(know.drugs.ingredients[use.ingredient].name, _days(since, use.end, began, chart), shown)
    for done in chart.procedures:
        if _THERAPY in done.concept.sets and _is_since(done.when, began):
            first = When.at(done.when.start) if done.when else None
            shown = Evidence(done.source, "code", done.when, done.concept.text)
            yield Care(_named(done.concept), _days(first, None, began, chart), shown)
    for device in chart.devices:
        if _BRACE in device.concept.sets:
            yield Care(_named(device.concept), None, Evidence(device.source, "type", None, device.concept.text))


_PHYSIOTHERAPY = re.compile(r"physical therap|physio-?therap", re.IGNORECASE)


def _named(care: Concept) -> str:
    """What care without drugs is called in a list of several."""
    if _BRACE in care.sets:
        return "brace"
    return "physiotherapy" if _PHYSIOTHERAPY.search(care.text) else briefly(care.text, "non-surgical care", words=3)


def obstacles_to_care(chart: Chart) -> Reading[Condition]:
    """Side effects of analgesics and confinement to bed since the fracture began."""
    began = on_record_since(chart)
    return chart.conditions_in(ValueSets.CONSERVATIVE_CARE_OBSTACLE).where(
        lambda problem: problem.state is State.ACTIVE and problem.dated is not None and _is_since(problem.dated, began)
    )


def _was_taken(use: DrugUse, began: When | None) -> bool:
    """Whether a course that is over reached into the time since the fracture began."""
    is_course = not use.drafted and use.status is not UseStatus.NOT_TAKEN
    return is_course and use.end is not None and began is not None and _is_since(use.end, began)


def _is_since(when: When | None, began: When | None) -> bool:
    return when is None or began is None or when.last >= began.start


def _days(since: When | None, until: When | None, began: When | None, chart: Chart) -> int | None:
    """Days of care that surely lie after the fracture began: until it ended, or until `as_of` if it goes on."""
    if since is None or began is None:
        return None
    lasted = days_since(max(since.last, began.last), chart.as_of)
    over = max(0, days_since(until.start, chart.as_of)) if until else 0
    return max(0, lasted - over)
