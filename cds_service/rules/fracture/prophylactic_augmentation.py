"""The order is for a vertebra that is not broken: it says so, or current images call the ordered level intact."""

from collections.abc import Collection, Iterator

from cds_service.chart import Basis, Chart, Level, Reason, Source, Unknown, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.imaging import NOT_REPORTED, WINDOW, dated, described, evidence
from cds_service.facts.fracture.levels import named_levels
from cds_service.facts.fracture.target import fractures_at_target
from cds_service.facts.fracture.unfractured import levels_not_judged, levels_not_on_record, unfractured_levels
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings import (
    Essential,
    Evidence,
    Finding,
    Kind,
    NotApplicable,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_CITES = ("radiopaedia-vertebroplasty", "evicore-cmm607")


@rule(
    title="Prophylactic augmentation",
    judges="fracture at the level ordered",
    kind=Kind.NOT_INDICATED,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.SUPPLIED,
    steps=("Confirm what is to be treated: cement in an unbroken vertebra has risks and no shown benefit",),
    settle="Look for the ordered level in the imaging reports",
)
def prophylactic_augmentation(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the order says prophylactic, or the newest current image of an ordered level calls that vertebra intact and no diagnosis
    says otherwise. Where another ordered level is broken it is a caution about this level alone, and so is a level of which neither
    diagnoses nor images say anything. Levels that differ altogether are for `level_mismatch`.

    ## Why it matters
    Cement in an unbroken osteoporotic vertebra has risks and no shown benefit.

    ## When it stays silent
    When a fracture or lesion is on record at each ordered level. If nothing on record is about any of them, the answer is unknown.
    """
    if chart.order.prophylactic:
        yield Finding(
            says="The order says prophylactic: no fracture is to be treated",
            short="ordered as prophylactic",
            headline="Ordered as prophylactic: no fracture is to be treated",
            evidence=tuple(Evidence(Source(reference), "reasonCode") for reference in chart.order.references),
            cites=_CITES,
            basis=Basis.TEXT,
        )
        return
    if not chart.order.levels or named_levels(chart, know).differ:
        raise NotApplicable
    intact, not_judged = unfractured_levels(chart, know), levels_not_judged(chart, know)
    broken = chart.order.levels - intact.keys() - not_judged
    for level, seen in intact.items():
        other = f"; {spoken(broken)} is broken" if broken else ""
        yield Finding(
            says=f"{level} is called intact, {described(seen, beside=f'{level} is called intact{other}')}{other}",
            short=f"{level} called intact",
            headline=f"{level} is called intact, {dated(seen)}",
            steps=(_confirm((level,)),) if broken else (),
            evidence=(evidence(seen),),
            uses=(know.parameter(WINDOW),),
            cites=_CITES,
            effect=Kind.RELATIVE if broken else None,
            basis=seen.basis,
        )
    if intact:
        return
    unrecorded, gaps = levels_not_on_record(chart) & not_judged, chart.gaps(*FRACTURE_SECTIONS)
    if broken and unrecorded and all(gap.reason is Reason.UNREADABLE for gap in gaps):
        yield Finding(
            says=f"No current fracture or lesion on record at {spoken(unrecorded)}, ordered with {spoken(broken)}",
            short=shortened("no recorded fracture", f" at {spoken(unrecorded)}"),
            headline=f"No current fracture on record at {spoken(unrecorded)}",
            steps=(_confirm(unrecorded),),
            evidence=tuple(item.evidence for item in fractures_at_target(chart)[:3]),
            cites=_CITES,
            effect=Kind.RELATIVE,
        )
        not_judged -= unrecorded
    chart.require("whether each ordered level is broken", *FRACTURE_SECTIONS)
    if not_judged:
        raise Unknown(f"state of {spoken(not_judged)} on imaging", NOT_REPORTED)


def _confirm(levels: Collection[Level]) -> str:
    is_meant, them = ("are meant", "them") if len(levels) > 1 else ("is meant", "it")
    return f"Confirm that {spoken(levels)} {is_meant}, or take {them} off the order"
