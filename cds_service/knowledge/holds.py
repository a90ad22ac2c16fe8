"""Holds: how long before the procedure each antithrombotic was last given, by renal function, dose and route."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from msgspec import Struct

from cds_service.knowledge.files import Table, Text
from cds_service.knowledge.parameters import Confidence, Parameter, RuleKnowledge

ANY_ROUTE = ""
_DAY, _MATTER_OF_DAYS = 24, 120  # hours; from the latter on, a hold is told in days
ANTICOAGULANTS = frozenset(
    (
        "vitamin-k-antagonist",
        "direct-oral-anticoagulant",
        "unfractionated-heparin",
        "low-molecular-weight-heparin",
        "fondaparinux",
        "direct-thrombin-inhibitor",
    )
)
ANTIPLATELETS = frozenset(("aspirin", "p2y12-inhibitor", "glycoprotein-inhibitor", "other-antiplatelet"))
ANTITHROMBOTICS = ANTICOAGULANTS | ANTIPLATELETS | {"thrombolytic", "other-antithrombotic"}
"""Drug classes (of `drugs.toml`); each ingredient of an antithrombotic class has a hold."""


class DoseClass(StrEnum):
    """What a heparin is given for; a dose that the chart does not state counts as therapeutic."""

    PROPHYLACTIC = "prophylactic"
    THERAPEUTIC = "therapeutic"


class Remark(Table, frozen=True):
    """What one source says in words, such as when a drug may be given again."""

    text: Text
    source: Text
    locator: Text
    confidence: Confidence


class Hold(Struct, frozen=True):
    """The interval of one or more drugs under one condition.

    Inside `critical` the procedure waits (None: never for this drug), inside `warning` it is a caution (None: no such tier).
    `longer` are intervals that other guidelines ask beyond these. `consult` is set where no interval is tabulated: the numbers then
    only say how far back an exposure is looked for. `doses` is the source's own wording.
    """

    id: str
    ingredients: tuple[str, ...]
    critical: Parameter | None
    warning: Parameter | None
    clearance_from: float = 0.0
    clearance_below: float = float("inf")
    dose: DoseClass | None = None
    route: str = ANY_ROUTE
    longer: tuple[Parameter, ...] = ()
    doses: str = ""
    consult: str = ""
    check: str = ""
    inr_decides: bool = False
    differs: tuple[Remark, ...] = ()
    restart: tuple[Remark, ...] = ()

    @property
    def least(self) -> Parameter:
        """The interval that must be kept: the first tier there is."""
        return self.critical or self.full

    @property
    def full(self) -> Parameter:
        """The interval after which nothing of this hold is left: the last tier there is."""
        tier = self.warning or self.critical
        if tier is None:
            raise ValueError(f"hold {self.id} has no interval")
        return tier

    @property
    def numbers(self) -> tuple[Parameter, ...]:
        """Its intervals, from the critical one to the longest."""
        return tuple(number for number in (self.critical, self.warning, *self.longer) if number)

    def text(self, *numbers: Parameter) -> str:
        """One of its intervals, or the range of several, as people say it: `48 h`, `3 to 5 days`."""
        hours = [number.value for number in (min(numbers, key=_value), max(numbers, key=_value))]
        in_days = max(map(_value, self.numbers)) >= _MATTER_OF_DAYS
        by_the_day = in_days and hours[0] > _DAY and all(value % _DAY == 0 for value in hours)
        shown = dict.fromkeys(f"{value / _DAY:g}" if by_the_day else f"{value:g}" for value in hours)
        return f"{' to '.join(shown)} {'days' if by_the_day else 'h'}"

    @property
    def grows(self) -> bool:
        """Whether each interval is longer than the one before."""
        values = [number.value for number in self.numbers]
        return values == sorted(set(values))

    @property
    def by_clearance(self) -> bool:
        """Whether the interval holds only for a part of all renal functions."""
        return self.clearance_from > 0 or self.clearance_below != float("inf")

    def holds_at(self, clearance: float) -> bool:
        """Whether this interval is the one for a creatinine clearance in mL/min."""
        return self.clearance_from <= clearance < self.clearance_below


def _value(number: Parameter) -> float:
    return number.value


class ProphylacticDose(Struct, frozen=True):
    """The largest dose of a drug, given every so many hours, that is prophylactic."""

    ingredient: str
    amount: Parameter
    every_hours: float


class HoldTable:
    """Every hold, by ingredient; built once at start."""

    def __init__(self, holds: Iterable[Hold], prophylactic: Iterable[ProphylacticDose], reviewed: date) -> None:
        self.all = tuple(holds)
        self.prophylactic = tuple(prophylactic)
        self.reviewed = reviewed
        self._by_ingredient: dict[str, tuple[Hold, ...]] = {}
        for hold in self.all:
            for ingredient in hold.ingredients:
                self._by_ingredient[ingredient] = (*self._by_ingredient.get(ingredient, ()), hold)

    def covers(self, ingredient: str) -> bool:
        """Whether an ingredient (a slug of the drug table) has a hold at all."""
        return ingredient in self._by_ingredient

    def candidates(self, ingredient: str, dose: DoseClass, route: str) -> tuple[Hold, ...]:
        """The holds of a drug given in this class of dose by this route, one for each range of clearance.

        A hold for the route itself goes before one for any route. KeyError for an ingredient without a hold.
        """
        fitting = [hold for hold in self._by_ingredient[ingredient] if hold.dose in (None, dose)]
        own = [hold for hold in fitting if hold.route == route != ANY_ROUTE]
        return tuple(own or (hold for hold in fitting if hold.route == ANY_ROUTE))

    def of(self, ingredient: str, clearance: float | None, dose: DoseClass, route: str) -> Hold:
        """The one hold for this drug. `clearance` in mL/min; None if it is unknown: then the longest tabulated interval."""
        found = self.candidates(ingredient, dose, route)
        if clearance is not None:
            return next(hold for hold in found if hold.holds_at(clearance))
        tabulated = [hold for hold in found if not hold.consult]
        return max(tabulated or found, key=lambda hold: (hold.least.value, hold.full.value))

    @property
    def numbers(self) -> RuleKnowledge:
        """Every number of every hold, named `<hold>.<tier>`, for pages and for sites that replace one."""
        numbers = [
            *(number for hold in self.all for number in hold.numbers),
            *(item.amount for item in self.prophylactic),
        ]
        named = {number.key.partition(".")[2]: number for number in numbers}
        return RuleKnowledge(parameters=named, citations={}, reviewed=self.reviewed)
