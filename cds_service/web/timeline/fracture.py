"""The fracture over weeks: when it began, how old it is at each time, the pain since then, and the images."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from cds_service.cards.inputs import CardInputs
from cds_service.chart import Age, Chart, Modality, Unknown, ValueSets, When
from cds_service.facts.fracture.age import fracture_age
from cds_service.facts.fracture.fractures import IMAGING, named
from cds_service.facts.fracture.imaging import WINDOW, examinations
from cds_service.facts.fracture.target import target_fractures
from cds_service.facts.pain import scores
from cds_service.facts.shared import labs
from cds_service.facts.shared.setting import possible_settings
from cds_service.findings import Role
from cds_service.knowledge import Parameter
from cds_service.web.timeline.marks import Found, Lane, Mark, MarkShape, Tone, dated, found, found_on, lacking, tone
from cds_service.web.timeline.scale import Clock

_DAY = timedelta(days=1)
_MOST = 2
_LIMITS = ("shared/fracture.subacute_from", "shared/fracture.recent_until")
_STAGES = (MarkShape.ACUTE, MarkShape.SUBACUTE, MarkShape.CHRONIC)


def lanes(material: CardInputs, chart: Chart, clock: Clock) -> Iterator[Lane]:
    """The lanes of the fracture, of pain and of each kind of image; those alone that a rule in force has judged."""
    judged = material.results.in_role
    if judged(Role.AGE):
        yield _age(material, chart, clock)
    if judged(Role.PAIN):
        yield _pain(material, chart, clock)
    if judged(Role.ACTIVITY):
        yield from _images(material, chart, clock)


def _age(material: CardInputs, chart: Chart, clock: Clock) -> Lane:
    """The bands by the age that the rules judge, which is an interval where the onset is."""
    ages, gaps = fracture_age(chart)
    levels = named(target_fractures(chart)) if target_fractures(chart) else ""
    if not ages:
        return Lane("Fracture", levels, says=(f"Unknown: {gaps[0].what}",), tone=Tone.OPEN)
    age = ages[0]
    first, last = began(age, chart, clock)
    numbers = tuple(map(material.know.parameter, _LIMITS))
    limits = _limits(*numbers)
    bands = tuple(_bands(first, last, limits))
    marks = bands if first == last else (*bands, Mark(MarkShape.SPAN, first, last + _DAY, "began"))
    says = tuple(_described(age, first, last, limits, clock))
    decided = [item for item in material.results.met if item.finding and not set(numbers).isdisjoint(item.finding.uses)]
    settled = material.results.met_in(Role.SETTLED)
    return Lane("Fracture", levels, says=says, tone=tone(found((*decided, *settled))), marks=marks)


def began(age: Age, chart: Chart, clock: Clock) -> tuple[datetime | None, datetime]:
    """The first and last day on which the fracture can have begun; no first one if the age has no upper bound."""
    today = datetime.combine(chart.as_of.astimezone(clock.zone).date(), time(), clock.zone)
    first = None if age.most is None else today - age.most * _DAY
    return first, today - age.least * _DAY


def _limits(subacute_from: Parameter, recent_until: Parameter) -> tuple[timedelta, timedelta]:
    """The ages at which a fracture becomes subacute and chronic."""
    return subacute_from.span, recent_until.span + _DAY


def _bands(first: datetime | None, last: datetime, limits: tuple[timedelta, ...]) -> Iterator[Mark]:
    """What the fracture is from each time to the next, once it has begun: one stage for sure, or one of several."""
    reached = {last, *(day + limit for day in (first, last) if day for limit in limits)}
    changes = sorted(at for at in reached if at >= last)
    for start, end in zip(changes, (*changes[1:], None), strict=True):
        stages = _stages(start, first, last, limits)
        shape = stages[0] if len(stages) == 1 else MarkShape.UNSURE
        yield Mark(shape, start, end, stages[0] if len(stages) == 1 else "")


def _stages(
    at: datetime, first: datetime | None, last: datetime, limits: tuple[timedelta, ...]
) -> tuple[MarkShape, ...]:
    """What the fracture may be at a moment."""
    least = sum(at >= last + limit for limit in limits)
    most = len(limits) if first is None else sum(at >= first + limit for limit in limits)
    return _STAGES[least : most + 1]


def _described(
    age: Age, first: datetime | None, last: datetime, limits: tuple[timedelta, ...], clock: Clock
) -> Iterator[str]:
    """When it began and what it is now; until when it is that, counted from the first day on which it can have begun."""
    said, today = clock.day(last), last + age.least * _DAY
    stage = " or ".join(_stages(today, first, last, limits))
    if first is None:
        said = f"{said} or before"
    elif first != last:
        said = f"{clock.day(first)} to {said}"
    yield f"began {said}, {age} ago: {stage}"
    if first is not None:
        ends = zip(_STAGES, (first + limit for limit in limits), strict=False)
        ahead = [f"{stage} until {clock.day(end - _DAY)}" for stage, end in ends if end > today]
        if ahead:
            yield ", ".join(ahead)


def _pain(material: CardInputs, chart: Chart, clock: Clock) -> Lane:
    everything, gaps = labs.history(chart, ValueSets.PAIN_SCORE, "pain score")
    if not everything:
        return Lane("Pain, 0 to 10", says=(lacking(gaps[0]),), tone=Tone.OPEN)
    newest = everything[0]
    window = min(
        (scores.window(place, material.know) for place in possible_settings(chart)), key=lambda item: item.span
    )
    until = newest.taken.last + window.span
    marks = [dated(item.taken, f"{item.quantity.value:g}") for item in reversed(everything)]
    return Lane(
        "Pain, 0 to 10",
        str(newest.quantity),
        clock.when(newest.taken),
        (f"counts until {clock.time(until)} ({window.text})",),
        tone(found_on(material.results, (newest.measurement.source.reference,))),
        (Mark(MarkShape.WINDOW, newest.taken.last, until), *marks),
    )


def _images(material: CardInputs, chart: Chart, clock: Clock) -> Iterator[Lane]:
    """One lane for each kind of image. An image dated after today is not known yet."""
    tomorrow = datetime.combine(chart.as_of.astimezone(clock.zone).date(), time(), clock.zone) + _DAY
    seen: dict[Modality, list[tuple[When, str]]] = {}
    for item in examinations(chart):
        if item.when and item.when.start < tomorrow:
            seen.setdefault(item.modality, []).append((item.when, item.source.reference))
    for modality in Modality:
        if modality in seen:
            yield _image(modality, seen[modality], material, clock)
    if not seen:
        gaps = chart.gaps(*IMAGING)
        says = lacking(Unknown("imaging", *gaps)) if gaps else "no dated image of the spine on record"
        yield Lane("Imaging", says=(says,), tone=Tone.OPEN)


def _most_urgent(pairs: Found) -> Iterator[str]:
    """What the most urgent findings say, and how many others there are: the page lists all of them below."""
    yield from (finding.says for _, finding in pairs[:_MOST])
    if len(pairs) > _MOST:
        yield f"and {len(pairs) - _MOST} more"


def _image(modality: Modality, made: Iterable[tuple[When, str]], material: CardInputs, clock: Clock) -> Lane:
    whens = sorted({when for when, _ in made}, key=lambda when: when.last)
    newest = whens[-1]
    shows = found_on(material.results, {source for _, source in made})
    window = material.know.parameter(WINDOW)
    until = newest.last + window.span
    counts = f"counts until {clock.day(until)} ({window.text})"
    marks = [dated(when) for when in whens]
    if modality.can_date_a_fracture:
        marks.insert(0, Mark(MarkShape.WINDOW, newest.last, until))
    name = f"{modality[0].upper()}{modality[1:]}"
    says = tuple(_most_urgent(shows))
    return Lane(
        name,
        when=clock.when(newest),
        says=(*says, counts) if modality.can_date_a_fracture else says,
        tone=tone(shows),
        marks=tuple(marks),
    )
