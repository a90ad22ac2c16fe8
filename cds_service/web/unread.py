"""What of the chart was not read: how many resources and which, in sentences for the top of an answer."""

from collections.abc import Iterator, Sequence
from typing import Any

from cds_service.chart import Chart
from cds_service.fhir.decoding.resources import TYPES
from cds_service.fhir.decoding.type_names import NAMES
from cds_service.web import changes, labels

_MOST = 4
_NO_DATA = "OperationOutcome"
"""What stands in the place of a part that could not be given; the rules say so."""


def unread(chart: Chart, asked: dict[str, Any]) -> tuple[str, ...]:
    """The resources that could not be read; what else was left out or not taken as it was sent; the types that no rule reads."""
    return (*_unreadable(chart), *chart.notes, *_not_looked_at(asked))


def _unreadable(chart: Chart) -> Iterator[str]:
    names = [item.reference for item in chart.unreadable]
    names += [item.says for item in chart.intake.not_understood if item.about and not item.settled]
    found = (*dict.fromkeys(name for name in names if "/" in name), *(name for name in names if "/" not in name))
    if found:
        yield f"{labels.count(len(found), 'resource')} could not be read: {_some(list(dict.fromkeys(found)))}"
        yield "What depends on that is unknown"


def _not_looked_at(asked: dict[str, Any]) -> Iterator[str]:
    types = [str(item.get("resourceType") or "") for item in changes.resources(asked)]
    strange = [name for name in types if name in NAMES and name not in TYPES and name != _NO_DATA]
    if strange:
        yield f"{labels.count(len(strange), 'resource')} of a type that no rule reads: {_some(list(dict.fromkeys(strange)))}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")
