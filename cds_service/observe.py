"""Logs, one JSON line an event, and metrics. Neither ever holds a name, an identifier, a token or a text of a patient."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TextIO

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


def log_to(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """From now on, writes events as JSON lines to `stream`, by default standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _fault,
            structlog.processors.JSONRenderer(_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger().addHandler(_BRIDGE)


def log_by_default() -> None:
    """The same to standard error unless somebody has said where to: no server may tell our events in a manner of its own."""
    if not structlog.is_configured():
        log_to()


class _Bridge(logging.Handler):
    """Brings what is told through Python's own logging into the same lines.

    Of other packages only the name is told: their texts may hold an address, and with it whom was asked about.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == __package__:
            told = {name: value for name in ("rule", "error") if (value := getattr(record, name, None)) is not None}
            structlog.get_logger().log(record.levelno, record.getMessage(), **told)
        else:
            structlog.get_logger().log(record.levelno, "told by a library", library=record.name)


_BRIDGE = _Bridge(logging.WARNING)


def _json(event: object, **_options: object) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which a token may hold; no line is lost for it
        return json.dumps(event, default=repr)


def _fault(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception as its type and where it was raised: its text may quote a patient."""
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        trace = error.__traceback__
        places = []
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rpartition('cds_service/')[2]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        event["at"] = places[-6:]
    return event


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
        self._cards = self._counter("cds_cards", "Cards shown.", "topic", "indicator")
        self._rules = self._counter("cds_card_rules", "Findings shown on a card, by rule.", "rule")
        self._dispositions = self._counter("cds_dispositions", "Answers with cards, by disposition.", "disposition")
        self._shadow_cards = self._counter(
            "cds_shadow_cards", "Cards made in shadow mode, shown to nobody.", "topic", "indicator"
        )
        self._shadow_rules = self._counter(
            "cds_shadow_card_rules", "Findings on a card made in shadow mode, by rule.", "rule"
        )
        self._shadow_dispositions = self._counter(
            "cds_shadow_dispositions", "Answers in shadow mode, by disposition.", "disposition"
        )
        self._fetches = self._counter("cds_fetches", "Searches of FHIR servers, by outcome.", "outcome")
        self._gaps = self._counter(
            "cds_gaps", "Answers for which a section of the chart was missing, by reason.", "section", "reason"
        )
        self._failures = self._counter("cds_rule_failures", "Rules that raised and were left out of an answer.", "rule")
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
