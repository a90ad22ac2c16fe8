"""Non-surgical care of the fracture so far: analgesics, physiotherapy, a brace; and what makes it impossible."""

from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import Chart, Condition, DrugUse, Reading, Section, State, UseStatus, ValueSets, When, days_since
from cds_service.facts.fracture.age import on_record_since
from cds_service.facts.shared.drugs import is_taken
from cds_service.findings import Evidence

CARE_SECTIONS = (Section.PROCEDURES, Section.DEVICES)
"""The sections beside the drug lists that can hold such care."""

_ANALGESICS = ("opioid", "nsaid", "analgesic-adjunct")
_THERAPY, _BRACE = ValueSets.CONSERVATIVE_THERAPY, ValueSets.SPINAL_ORTHOSIS


class Care(Struct, frozen=True):
    """One kind of care and for how many days since the fracture began; None if the start of one of them is not recorded."""

    name: str
    days: int | None
    evidence: Evidence


def conservative_care(chart: Chart) -> Reading[Care]:
    """Care that goes on, or was given since the fracture began; and the gap if drugs, procedures or devices have one."""
    gaps = (
        *chart.gap_unless_drugs_listed("whether analgesics were tried"),
        *chart.gap_unless_whole("whether physiotherapy or a brace was tried", *CARE_SECTIONS, sets=(_THERAPY, _BRACE)),
    )
    return Reading(tuple(_care_on_record(chart)), gaps).one_gap()


def _care_on_record(chart: Chart) -> Iterator[Care]:
    began = on_record_since(chart)
    for use in sorted(chart.drugs_of(*_ANALGESICS), key=lambda item: item.source.reference):
        since = use.start or use.stated or use.last_dose
        if is_taken(use, chart) or _was_taken(use, began):
            yield Care(
                use.name, _days(since, use.end, began, chart), Evidence(use.source, "medication", since, use.name)
            )
    for done in chart.procedures:
        if _THERAPY in done.concept.sets and _is_since(done.when, began):
            first = When.at(done.when.start) if done.when else None
            shown = Evidence(done.source, "code", done.when, done.concept.text)
            yield Care(done.concept.text, _days(first, None, began, chart), shown)
    for device in chart.devices:
        if _BRACE in device.concept.sets:
            yield Care(device.concept.text, None, Evidence(device.source, "type", None, device.concept.text))


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
