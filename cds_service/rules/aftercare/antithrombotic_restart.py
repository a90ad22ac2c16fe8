"""Antithrombotics that were held for the procedure, and when sources let them start again."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown, UseStatus
from cds_service.facts.aftercare.performed import augmentations
from cds_service.facts.bleeding.exposure import EXPOSURE_SECTIONS, Exposure, exposures
from cds_service.facts.bleeding.hold_plan import hold_plan
from cds_service.facts.shared.fitting import begun, for_a_line
from cds_service.facts.shared.phrasing import shortened
from cds_service.findings import Evidence, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Antithrombotic held: when to start again",
    kind=Kind.INFORMATION,
    card=Topic.ANTITHROMBOTICS,
    needs=(Section.PROCEDURES, *EXPOSURE_SECTIONS),
    judges="restart of antithrombotics",
    settle="Ask which antithrombotics were held for the procedure",
)
def antithrombotic_restart(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral augmentation was done in this encounter and an antithrombotic is on hold, or ended shortly before.

    ## Why it matters
    If a drug is not started again, a stroke or a blocked stent may follow. Sources differ on how soon after a procedure of high
    bleeding risk.

    ## When it stays silent
    When no augmentation was done in this encounter, or no antithrombotic was held.
    """
    done, gaps = augmentations(chart, know)
    if done:
        drugs, drug_gaps = exposures(chart, know)
        for item in drugs:
            if _held(item, chart, know):
                yield _finding(item, chart, know)
        yield from drug_gaps
    yield from gaps


def _held(item: Exposure, chart: Chart, know: Knowledge) -> bool:
    """On hold, or ended so shortly before that it was for the procedure."""
    if any(use.status is UseStatus.ON_HOLD for use in item.drug.uses):
        return True
    last = item.drug.last_dose
    span = know.parameter("antithrombotic_restart.ended_within").span
    return not item.drug.still_taken and last is not None and chart.as_of - last.last <= span


def _finding(item: Exposure, chart: Chart, know: Knowledge) -> Finding:
    plan = hold_plan(item, chart, know)
    told = ", ".join(f"{asked.text} ({know.citation(asked.source).label})" for asked in plan.restart)
    name, use = begun(plan.drug), item.drug.use
    times = f"restart after the procedure: {told}" if told else "no source names when it restarts"
    return Finding(
        says=for_a_line(
            chart.as_of, f"{name} was held; {times}", f"{name} was held; sources differ on when it restarts"
        ),
        short=shortened(plan.drug, ", held"),
        evidence=(Evidence(use.source, "status", use.end or use.last_dose, use.name),),
        cites=tuple(dict.fromkeys(asked.source for asked in plan.restart)),
        basis=item.drug.basis,
        values=plan,
        headline=f"{name} was held: agree when it restarts",
        explains=f"{begun(times)}. It restarts only without bleeding or a new deficit, and by agreement.",
        steps=(f"Agree with the prescriber when {plan.drug} restarts, if there is no bleeding or new deficit",),
    )
