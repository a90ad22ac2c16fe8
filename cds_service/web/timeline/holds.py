"""The antithrombotic drugs around the procedure: the last dose of each, its intervals, and from when they have passed."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from cds_service.cards.inputs import CardInputs
from cds_service.chart import Chart
from cds_service.facts.bleeding.exposure import Exposure, Tier, exposures
from cds_service.facts.bleeding.hold_plan import hold_plan
from cds_service.facts.shared.slot import slot
from cds_service.findings import Result, Role, Status
from cds_service.findings.hold_plan import HoldPlan, all_kept_from, least_kept_from
from cds_service.knowledge import Hold, Knowledge, Parameter
from cds_service.web.timeline.marks import Flag, Lane, Mark, MarkShape, Tone, found, tone
from cds_service.web.timeline.scale import Clock


def lanes(material: CardInputs, chart: Chart, clock: Clock) -> Iterator[Lane]:
    """One lane for each antithrombotic; what is unknown of them, or that there is none, in a lane of its own."""
    judged = material.results.in_role(Role.HOLD)
    if not judged:
        return
    drugs, _ = exposures(chart, material.know)
    for item in drugs:
        yield _drug(item, material, chart, clock)
    unknown = tuple(item.unknown for item in judged if item.status in (Status.UNKNOWN, Status.ERROR))
    if unknown:
        yield Lane("Antithrombotics", says=tuple(f"Unknown: {what}" for what in unknown), tone=Tone.OPEN)
    elif not drugs:
        yield Lane("Antithrombotics", says=("none in the drug list",))


def flags(material: CardInputs, chart: Chart, clock: Clock) -> Iterator[Flag]:
    """From when the interval that decides has passed for every drug, and from when the whole of it has; none without a drug."""
    holds = plans(material, chart)
    earliest, whole = least_kept_from(holds), all_kept_from(holds)
    if earliest is not None and whole is not None:
        if earliest < whole:
            means = f"the interval of {_deciding(holds, material.know)} has passed"
            yield Flag("Earliest", earliest, "earliest", clock.time(earliest), means)
        yield Flag(
            "All passed", whole, "passed", clock.time(whole), "the intervals that ask for caution have passed, too"
        )


def _deciding(holds: Iterable[HoldPlan], know: Knowledge) -> str:
    return ", ".join(dict.fromkeys(f"{know.citation(plan.source).label} ({plan.hours_least:g} h)" for plan in holds))


def plans(material: CardInputs, chart: Chart) -> tuple[HoldPlan, ...]:
    """The holds that decide when the procedure fits, if the rule that judges them is in force."""
    return tuple(_waiting(material, chart))


def _waiting(material: CardInputs, chart: Chart) -> Iterator[HoldPlan]:
    """A drug past its hold counts only with the time from which it was kept."""
    if material.results.in_role(Role.HOLD):
        for item in exposures(chart, material.know)[0]:
            plan = hold_plan(item, chart, material.know)
            if item.tier is not Tier.PAST or plan.earliest:
                yield plan


def _drug(item: Exposure, material: CardInputs, chart: Chart, clock: Clock) -> Lane:
    plan = hold_plan(item, chart, material.know)
    mine = [item for item in material.results.met_in(Role.HOLD) if _is_of(item, plan)]
    said: list[str] = []
    marks: list[Mark] = []
    taken: list[Mark] = []
    if plan.still_taken:
        said.append("taken" + (f", last recorded dose {clock.when(plan.last_dose)}" if plan.last_dose else ""))
        marks.append(Mark(MarkShape.TAKEN, None, slot(chart)))
    elif plan.last_dose:
        said.append(f"last dose {clock.when(plan.last_dose)}")
        instant = plan.last_dose.start == plan.last_dose.end
        taken = [Mark(MarkShape.DOSE if instant else MarkShape.SPAN, plan.last_dose.start, plan.last_dose.end)]
    else:
        said.append("ended, last dose not recorded")
    if plan.consult:
        said.append(f"{plan.consult}: specialist advice")
    elif plan.still_taken and plan.planned:
        said += [_before(number, plan.planned, material.know, clock) for number in item.hold.numbers]
        marks += _back_from(plan.planned, item.hold)
    elif plan.last_dose and not plan.still_taken:
        said += [_after(number, plan.last_dose.last, material.know, clock) for number in item.hold.numbers]
        marks += _on_from(plan.last_dose.last, item.hold)
    else:
        said += [f"{material.know.citation(item.source).label}: {item.text}" for item in item.hold.numbers]
    if plan.check:
        said.append(f"check {plan.check}")
    name = plan.drug[:1].upper() + plan.drug[1:]
    return Lane(name, says=tuple(said), tone=tone(found(mine)), marks=(*marks, *taken))


def _is_of(item: Result, plan: HoldPlan) -> bool:
    values = item.finding.values if item.finding else None
    return isinstance(values, HoldPlan) and values.ingredient == plan.ingredient


def _after(number: Parameter, last: datetime, know: Knowledge, clock: Clock) -> str:
    """Such as `SIR 2019 48 h: from 2026-11-25 12:00`."""
    return f"{know.citation(number.source).label} {number.text}: from {clock.time(last + number.span)}"


def _before(number: Parameter, planned: datetime, know: Knowledge, clock: Clock) -> str:
    at = clock.time(planned - number.span)
    return f"{know.citation(number.source).label} {number.text}: last dose by {at}"


def _on_from(last: datetime, hold: Hold) -> Iterator[Mark]:
    """The intervals one after the other, from the last dose on."""
    start = last
    for shape, number in _tiers(hold):
        end = last + number.span
        if end > start:
            yield Mark(shape, start, end, number.text)
            start = end


def _back_from(planned: datetime, hold: Hold) -> Iterator[Mark]:
    """The same before the slot: where no dose should lie."""
    end = planned
    for shape, number in _tiers(hold):
        start = planned - number.span
        if start < end:
            yield Mark(shape, start, end, number.text)
            end = start


def _tiers(hold: Hold) -> Iterable[tuple[MarkShape, Parameter]]:
    if hold.critical:
        yield MarkShape.HOLD, hold.critical
    if hold.warning:
        yield MarkShape.CAUTION, hold.warning
    for number in sorted(hold.longer, key=lambda item: item.value):
        yield MarkShape.LONGER, number
