"""What can be tried out on a chart: its planned time, its numbers, its last doses, and the parts that were sent."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct

from cds_service.chart import Chart, DrugUse, Measurement, Section
from cds_service.knowledge import ValueSet
from cds_service.web import changes
from cds_service.web.context import PageContext
from cds_service.web.question import Question

_MOST = 14
_DATED = ("MedicationStatement", "MedicationAdministration")


class NumberLever(Struct, frozen=True):
    """A number that can be changed, in the unit that its observation has; `was` is what the chart says."""

    reference: str
    label: str
    unit: str
    was: str
    value: str
    when: str


class Dose(Struct, frozen=True):
    """A drug whose last dose can be changed, as a form writes the time; empty if the chart records none."""

    reference: str
    label: str
    was: str
    value: str


class ChartPart(Struct, frozen=True):
    """A part of the chart that was sent, and whether it is left out."""

    section: Section
    left_out: bool


class Levers(Struct, frozen=True):
    """Everything that can be changed. Times are on the clock of the site, as a form writes them."""

    planned_was: str
    planned: str
    numbers: tuple[NumberLever, ...]
    doses: tuple[Dose, ...]
    parts: tuple[ChartPart, ...]


def levers(asked: dict[str, Any], before: Chart, after: Chart, question: Question, context: PageContext) -> Levers:
    """What can be changed in a request; `before` is its chart as it is, `after` as it is with the changes."""
    zone, sets = context.site.manner.zone, context.site.know.index.value_sets
    sent = asked.get("prefetch")
    names = sent.keys() if isinstance(sent, dict) else ()
    return Levers(
        planned_was=_planned(before, zone),
        planned=_planned(after, zone),
        numbers=tuple(_numbers(asked, before, question, sets))[:_MOST],
        doses=tuple(_doses(before.drugs, question, zone)),
        parts=tuple(ChartPart(section, section in question.without) for section in Section if str(section) in names),
    )


def form_time(when: datetime, zone: tzinfo) -> str:
    """A moment as a form writes it."""
    return when.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _planned(chart: Chart, zone: tzinfo) -> str:
    return form_time(chart.order.planned.start, zone) if chart.order.planned else ""


def _numbers(
    asked: dict[str, Any], chart: Chart, question: Question, sets: Mapping[str, ValueSet]
) -> Iterator[NumberLever]:
    """The newest number of each kind that a rule could read."""
    raw = {changes.reference(item): item.get("valueQuantity") for item in changes.resources(asked)}
    seen = set()
    for item in _newest(chart.observations):
        quantity = raw.get(item.source.reference)
        if not item.concept.sets or item.concept.sets in seen or not isinstance(quantity, dict):
            continue
        if not isinstance(quantity.get("value"), int | float):
            continue
        seen.add(item.concept.sets)
        was = f"{quantity['value']:g}"
        changed = question.values.get(item.source.reference)
        yield NumberLever(
            reference=item.source.reference,
            label=sets[min(item.concept.sets)].title,
            unit=_unit(quantity),
            was=was,
            value=was if changed is None else f"{changed:g}",
            when=str(item.when) if item.when else "",
        )


def _newest(items: Iterable[Measurement]) -> list[Measurement]:
    dated = [item for item in items if item.when and item.quantity]
    return sorted(dated, key=lambda item: item.when.start if item.when else datetime.min, reverse=True)


def _doses(uses: Iterable[DrugUse], question: Question, zone: tzinfo) -> Iterator[Dose]:
    """Each drug of ours in a resource that can say when it was last taken."""
    seen = set()
    for use in uses:
        reference = use.source.reference
        if use.source.type not in _DATED or reference in seen or use.drafted:
            continue
        seen.add(reference)
        was = form_time(use.last_dose.start, zone) if use.last_dose else ""
        changed = question.doses.get(reference)
        yield Dose(reference, use.name, was, form_time(changed, zone) if changed else was)


def _unit(quantity: Mapping[str, Any]) -> str:
    """The unit as the observation writes it; nothing for an annotation such as `{score}`."""
    unit = str(quantity.get("unit") or quantity.get("code") or "")
    return "" if unit.startswith("{") or unit == "1" else unit
