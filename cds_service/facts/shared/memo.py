"""A fact that is computed once for a chart, whichever rule asks for it first."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

from cds_service.chart import Chart

More = TypeVarTuple("More")
Value = TypeVar("Value")
_NEVER = object()


def computed_once(fact: Callable[[Chart, *More], Value]) -> Callable[[Chart, *More], Value]:
    """Keep what a fact about a chart comes to for these arguments, be it a reading with its gaps."""

    @wraps(fact)
    def kept(chart: Chart, *more: *More) -> Value:
        key = (fact, more)
        value = chart.memo.get(key, _NEVER)
        if value is _NEVER:
            value = chart.memo[key] = fact(chart, *more)
        return value  # type: ignore[return-value]

    return kept
