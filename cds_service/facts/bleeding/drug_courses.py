"""One course a drug, merged from all that the chart says about it: whether it is still taken, and when it was last given."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from cds_service.chart import Basis, Chart, Dosage, DrugUse, UseStatus, When
from cds_service.facts.shared.slot import slot
from cds_service.knowledge import DoseClass, Knowledge
from cds_service.knowledge.holds import ANY_ROUTE

_GIVEN = "MedicationAdministration"
_STATED = ("MedicationStatement", "MedicationUsage")
_ORDERED = ("MedicationRequest", "MedicationOrder")
_SUPPLIED = "MedicationDispense"
_RANKS = {_GIVEN: 0} | dict.fromkeys(_STATED, 1) | dict.fromkeys(_ORDERED, 2)
_FORGOTTEN = "shared/antithrombotics.forgotten"


class DrugCourse(Struct, frozen=True):
    """One drug. `uses` are the entries that tell about it, the most telling first.

    `still_taken`: it is active, and nothing recorded ends it before the slot. `last_dose` is the newest recorded dose, None if it
    is not recorded. `off_by` is when a statement was made, by which an ended drug was off; None if there is none.
    `further_dose_due`: by its schedule an active drug is given again before the slot.
    """

    ingredient: str
    name: str
    drug_class: str
    uses: tuple[DrugUse, ...]
    still_taken: bool
    last_dose: When | None
    off_by: datetime | None
    further_dose_due: bool
    dose: DoseClass
    route: str

    @property
    def use(self) -> DrugUse:
        """The entry that tells most."""
        return self.uses[0]

    @property
    def basis(self) -> Basis:
        """By code if any entry is; else by name."""
        return Basis.CODE if any(use.basis is Basis.CODE for use in self.uses) else self.use.basis


def is_statement(use: DrugUse) -> bool:
    """Whether somebody stated that the drug is taken or not, in contrast to an order, a supply or a dose given."""
    return use.source.type in _STATED


def drug_courses(chart: Chart, know: Knowledge, classes: frozenset[str]) -> tuple[DrugCourse, ...]:
    """Every drug of the classes that was taken, may be taken, or is about to be, by ingredient. The drug list may have gaps."""
    return tuple(_all(chart, know, classes))


def _all(chart: Chart, know: Knowledge, classes: frozenset[str]) -> Iterator[DrugCourse]:
    by_ingredient: dict[str, list[DrugUse]] = {}
    for use in chart.drugs:
        if use.drug_class in classes and not _says_nothing(use, chart, know):
            by_ingredient.setdefault(use.ingredient, []).append(use)
    for ingredient, uses in sorted(by_ingredient.items()):
        telling = _not_overruled(uses)
        if telling:
            yield _merged(ingredient, telling, chart, know)


def _says_nothing(use: DrugUse, chart: Chart, know: Knowledge) -> bool:
    """Not given and not to be given; to begin only after the slot; or a supply that must long be used up."""
    starts_later = use.start is not None and use.start.start >= slot(chart) and not use.status.ends_exposure
    spent = use.source.type == _SUPPLIED or (use.status is UseStatus.COMPLETED and use.last_dose is None)
    known_at = use.stated or use.start
    long_ago = known_at is not None and chart.as_of - known_at.last > know.parameter(_FORGOTTEN).span
    refused = use.status is UseStatus.NOT_TAKEN and use.source.type in (_GIVEN, _SUPPLIED)
    return refused or starts_later or (spent and long_ago and use.end is None)


def _not_overruled(uses: list[DrugUse]) -> tuple[DrugUse, ...]:
    """Without the entries that a more telling kind of resource, not older, says are over; the most telling first."""
    left = [use for use in uses if not any(_overrules(other, use) for other in uses)]
    taken = [use for use in left if use.status is not UseStatus.NOT_TAKEN]
    return tuple(
        sorted(taken, key=lambda use: (_rank(use), use.status.ends_exposure, _latest(use), use.source.reference))
    )


def _rank(use: DrugUse) -> int:
    """What was given tells more than what was stated, that more than what was ordered, that more than what was supplied."""
    return _RANKS.get(use.source.type, len(_RANKS))


def _latest(use: DrugUse) -> float:
    when = use.last_dose or use.end or use.stated
    return -when.last.timestamp() if when else float("inf")


def _overrules(other: DrugUse, use: DrugUse) -> bool:
    """Whether an entry that the drug is over goes before a lesser one.

    A statement does if it is no older; an order that was held or stopped ends what was supplied on it.
    """
    if not other.status.ends_exposure or _rank(other) >= _rank(use) or other.source.type == _GIVEN:
        return False
    if other.source.type in _ORDERED:
        return other.status in (UseStatus.STOPPED, UseStatus.ON_HOLD)
    said = other.end or other.stated
    return use.stated is None or (said is not None and said.last >= use.stated.start)


def _merged(ingredient: str, uses: tuple[DrugUse, ...], chart: Chart, know: Knowledge) -> DrugCourse:
    until = max(slot(chart), chart.as_of)
    running = tuple(use for use in uses if _runs(use, until))
    recorded = [dose for use in uses for dose in (use.last_dose, use.end) if dose and dose.last <= until]
    newest = max(recorded, key=lambda dose: dose.last, default=None)
    telling = running or uses
    routes = {use.dosage.route for use in telling if use.dosage.route}
    return DrugCourse(
        ingredient=ingredient,
        name=know.drugs.ingredients[ingredient].name,
        drug_class=uses[0].drug_class,
        uses=_with_last_dose(telling, uses, newest),
        still_taken=bool(running),
        last_dose=newest if running or not any(_open_ended(use, newest) for use in uses) else None,
        off_by=max((use.stated.last for use in uses if use.stated and is_statement(use)), default=None),
        further_dose_due=any(_due_again(use.dosage, newest, chart) for use in running),
        dose=_dose_class(ingredient, [use.dosage for use in telling], know),
        route=routes.pop() if len(routes) == 1 else ANY_ROUTE,
    )


def _open_ended(use: DrugUse, newest: When | None) -> bool:
    """Whether an ended course leaves its last dose open: none recorded, or none since it was ordered."""
    if use.last_dose or use.end:
        return False
    ordered = use.stated if use.source.type in _ORDERED else None
    return newest is None or (ordered is not None and newest.last < ordered.start)


def _runs(use: DrugUse, until: datetime) -> bool:
    """Whether exposure goes on: not over by its status, and not recorded to end by then. A single dose given is no course."""
    return not use.status.ends_exposure and not (use.end is not None and use.end.last <= until)


def _with_last_dose(telling: tuple[DrugUse, ...], uses: Iterable[DrugUse], last: When | None) -> tuple[DrugUse, ...]:
    """The entries that tell, led by the one that records the last dose."""
    source = next((use for use in uses if last is not None and last in (use.last_dose, use.end)), None)
    return telling if source is None else (source, *(use for use in telling if use is not source))


def _due_again(dosage: Dosage, last: When | None, chart: Chart) -> bool:
    if last is None or not dosage.interval_hours or dosage.as_needed:
        return False
    interval = timedelta(hours=dosage.interval_hours)
    missed = max(0, (chart.as_of - last.last) // interval)  # what was due before now and is not recorded was not given
    return last.last + interval * (missed + 1) < slot(chart)


def _dose_class(ingredient: str, dosages: Iterable[Dosage], know: Knowledge) -> DoseClass:
    """Prophylactic only if a dose is stated and none is above what counts as prophylactic; anything unclear is therapeutic."""
    limits = [item for item in know.holds.prophylactic if item.ingredient == ingredient]
    stated = [item for item in dosages if item.amount is not None and item.interval_hours]
    small = [
        any(
            dose.unit == limit.amount.unit
            and (dose.amount or 0) <= limit.amount.value
            and (dose.interval_hours or 0) >= limit.every_hours
            for limit in limits
        )
        for dose in stated
    ]
    return DoseClass.PROPHYLACTIC if small and all(small) else DoseClass.THERAPEUTIC
