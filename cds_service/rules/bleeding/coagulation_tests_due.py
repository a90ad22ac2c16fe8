"""INR or platelets that are missing, or will be too old at the slot."""

from collections.abc import Iterator
from datetime import datetime

from cds_service.chart import Chart, Section, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.bleeding.lab_window import is_current, lab_window, vitamin_k_antagonists
from cds_service.facts.bleeding.liver import liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.phrasing import none_of
from cds_service.findings import (
    Finding,
    Kind,
    Proposal,
    Topic,
    parts,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Coagulation tests due",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=(Section.COAGULATION, Section.BLOOD_COUNT, *DRUG_SECTIONS, Section.CONDITIONS, Section.ENCOUNTER),
    judges="timing of coagulation tests",
)
def coagulation_tests_due(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether INR and platelets were measured, and are recent enough at the slot for this patient: fewer days on antithrombotics,
    with liver disease or chemotherapy, in hospital or with an acute illness; on a vitamin K antagonist on the day itself. In chronic
    liver disease fibrinogen is asked for as well.

    ## Why it matters
    Both belong before every procedure of high bleeding risk (SIR 2019). No guideline says how old they may be: the windows are this
    site's.

    ## When it stays silent
    When both will be recent enough.
    """
    at = chart.order.planned.last if chart.order.planned else chart.as_of
    yield from parts(
        _due(ValueSets.INR, "INR", chart, know, at, Proposal.ORDER_INR),
        _due(ValueSets.PLATELETS, "platelets", chart, know, at, Proposal.ORDER_PLATELETS),
        _fibrinogen_due(chart, know, at),
    )


def _fibrinogen_due(chart: Chart, know: Knowledge, at: datetime) -> Iterator[Finding | Unknown]:
    if liver_disease(chart).require():
        yield from _due(ValueSets.FIBRINOGEN, "fibrinogen", chart, know, at)


def _due(
    measure: ValueSets, name: str, chart: Chart, know: Knowledge, at: datetime, *proposes: Proposal
) -> Iterator[Finding | Unknown]:
    ordered = chart.requested_in(measure)
    note = "; already ordered" if ordered else ""
    proposed = () if ordered else proposes
    latest = labs.latest(chart, measure, name).if_supplied()
    for gap in latest.gaps:
        says = f"{none_of(name, gap)} on record: due before the procedure{note}"
        yield Finding(f"{says[:1].upper()}{says[1:]}", f"{name} due", cites=("sir-2019",), proposes=proposed)
        return
    lab = latest.one()
    same_day = know.parameter("coagulation_tests_due.same_day")
    if measure == ValueSets.INR and not labs.within(lab, at, same_day):
        for item in vitamin_k_antagonists(chart, know):
            says = f"{name} {lab}: due on the day of the procedure after {item.drug.name}{note}"
            yield Finding(says, f"{lab.short}, too old", (lab.evidence,), (same_day,), ("sir-2019",), proposes=proposed)
            return
        unlisted = chart.gap_unless_drugs_listed("whether an INR of the day is needed")
        if unlisted:
            yield from unlisted
            return
    if not is_current(lab, at, chart, know).one():
        window = lab_window(chart, know)
        why = f" ({window.why})" if window.why else ""
        when = "at the slot" if chart.order.planned else "now"
        says = f"{name[:1].upper()}{name[1:]} {lab}: older than {window.known.text} {when}{why}{note}"
        yield Finding(says, f"{lab.short}, too old", (lab.evidence,), (window.known,), ("sir-2019",), proposes=proposed)
