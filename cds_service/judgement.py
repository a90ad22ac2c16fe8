"""Judges one patient: from what arrived and the order to the chart, every rule's results and the disposition.

The core that a hook call, screening, the cases of rules and the pages share.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct

from cds_service.chart import Chart, Order
from cds_service.disposition import Assessment, assess
from cds_service.engine import evaluate
from cds_service.fhir import read
from cds_service.fhir.concepts import Context
from cds_service.fhir.read import Received
from cds_service.findings import Results, Rule


class Judgement(Struct, frozen=True):
    """The chart of one patient at one time, what each rule came to, and the disposition of it all."""

    chart: Chart
    results: Results
    assessment: Assessment


def judge(
    received: Received,
    order: Order,
    as_of: datetime,
    rules: Iterable[Rule],
    context: Context,
    finished: Callable[[str], None] = lambda _: None,
) -> Judgement:
    """What the rules come to for what was received, as of a time. Never raises for anything that a client sent.

    `finished` is told the name of each stage when it ends: `read`, then `judge`.
    """
    chart = read.chart(received, order, as_of, context)
    finished("read")
    results = Results(evaluate(chart, rules, context.know))
    assessment = assess(results)
    finished("judge")
    return Judgement(chart, results, assessment)
