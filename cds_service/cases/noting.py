"""What a rule looks at while its cases run: the numbers that it reads, and the value sets that it asks for by name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from cds_service.cases.case import Case, chart, of_rule
from cds_service.chart import (
    Allergy,
    Chart,
    Condition,
    Device,
    Measurement,
    Procedure,
    Reading,
    RequestedService,
    Source,
    ValueSets,
)
from cds_service.engine import evaluate
from cds_service.fhir.readers import imaging_studies
from cds_service.findings import Result, Rule
from cds_service.knowledge import Knowledge, Parameter


class Noted(Struct, frozen=True):
    """What one rule looked at in any of its cases, and what it found in each, in their order; value sets by id."""

    numbers: frozenset[Parameter]
    value_sets: frozenset[str]
    found: tuple[tuple[Case, Result], ...]


def looked_at(rule: Rule, know: Knowledge, listed: Iterable[Case]) -> Noted:
    """Runs the rule in its cases. Takes about a millisecond a case."""
    numbers, value_sets = set[Parameter](), set[str]()
    files = {name: replace(item, parameters=_Numbers(item.parameters, numbers)) for name, item in know.rules.items()}
    noting = replace(know, rules=files)
    found = [
        (case, result)
        for case in listed
        for result in evaluate(_watched(chart(case, know), value_sets), (rule,), noting)
        if result.finding
    ]
    return Noted(frozenset(numbers), frozenset(value_sets), tuple(found))


class _Numbers(Mapping[str, Parameter]):
    """Parameters that note which of them were looked at."""

    def __init__(self, parameters: Mapping[str, Parameter], seen: set[Parameter]) -> None:
        self._parameters, self._seen = parameters, seen

    def __getitem__(self, name: str) -> Parameter:
        self._seen.add(self._parameters[name])
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)


_OF_VALUE_SETS = frozenset(("sets", "reasons"))
"""The elements of entries that hold ids of value sets."""


class _Sets(frozenset[str]):
    """The value sets of a concept, which note what is looked for among them."""

    seen: set[str]

    @classmethod
    def of(cls, names: Iterable[str], seen: set[str]) -> "_Sets":
        made = cls(names)
        made.seen = seen
        return made

    def __contains__(self, name: object) -> bool:
        self.seen.add(str(name))
        return super().__contains__(name)

    def isdisjoint(self, other: Iterable[Any]) -> bool:
        names = tuple(other)
        self.seen.update(names)
        return super().isdisjoint(names)


@dataclass(frozen=True)
class _Watched(Chart):
    """A chart that notes which value sets are asked of it."""

    seen: set[str] = field(default_factory=set, compare=False)

    def __getattribute__(self, name: str) -> Any:
        if name == "imaging_studies":
            self.seen.update(imaging_studies.VALUE_SETS)
        return super().__getattribute__(name)

    def conditions_in(self, *sets: ValueSets) -> Reading[Condition]:
        self.seen.update(sets)
        return super().conditions_in(*sets)

    def procedures_in(self, *sets: ValueSets) -> Reading[Procedure]:
        self.seen.update(sets)
        return super().procedures_in(*sets)

    def allergies_in(self, *sets: ValueSets) -> Reading[Allergy]:
        self.seen.update(sets)
        return super().allergies_in(*sets)

    def devices_in(self, *sets: ValueSets) -> Reading[Device]:
        self.seen.update(sets)
        return super().devices_in(*sets)

    def requested_in(self, *sets: ValueSets) -> tuple[RequestedService, ...]:
        self.seen.update(sets)
        return super().requested_in(*sets)

    def measurements(self, measure: ValueSets) -> Reading[Measurement]:
        self.seen.add(measure)
        return super().measurements(measure)


def _watched(given: Chart, seen: set[str]) -> Chart:
    held = {item.name: _noting(getattr(given, item.name), seen) for item in fields(given)}
    return _Watched(**held, seen=seen)


def _noting(value: Any, seen: set[str]) -> Any:
    """The value, in which the value sets of every concept note what is looked for among them."""
    if isinstance(value, tuple):
        return tuple([_noting(item, seen) for item in value])
    if not isinstance(value, Struct) or isinstance(value, Source):
        return value
    changed = {name: _noting(item, seen) for name, item in asdict(value).items() if isinstance(item, (tuple, Struct))}
    for name in _OF_VALUE_SETS.intersection(value.__struct_fields__):
        held = getattr(value, name)
        if isinstance(held, frozenset):
            changed[name] = _Sets.of(held, seen)
    return replace(value, **changed) if changed else value


def readers(value_set: str, rules: Iterable[Rule], know: Knowledge) -> tuple[str, ...]:
    """The ids of the rules that ask for a value set in any of their cases. Runs all cases, which takes seconds."""
    return tuple(item.id for item in rules if value_set in looked_at(item, know, of_rule(item.id)).value_sets)
