"""The chart: everything known about one patient and one order, as typed entries with dates, units and gaps."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from cds_service.chart.drugs import Dosage, DrugUse, UseStatus
from cds_service.chart.entries import (
    Allergy,
    Basis,
    Certainty,
    Concept,
    Condition,
    Coverage,
    Device,
    Encounter,
    Episode,
    Measurement,
    Patient,
    Procedure,
    Quantity,
    RequestedService,
    ResultStatus,
    Severity,
    Source,
    State,
    Unreadable,
)
from cds_service.chart.imaging import Assertion, ImagingFinding, ImagingSign, ImagingStudy, Modality
from cds_service.chart.levels import Level, descending, spoken
from cds_service.chart.order import Order
from cds_service.chart.sections import (
    DRUG_SECTIONS,
    RESOURCE_TYPE,
    SECTION_OF,
    Answer,
    Missing,
    Reason,
    Section,
    Unknown,
    reason_of,
)
from cds_service.chart.time import Age, Precision, When

__all__ = [
    "Age",
    "Allergy",
    "Answer",
    "Assertion",
    "Basis",
    "Certainty",
    "Chart",
    "Concept",
    "Condition",
    "Coverage",
    "Device",
    "Dosage",
    "DrugUse",
    "Encounter",
    "Episode",
    "ImagingFinding",
    "ImagingSign",
    "ImagingStudy",
    "Level",
    "Measurement",
    "Missing",
    "Modality",
    "Order",
    "Patient",
    "Precision",
    "Procedure",
    "Quantity",
    "Reason",
    "RequestedService",
    "ResultStatus",
    "Section",
    "Severity",
    "Source",
    "State",
    "Unknown",
    "Unreadable",
    "UseStatus",
    "When",
    "descending",
    "spoken",
]


class _HasConcept(Protocol):
    @property
    def concept(self) -> Concept: ...


_NEVER = object()

Entry = TypeVar("Entry", bound=_HasConcept)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient at `as_of`, in the site's time zone. Readings give what is there and raise `Unknown` once they reach what is not.

    `answers` says how each section was answered; a section that is not named was omitted. `troubles` says in words why one was not
    answered whole, where that is known. `memo` keeps readings that rules share.
    """

    as_of: datetime
    order: Order = field(default_factory=Order)
    answers: Mapping[Section, Answer] = field(default_factory=dict)
    troubles: Mapping[Section, str] = field(default_factory=dict)
    patient: Patient | None = None
    encounters: tuple[Encounter, ...] = ()
    conditions: tuple[Condition, ...] = ()
    drugs: tuple[DrugUse, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    observations: tuple[Measurement, ...] = ()
    imaging_studies: tuple[ImagingStudy, ...] = ()
    imaging: tuple[ImagingFinding, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    devices: tuple[Device, ...] = ()
    requested: tuple[RequestedService, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = ()
    memo: dict[object, object] = field(default_factory=dict, compare=False, repr=False)
    whole: frozenset[Section] = field(init=False, compare=False, repr=False)
    """The sections without any gap: answered whole, and every resource of their type read."""

    def __post_init__(self) -> None:
        unread = {item.section_type for item in self.unreadable}
        answered = (section for section, answer in self.answers.items() if answer is Answer.WHOLE)
        whole = frozenset(section for section in answered if RESOURCE_TYPE[section] not in unread)
        object.__setattr__(self, "whole", whole)

    def answer(self, section: Section) -> Answer:
        """How a section was answered."""
        return self.answers.get(section, Answer.OMITTED)

    def gaps(self, *sections: Section, sets: Iterable[str] = ()) -> tuple[Missing, ...]:
        """What is missing from `sections`: not answered whole, or holding a resource that could not be read.

        With `sets`, an unread resource counts only if its code is illegible or names one of them.
        """
        if self.whole.issuperset(sections):
            return ()
        wanted = frozenset(sets)
        found = []
        for section in sections:
            answer = self.answer(section)
            if answer is not Answer.WHOLE:
                found.append(Missing(section, reason_of(answer), self.troubles.get(section, "")))
            for item in self.unreadable:
                relevant = not wanted or item.sets is None or not wanted.isdisjoint(item.sets)
                if item.section_type == RESOURCE_TYPE[section] and relevant:
                    found.append(Missing(section, Reason.UNREADABLE))
                    break
        return tuple(found)

    def require(self, what: str, *sections: Section, sets: Iterable[str] = ()) -> None:
        """Raise `Unknown(what)` unless every section was answered whole and read."""
        if self.whole.issuperset(sections):
            return
        gaps = self.gaps(*sections, sets=sets)
        if gaps:
            raise Unknown(what, *gaps)

    def conditions_in(self, *sets: str) -> Iterator[Condition]:
        """Diagnoses of any of the value sets, whatever their state; then `Unknown` if the problem list has gaps."""
        yield from self._in("conditions", self.conditions, sets)
        self.require("whether the problem list holds more", Section.CONDITIONS, sets=sets)

    def procedures_in(self, *sets: str) -> Iterator[Procedure]:
        """Procedures of any of the value sets; then `Unknown` if the list has gaps."""
        yield from self._in("procedures", self.procedures, sets)
        self.require("whether more procedures were done", Section.PROCEDURES, sets=sets)

    def allergies_in(self, *sets: str) -> Iterator[Allergy]:
        """Allergies of any of the value sets; then `Unknown` if the list has gaps."""
        yield from self._in("allergies", self.allergies, sets)
        self.require("whether more allergies are recorded", Section.ALLERGIES, sets=sets)

    def devices_in(self, *sets: str) -> Iterator[Device]:
        """Devices of any of the value sets; then `Unknown` if the list has gaps."""
        yield from self._in("devices", self.devices, sets)
        self.require("whether more devices are implanted", Section.DEVICES, sets=sets)

    def requested_in(self, *sets: str) -> tuple[RequestedService, ...]:
        """Services already ordered of any of the value sets; a hint only, so its gaps raise nothing."""
        return self._in("requested", self.requested, sets)

    def measurements(self, measure: str) -> Iterator[Measurement]:
        """All observations of one measure, newest first, dated before undated; then `Unknown` if the section has gaps."""
        yield from self.once(
            ("newest", measure), lambda: _newest(self._in("observations", self.observations, (measure,)))
        )
        self.require(measure.replace("-", " "), SECTION_OF[measure], sets=(measure,))

    def drugs_of(self, *classes: str) -> tuple[DrugUse, ...]:
        """Uses of drugs of any of the classes, from every kind of resource. See `require_drug_list` for gaps."""
        return tuple(use for use in self.drugs if use.drug_class in classes)

    def unidentified_drugs(self) -> tuple[DrugUse, ...]:
        """Active drugs that no code, product or name identified."""
        return tuple(use for use in self.drugs if not use.ingredient)

    def require_drug_list(self, what: str) -> None:
        """Raise `Unknown(what)` unless statements or requests were answered whole and no drug section failed or was cut.

        A drug section that was never asked for is no gap as long as statements or requests were answered (rules.md).
        """
        broken = tuple(gap for gap in self.gaps(*DRUG_SECTIONS) if gap.reason is not Reason.OMITTED)
        if broken:
            raise Unknown(what, *broken)
        lists = (Section.MEDICATION_STATEMENTS, Section.MEDICATION_REQUESTS)
        if all(self.answer(section) is Answer.OMITTED for section in lists):
            raise Unknown(what, *self.gaps(*lists))

    def once(self, key: object, make: Callable[[], Value]) -> Value:
        """The value made the first time this key is asked for; an `Unknown` is remembered and raised again."""
        value = self.memo.get(key, _NEVER)
        if value is _NEVER:
            try:
                value = make()
            except Unknown as gap:
                value = gap
            self.memo[key] = value
        if isinstance(value, Unknown):
            raise value.with_traceback(None)
        return value  # type: ignore[return-value]

    def _in(self, name: str, entries: tuple[Entry, ...], sets: tuple[str, ...]) -> tuple[Entry, ...]:
        index = self.once(name, lambda: _by_set(entries))
        if len(sets) == 1:
            return index.get(sets[0], ())
        wanted = frozenset(sets)
        return tuple(entry for entry in entries if not wanted.isdisjoint(entry.concept.sets))


def _by_set(entries: tuple[Entry, ...]) -> dict[str, tuple[Entry, ...]]:
    index: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.concept.sets:
            index.setdefault(name, []).append(entry)
    return {name: tuple(found) for name, found in index.items()}


def _newest(measurements: tuple[Measurement, ...]) -> tuple[Measurement, ...]:
    """Newest first; equal dates fall back on the reference, so the order of the resources never matters."""
    return tuple(sorted(measurements, key=_recency, reverse=True))


def _recency(item: Measurement) -> tuple[float, str]:
    return (item.when.last.timestamp() if item.when else float("-inf"), item.source.reference)
