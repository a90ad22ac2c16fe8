"""A reading that is computed once for a chart, whichever rule asks for it first."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple

from cds_service.chart import Chart, Unknown

More = TypeVarTuple("More")
Value = TypeVar("Value")
_NEVER = object()


def once(reading: Callable[[Chart, *More], Value]) -> Callable[[Chart, *More], Value]:
    """Keep what a reading of a chart gives for these arguments; an `Unknown` is kept as well, and raised again."""

    @wraps(reading)
    def kept(chart: Chart, *more: *More) -> Value:
        key = (reading, more)
        value = chart.memo.get(key, _NEVER)
        if value is _NEVER:
            try:
                value = reading(chart, *more)
            except Unknown as gap:
                value = gap.untraced()
            chart.memo[key] = value
        if isinstance(value, Unknown):
            raise Unknown(value.what, *value.missing)
        return value  # type: ignore[return-value]

    return kept
