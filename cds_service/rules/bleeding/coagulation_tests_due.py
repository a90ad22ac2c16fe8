"""INR or platelets that are missing, or will be too old at the slot."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from cds_service.chart import Chart, Section, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.bleeding.lab_window import is_current, lab_window, vitamin_k_antagonists
from cds_service.facts.bleeding.liver import liver_disease
from cds_service.facts.shared import labs
from cds_service.facts.shared.fitting import begun
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.phrasing import measurement, none_of
from cds_service.findings import (
    Finding,
    Kind,
    Proposal,
    Topic,
    parts,
    rule,
)
from cds_service.knowledge import Knowledge, Parameter

_ORDERED = {"INR": "an INR", "platelets": "a platelet count", "fibrinogen": "fibrinogen"}
_EXPLAINED = (
    "SIR 2019 asks for INR and platelets; no guideline says how old they may be, so the windows are local policy."
)


@rule(
    title="Coagulation tests due",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=(Section.COAGULATION, Section.BLOOD_COUNT, *DRUG_SECTIONS, Section.CONDITIONS, Section.ENCOUNTER),
    judges="timing of coagulation tests",
    settle="Look up INR and platelets",
)
def coagulation_tests_due(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether INR and platelets were measured, and are recent enough at the procedure for this patient: fewer days on antithrombotics,
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
    due = _Due(name, bool(chart.requested_in(measure)), proposes)
    window = lab_window(chart, know)
    behind = f"A result counts for {window.known.text}{f' {window.why}' if window.why else ''}."
    latest = labs.latest(chart, measure, name).if_supplied()
    for gap in latest.gaps:
        yield due.finding(f"{none_of(name, gap)} on record", f"{name} due", window.known, behind)
        return
    lab = latest.one()
    same_day = know.parameter("coagulation_tests_due.same_day")
    if measure == ValueSets.INR and not labs.within(lab, at, same_day):
        for item in vitamin_k_antagonists(chart, know):
            says = f"{name} {lab}, due on the day of the procedure after {item.drug.name}"
            on_the_day = f"After a vitamin K antagonist an INR counts for {same_day.text}."
            yield due.finding(says, f"{lab.short}, too old", same_day, on_the_day, lab)
            return
        unlisted = chart.gap_unless_drugs_listed("whether an INR of the day is needed")
        if unlisted:
            yield from unlisted
            return
    if not is_current(lab, at, chart, know).one():
        when = " at the procedure" if chart.order.planned else ""
        says = f"{name} {lab}, older than {window.known.text}{when}"
        yield due.finding(says, f"{lab.short}, too old", window.known, behind, lab)


class _Due(Struct, frozen=True):
    """A test that is due, whether it has been ordered, and what would order it."""

    name: str
    ordered: bool
    proposes: tuple[Proposal, ...]

    def finding(self, says: str, short: str, window: Parameter, behind: str, *old: Lab) -> Finding:
        """The finding that it is due; `old` is the result that is too old."""
        step = f"Order {_ORDERED[self.name]} within {window.text} of the procedure"
        return Finding(
            begun(f"{says}{'; already ordered' if self.ordered else ''}"),
            short,
            tuple(lab.evidence for lab in old),
            (window,) if old else (),
            ("sir-2019",),
            proposes=() if self.ordered else self.proposes,
            explains=f"{behind} {_EXPLAINED}",
            steps=(f"See that the {measurement(self.name)} that was ordered is done" if self.ordered else step,),
        )
