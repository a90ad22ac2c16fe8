"""What every card is made from: the results of one call with their order, their knowledge, and how the site wants its cards."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property

from msgspec import Struct

from cds_service.cards import wording
from cds_service.cards.opening_hours import OpeningHours
from cds_service.chart import Level, Order, RequestedService, When, spoken
from cds_service.chart.intake import Intake
from cds_service.disposition import Assessment
from cds_service.findings import Indicator, Result, Results, Role, Topic
from cds_service.findings.date_style import in_words
from cds_service.findings.hold_plan import HoldPlan
from cds_service.hook import Hook
from cds_service.knowledge import Knowledge
from cds_service.knowledge.orderables import Orderable
from cds_service.order import OurOrder
from cds_service.settings import Settings, Weekday


class Call(Struct, frozen=True):
    """The hook call that the cards answer. `patient` and `encounter` are bare ids, `user` a reference; empty if not given."""

    hook: Hook
    instance: str
    patient: str
    encounter: str = ""
    user: str = ""


class Manner(Struct, frozen=True):
    """How a site wants its cards. `base_url` is where rule pages are served, `app_url` where a SMART app is launched; empty for none."""

    base_url: str = ""
    zone: tzinfo = UTC
    opening: OpeningHours = OpeningHours()
    key: bytes = b""
    app_url: str = ""
    app_label: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "Manner":
        """What the settings of a site say."""
        week = tuple(Weekday)
        return cls(
            base_url=settings.base_url if settings.serves_pages else "",
            zone=settings.time_zone,
            opening=OpeningHours(settings.opening_hour, frozenset(map(week.index, settings.working_days))),
            key=settings.card_key.get_secret_value().encode(),
            app_url=settings.app_url,
            app_label=settings.app_label,
        )


@dataclass(frozen=True)
class CardInputs:
    """The results of one call and all that cards add to them; `ours` are the drafts asked about, `requested` what is on order.

    `prepares` says whether the cards prepare the day, `intake` what became of everything that arrived.
    """

    results: Results
    assessment: Assessment
    order: Order
    as_of: datetime
    know: Knowledge
    call: Call
    manner: Manner = field(default_factory=Manner)
    ours: tuple[OurOrder, ...] = ()
    requested: tuple[RequestedService, ...] = ()
    intake: Intake = field(default_factory=Intake)
    notes: tuple[str, ...] = ()
    prepares: bool = False

    @cached_property
    def procedures(self) -> tuple[str, ...]:
        """The procedure as summaries name it, from the fullest to the shortest: with the day where it may take place, by kind alone."""
        kind = wording.PROCEDURES[self.order.procedure]
        whole = (self.procedure,) if self.assessment.disposition.favourable else ()
        return (*whole, self._ordered, _with_levels(kind, self.order.levels), kind)

    @cached_property
    def procedure(self) -> str:
        """The procedure as ordered, with levels and day, as actions name it."""
        return ", ".join(filter(None, (self._ordered, self.day)))

    @cached_property
    def _ordered(self) -> str:
        """The procedure in the words of the order, else by its kind, with the levels."""
        words, kind = self.order.words, wording.PROCEDURES[self.order.procedure]
        return _with_levels(words if words and len(words) <= _LONGEST_WORDS else kind, self.order.levels)

    @cached_property
    def day(self) -> str:
        """The day planned, such as `Tue 24 Nov`, with its time where a drug is only past its interval later that day; empty if none is."""
        planned = self.order.planned
        if planned is None:
            return ""
        return self.say(str(planned if self._is_too_early_that_day(planned) else planned.start.date()))

    def _is_too_early_that_day(self, planned: When) -> bool:
        plans = [item.finding.values for item in self.results.met if item.finding]
        ends = [plan.earliest or plan.earliest_if_last_now for plan in plans if isinstance(plan, HoldPlan)]
        return any(at is not None and at > planned.start and at.date() == planned.start.date() for at in ends)

    @cached_property
    def small_print(self) -> str:
        """As of when and by what knowledge the cards speak."""
        return wording.AS_OF.format(moment=self.moment(self.as_of), version=self.know.version)

    def say(self, text: str) -> str:
        """A text of a finding with its dates in words."""
        return in_words(text, self._now)

    def moment(self, at: datetime) -> str:
        """A moment as people say it at the site: `Thu 26 Nov 08:00`."""
        return self.say(str(When.at(at.astimezone(self.manner.zone))))

    @cached_property
    def _now(self) -> datetime:
        return self.as_of.astimezone(self.manner.zone)

    def met(self, topic: Topic) -> tuple[Result, ...]:
        """The met results of a card's topic, most urgent first."""
        return tuple([item for item in by_urgency(self.results.met) if item.rule.card is topic])

    def awaited(self, orderable: Orderable) -> RequestedService | None:
        """The order by which a service is under way already: open, and drafted or not older than the service may take."""
        for item in self.requested:
            if orderable.value_set not in item.concept.sets or not item.open:
                continue
            if item.drafted or item.when is None or item.when.last >= self.as_of - orderable.awaited:
                return item
        return None


_LONGEST_WORDS = 32  # characters, of a name that leaves a summary room for what decides
_MOST_LEVELS = 4


def _with_levels(name: str, levels: frozenset[Level]) -> str:
    """The name with the levels after it, unless it names them itself; of many only how many there are."""
    if not levels or all(level in name for level in levels):
        return name
    return (
        f"{name} {spoken(levels)}"
        if len(levels) <= _MOST_LEVELS
        else wording.MANY_LEVELS.format(name=name, count=len(levels))
    )


def by_urgency(results: Iterable[Result]) -> tuple[Result, ...]:
    """Critical first. A hazard of interrupting a drug comes before the drug's interval: neither is to be read alone; an infection
    that has a name before its signs."""
    return tuple(sorted(results, key=lambda item: (_RANKS[item.indicator], _PLACES.get(item.rule.role, 0))))


_RANKS: dict[Indicator | None, int] = {None: len(Indicator)} | {indicator: indicator.rank for indicator in Indicator}
_PLACES: dict[Role | None, int] = {Role.INTERRUPTION_HAZARD: -1, Role.INFECTION_SIGNS: 1}
