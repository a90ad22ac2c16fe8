"""Where the time goes: CPU by stage for each size, and by rule for a chart of 70 resources."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cds_service.app import settle
from cds_service.engine import evaluate
from cds_service.fhir import read
from cds_service.fhir.concepts import Context
from cds_service.hook import Hook
from cds_service.hooks import read_request
from cds_service.knowledge import load
from cds_service.orders import Orders
from cds_service.rules import catalogue
from cds_service.service import Site, respond
from tests.bench import bodies

_ROUNDS = 30


def table(sizes: Sequence[int]) -> str:
    """Two tables as text."""
    return "\n".join((*_stages(sizes), "", *_rules(bodies.body(70))))


_NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
"""The time that the bodies are judged at; it is in them, too."""


def _stages(sizes: Sequence[int]) -> list[str]:
    site = Site(load(), catalogue())
    settle()
    lines = []
    for size in sizes:
        body = bodies.body(size)
        seconds: dict[str, list[float]] = {}
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            asked = read_request(body, tuple(Hook))
            seconds.setdefault("request", []).append(time.perf_counter() - began)
            for stage, taken in respond(asked, _NOW, site).timings.items():
                seconds.setdefault(stage, []).append(taken)
        shown = ", ".join(f"{stage} {statistics.median(taken) * 1000:.2f}" for stage, taken in seconds.items())
        lines.append(f"{size} resources, ms: {shown}")
    return lines


def _rules(body: bytes) -> list[str]:
    know, rules = load(), catalogue()
    asked = read_request(body, tuple(Hook))
    context = Context(know, UTC)
    orders = Orders.of(asked.drafts, context, as_of=_NOW)
    chart = read.chart(read.Received(asked.prefetch, asked.drafts, asked.patient), orders.order, _NOW, context)
    taken = {}
    for rule in rules:
        times = []
        for _ in range(_ROUNDS):
            fresh = replace(chart, memo={})
            began = time.perf_counter()
            evaluate(fresh, (rule,), know)
            times.append(time.perf_counter() - began)
        taken[rule.id] = statistics.median(times) * 1e6
    return [f"{rule:32} {micros:8.1f} µs" for rule, micros in sorted(taken.items(), key=lambda item: -item[1])]
