"""What a visitor asks: about which chart, at what time, and with what changed in it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from cds_service.cases import has_draft, request_about
from cds_service.chart import Section
from cds_service.chart.time import YEARS
from cds_service.errors import RequestError
from cds_service.hook import Hook
from cds_service.knowledge import Knowledge
from cds_service.web import examples
from cds_service.web.pasted import read

_VALUE, _DOSE = "value:", "dose:"


class Question(Struct, frozen=True):
    """A chart and what is asked of it; with `order_added` it came without an order, so that we added one.

    The members after it say how it is asked, the others change what the chart says. `values` are numbers by observation, in the
    unit that the observation has; `doses` are the times of last doses by resource; `actions` are those of suggestions that were
    taken, in order.
    """

    chart: Mapping[str, Any]
    order_added: bool = False
    fixture: str = ""
    hook: Hook | None = None
    as_of: datetime | None = None
    instance: str = ""
    planned_at: datetime | None = None
    without: frozenset[Section] = frozenset()
    values: Mapping[str, float] = field(default_factory=dict)
    doses: Mapping[str, datetime] = field(default_factory=dict)
    actions: tuple[Mapping[str, Any], ...] = ()

    @property
    def unchanged(self) -> "Question":
        """The same question about the chart as it is."""
        return replace(self, planned_at=None, without=frozenset(), values={}, doses={}, actions=())

    @property
    def changes(self) -> bool:
        """Whether anything of the chart is changed."""
        return bool(self.planned_at or self.without or self.values or self.doses or self.actions)


def from_query(query: Iterable[tuple[str, str]], know: Knowledge, zone: tzinfo) -> Question:
    """The question that an address holds. Raises RequestError for an example that is not there or a setting that cannot be read."""
    given = [(name, value.strip()) for name, value in query if value.strip()]
    single = dict(given)
    body = {
        "fixture": single.get("fixture", examples.FIRST),
        "hook": single.get("hook"),
        "asOf": single.get("asOf"),
        "plannedAt": single.get("plannedAt"),
        "without": [value for name, value in given if name == "without"],
        "values": {name.removeprefix(_VALUE): value for name, value in given if name.startswith(_VALUE)},
        "doses": {name.removeprefix(_DOSE): value for name, value in given if name.startswith(_DOSE)},
    }
    return from_body(body, know, zone)


def from_body(body: Mapping[str, Any], know: Knowledge, zone: tzinfo) -> Question:
    """The question that the page's script sends. Raises RequestError naming the member at fault."""
    fixture = body.get("fixture") or ""
    chart, added = _chart(body, str(fixture), know)
    return Question(
        chart=chart,
        order_added=added,
        fixture=str(fixture),
        hook=_one_of(Hook, body, "hook"),
        as_of=_moment(body.get("asOf"), "asOf", zone),
        instance=str(body.get("instance") or ""),
        planned_at=_moment(body.get("plannedAt"), "plannedAt", zone),
        without=frozenset(_section(item) for item in _members(body, "without", list)),
        values={name: _number(value, name) for name, value in _members(body, "values", dict).items()},
        doses={
            name: when
            for name, value in _members(body, "doses", dict).items()
            if (when := _moment(value, f"doses.{name}", zone))
        },
        actions=tuple(item for item in _members(body, "actions", list) if isinstance(item, dict)),
    )


def _chart(body: Mapping[str, Any], fixture: str, know: Knowledge) -> tuple[Mapping[str, Any], bool]:
    """The request itself, from the example, from what was pasted, or for a patient on a FHIR server; and whether we added its order."""
    if fixture:
        return examples.load(fixture, know), False
    pasted = body.get("pasted")
    if isinstance(pasted, str) and pasted.strip():
        pasted = read(pasted)
    if isinstance(pasted, dict) and "resourceType" not in pasted:
        return pasted, False
    if pasted:
        given = pasted if isinstance(pasted, list) else [pasted]
        if not all(isinstance(item, dict) for item in given):
            raise RequestError("What was pasted is JSON, but neither a hook request nor FHIR resources")
        asked = request_about(given, complete=body.get("complete") is True)
        if not has_draft(given) and not any(part["entry"] for part in asked["prefetch"].values()):
            raise RequestError("What was pasted is JSON, but holds no resource")
        return asked, not has_draft(given)
    server, patient = body.get("server"), body.get("patient")
    if server and patient:
        asked = request_about([{"resourceType": "Patient", "id": str(patient)}], complete=True)
        return asked | {"fhirServer": str(server), "prefetch": {}}, True
    raise RequestError(
        "Choose an example, paste a request or a Bundle, or name a server and a patient", expression="fixture"
    )


def _members(body: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    value = body.get(name) or kind()
    if not isinstance(value, kind):
        raise RequestError(f"{name} is not what it should be", expression=name)
    return value


def _one_of(kind: type[Hook], body: Mapping[str, Any], name: str) -> Hook | None:
    value = body.get(name)
    if not value:
        return None
    if value not in tuple(kind):
        raise RequestError(f"{name} is none of {', '.join(kind)}", expression=name)
    return kind(value)


def _section(value: object) -> Section:
    if value not in tuple(Section):
        raise RequestError("without names no part of a chart", expression="without")
    return Section(str(value))


def _moment(value: object, name: str, zone: tzinfo) -> datetime | None:
    """A moment as a form or FHIR writes it; without a zone it is by the clock on the wall of the site."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise RequestError(f"{name} is not a date and time, such as 2026-11-24T08:00", expression=name) from None
    if moment.year not in YEARS:
        raise RequestError(f"{name} lies outside the years of which a chart can speak", expression=name)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _number(value: object, name: str) -> float:
    try:
        number = float(str(value))
    except ValueError:
        raise RequestError(f"The value of {name} is not a number", expression=f"values.{name}") from None
    if not abs(number) < float("inf"):
        raise RequestError(f"The value of {name} is not a number", expression=f"values.{name}")
    return number
