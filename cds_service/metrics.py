"""Counters and histograms for Prometheus. No label ever holds a name, an identifier, a token or a text of a patient."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The counters and histograms of one application, of all its processes where PROMETHEUS_MULTIPROC_DIR joins them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # The library has read the variable when it was imported; what it chose then holds.
        is_joined = values.ValueClass is not values.MutexValue
        self._told = CollectorRegistry() if is_joined else self.registry
        if is_joined:
            MultiProcessCollector(self._told)  # type: ignore[no-untyped-call]
        self._requests = self._counter("cds_requests", "Requests by route and status.", "route", "status")
        self._seconds = self._histogram("cds_request_seconds", "Time to answer, by route.", "route")
        self._stages = self._histogram("cds_stage_seconds", "Time of each stage of an answer.", "stage")
        self._cards = self._counter("cds_cards", "Cards sent to clients.", "topic", "indicator")
        self._rules = self._counter(
            "cds_card_rules", "Cards sent to clients, by each rule that speaks on them.", "rule"
        )
        self._dispositions = self._counter(
            "cds_dispositions", "Answers to clients with cards, by disposition.", "disposition"
        )
        self._shadow_cards = self._counter(
            "cds_shadow_cards", "Cards made in shadow mode, shown to nobody.", "topic", "indicator"
        )
        self._shadow_rules = self._counter(
            "cds_shadow_card_rules", "Cards made in shadow mode, by each rule that speaks on them.", "rule"
        )
        self._shadow_dispositions = self._counter(
            "cds_shadow_dispositions", "Answers in shadow mode, by disposition.", "disposition"
        )
        self._fetches = self._counter("cds_fetches", "Searches of FHIR servers, by outcome.", "outcome")
        self._gaps = self._counter(
            "cds_gaps", "Answers for which a section of the chart was missing, by reason.", "section", "reason"
        )
        self._intake = self._counter(
            "cds_intake", "Resources that were sent or fetched, by what became of them.", "section", "end"
        )
        self._not_understood = self._counter(
            "cds_not_understood",
            "Entries that were not understood, by cause and code system.",
            "section",
            "cause",
            "system",
        )
        self._failures = self._counter("cds_rule_failures", "Rules that raised and were left out of an answer.", "rule")
        self._unrecognised = self._counter(
            "cds_orders_unrecognised", "Calls with orders not recognised as ours, by code system.", "system"
        )
        self._feedback = self._counter("cds_feedback", "Feedback entries kept.", "outcome")
        self._lost = Counter("cds_shown_lost", "Records of shown cards that were dropped.", registry=self.registry)

    # The library takes longer to find a child by its labels than to count on it, so each is found once.

    def _counter(self, name: str, says: str, *labels: str) -> Callable[..., Counter]:
        return cache(Counter(name, says, labels, registry=self.registry).labels)

    def _histogram(self, name: str, says: str, *labels: str) -> Callable[..., Histogram]:
        return cache(Histogram(name, says, labels, registry=self.registry, buckets=_SECONDS).labels)

    def request(self, route: str, status: int, seconds: float) -> None:
        """One request answered; `route` is the pattern, never the path that was sent."""
        self._requests(route, str(status)).inc()
        self._seconds(route).observe(seconds)

    def stages(self, seconds: Mapping[str, float]) -> None:
        """The stages of one answer."""
        for stage, taken in seconds.items():
            self._stages(stage).observe(taken)

    def card(self, topic: str, indicator: str, rules: Iterable[str], *, shadow: bool = False) -> None:
        """One card shown, or made in shadow mode."""
        (self._shadow_cards if shadow else self._cards)(topic, indicator).inc()
        for rule in rules:
            (self._shadow_rules if shadow else self._rules)(rule).inc()

    def disposition(self, disposition: str, *, shadow: bool = False) -> None:
        """One answer with cards."""
        (self._shadow_dispositions if shadow else self._dispositions)(disposition).inc()

    def fetched(self, outcomes: Iterable[str]) -> None:
        """The searches of one answer."""
        for outcome in outcomes:
            self._fetches(outcome).inc()

    def gaps(self, missing: Iterable[tuple[str, str]]) -> None:
        """What one answer did without, each section and reason once."""
        for section, reason in missing:
            self._gaps(section, reason).inc()

    def intake(self, ends: Iterable[tuple[str, str, int]]) -> None:
        """How many resources of each section ended in each way in one answer."""
        for section, end, number in ends:
            self._intake(section, end).inc(number)

    def not_understood(self, entries: Iterable[tuple[str, str, str]]) -> None:
        """What was not understood, by section and cause, and the key of a code system that we know (`other` for any, empty for none)."""
        for section, cause, system in entries:
            self._not_understood(section, cause, system or "none").inc()

    def unrecognised(self, systems: Iterable[str]) -> None:
        """The code systems of the orders of one call that are none of ours: keys of systems that we know, `other` or `none`."""
        for system in systems:
            self._unrecognised(system).inc()

    def failures(self, rules: Iterable[str]) -> None:
        """The rules that raised in one answer."""
        for rule in rules:
            self._failures(rule).inc()

    def feedback(self, outcome: str) -> None:
        """One entry of feedback kept."""
        self._feedback(outcome).inc()

    def lost(self, number: int) -> None:
        """Records of shown cards that could not be kept."""
        self._lost.inc(number)

    def exposition(self) -> bytes:
        """All of them as Prometheus reads them."""
        return generate_latest(self._told)
