"""The fracture is more than twelve weeks old and images still show it to be active."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown, in_days
from cds_service.facts.fracture.activity import ActivityState, activity
from cds_service.facts.fracture.age import fracture_age
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, named, none_on_record
from cds_service.facts.fracture.imaging import NOT_REPORTED, dated, described, evidence
from cds_service.facts.fracture.lesions import age_does_not_count
from cds_service.facts.fracture.target import target_fractures
from cds_service.facts.shared import thresholds
from cds_service.findings import Finding, Kind, NotApplicable, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Old fracture that is still active",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    judges="activity of an old fracture",
    steps=("Discuss the evidence with the patient: few trials enrolled fractures this old",),
    settle="Ask when the pain began; look for oedema in reports",
)
def chronic_active_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the fracture at the target level is certainly more than twelve weeks old while a current image shows marrow oedema or uptake
    there.

    ## Why it matters
    One trial of fractures older than three months with oedema favoured vertebroplasty over an infiltration of anaesthetic (difference
    of 1.3 points of pain at twelve months); payers do not cover them. Beyond twelve months there are no trials. It is a decision for
    the individual patient.

    ## When it stays silent
    When the fracture is not that old, or images show no activity. It does not apply to a malignant fracture or a non-union, or where no
    fracture is on record.
    """
    if age_does_not_count(chart, know) or none_on_record(chart):
        raise NotApplicable
    age = fracture_age(chart).one()
    limit, trials = (
        know.parameter("shared/fracture.recent_until"),
        know.parameter("chronic_active_fracture.trials_until"),
    )
    shown = activity(chart, know)
    active = [item.finding for item in shown if item.verdict is ActivityState.ACTIVE]
    if active and age.is_beyond(limit.value):
        mine = target_fractures(chart)
        untried = age.is_beyond(trials.value)
        beyond = f" Beyond {thresholds.sourced(trials, know)} no trial enrolled patients." if untried else ""
        aged = f"Fracture at {named(mine)} is {age} old and still active"
        yield Finding(
            says=f"{aged}, {described(active[0], beside=aged)}",
            short=f"active fracture {'' if age.least == age.most else '≥'}{in_days(age.least)} old",
            headline=f"Fracture {age} old (limit {limit.value:g}), still active on {dated(active[0])}",
            explains=f"Payers cover fractures up to {thresholds.sourced(limit, know)}. VERTOS V 2023 favoured vertebroplasty over an "
            f"infiltration of anaesthetic in fractures older than three months with marrow oedema.{beyond}",
            steps=("Discuss the evidence with the patient: no trial enrolled fractures this old",) if untried else (),
            evidence=(*(item.evidence for item in mine[:2]), evidence(active[0])),
            uses=(limit, trials),
            cites=("vertos5-2023",),
            basis=active[0].basis,
        )
        return
    chart.require("whether an old fracture is still active", *FRACTURE_SECTIONS)
    if active and not age.is_within(limit.value):
        raise Unknown("age of the active fracture", Missing(Section.CONDITIONS, Reason.NOT_MEASURED))
    if age.is_beyond(limit.value) and not shown:
        raise Unknown("activity of the old fracture", NOT_REPORTED)
