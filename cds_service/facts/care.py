"""Non-surgical care of the fracture so far: analgesics, physiotherapy, a brace."""

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.chart import Age, Chart, DrugUse, Section, When
from cds_service.engine import Evidence
from cds_service.facts.drugs import is_taken
from cds_service.facts.fracture_age import onsets

CARE_SECTIONS = (Section.PROCEDURES, Section.DEVICES)
"""The sections beside the drug lists that can hold such care."""

_ANALGESICS = ("opioid", "nsaid", "analgesic-adjunct")
_THERAPY, _BRACE = "conservative-therapy", "spinal-orthosis"


@dataclass(frozen=True, slots=True)
class Care:
    """One kind of care and for how many days since the fracture began; None if its start is not recorded."""

    name: str
    days: int | None
    evidence: Evidence


def conservative_care(chart: Chart) -> Iterator[Care]:
    """Care that goes on, or was given since the fracture began; then `Unknown` if drugs, procedures or devices have gaps."""
    began = min((when.start for when in onsets(chart)), default=None)
    for use in sorted(chart.drugs_of(*_ANALGESICS), key=lambda item: item.source.reference):
        since = _start(use)
        ended = use.end.last if use.end else None
        if not use.drafted and (is_taken(use, chart) or (ended is not None and began is not None and ended >= began)):
            yield Care(use.name, _days(since, chart), Evidence(use.source, "medication", since, use.name))
    for done in chart.procedures:
        if _THERAPY in done.concept.sets and (began is None or done.when is None or done.when.last >= began):
            yield Care(
                done.concept.text, _days(done.when, chart), Evidence(done.source, "code", done.when, done.concept.text)
            )
    for device in chart.devices:
        if _BRACE in device.concept.sets:
            yield Care(device.concept.text, None, Evidence(device.source, "type", None, device.concept.text))
    chart.require_drug_list("whether analgesics were tried")
    chart.require("whether physiotherapy or a brace was tried", *CARE_SECTIONS, sets=(_THERAPY, _BRACE))


def _start(use: DrugUse) -> When | None:
    return use.start or use.stated or use.last_dose


def _days(since: When | None, chart: Chart) -> int | None:
    """Days from the start of care, or of the fracture if that came later, until `as_of`."""
    if since is None:
        return None
    return min(Age.since(when, chart.as_of).least for when in (since, *onsets(chart)))
