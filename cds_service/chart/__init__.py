"""The chart: everything known about one patient and one order, as typed entries with dates, units and gaps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, TypeVar

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


Entry = TypeVar("Entry", bound=_HasConcept)


@dataclass(frozen=True)
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

    def is_ahead(self, when: When) -> bool:
        """Whether it begins on a day after that of `as_of`, by its calendar: it is still to come."""
        return when.start.astimezone(self.as_of.tzinfo).date() > self.as_of.date()

    def answer(self, section: Section) -> Answer:
        """How a section was answered."""
        return self.answers.get(section, Answer.OMITTED)

    @cached_property
    def whole(self) -> frozenset[Section]:
        """The sections without any gap: answered whole, and every resource of their type read."""
        unread = {item.section_type for item in self.unreadable}
        answered = [section for section, answer in self.answers.items() if answer is Answer.WHOLE]
        return frozenset([section for section in answered if RESOURCE_TYPE[section] not in unread])

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
        gaps = self.gaps(*sections, sets=sets)
        if gaps:
            raise Unknown(what, *gaps)

    def conditions_in(self, *sets: str) -> Iterable[Condition]:
        """Diagnoses of any of the value sets, whatever their state; then `Unknown` if the problem list has gaps."""
        return self._in(Section.CONDITIONS, self.conditions, sets, "whether the problem list holds more")

    def procedures_in(self, *sets: str) -> Iterable[Procedure]:
        """Procedures of any of the value sets; then `Unknown` if the list has gaps."""
        return self._in(Section.PROCEDURES, self.procedures, sets, "whether more procedures were done")

    def allergies_in(self, *sets: str) -> Iterable[Allergy]:
        """Allergies of any of the value sets; then `Unknown` if the list has gaps."""
        return self._in(Section.ALLERGIES, self.allergies, sets, "whether more allergies are recorded")

    def devices_in(self, *sets: str) -> Iterable[Device]:
        """Devices of any of the value sets; then `Unknown` if the list has gaps."""
        return self._in(Section.DEVICES, self.devices, sets, "whether more devices are implanted")

    def requested_in(self, *sets: str) -> tuple[RequestedService, ...]:
        """Services already ordered of any of the value sets; a hint only, so its gaps raise nothing."""
        wanted = frozenset(sets)
        return tuple([item for item in self.requested if not wanted.isdisjoint(item.concept.sets)])

    def measurements(self, measure: str) -> Iterable[Measurement]:
        """All observations of one measure, newest first, dated before undated; then `Unknown` if the section has gaps."""
        found, section = self._newest.get(measure, ()), SECTION_OF[measure]
        return found if section in self.whole else self._ended(found, measure.replace("-", " "), section, (measure,))

    def drugs_of(self, *classes: str) -> tuple[DrugUse, ...]:
        """Uses of drugs of any of the classes, from every kind of resource. See `require_drug_list` for gaps."""
        return tuple([use for use in self.drugs if use.drug_class in classes])

    def unidentified_drugs(self) -> tuple[DrugUse, ...]:
        """Active drugs that no code, product or name identified."""
        return tuple(use for use in self.drugs if not use.ingredient)

    def require_drug_list(self, what: str) -> None:
        """Raise `Unknown(what)` unless statements or requests were answered whole and no drug section failed or was cut.

        A drug section that was never asked for is no gap as long as statements or requests were answered (rules.md).
        """
        if self._drug_list_gaps:
            raise Unknown(what, *self._drug_list_gaps)

    @cached_property
    def _drug_list_gaps(self) -> tuple[Missing, ...]:
        broken = tuple(gap for gap in self.gaps(*DRUG_SECTIONS) if gap.reason is not Reason.OMITTED)
        lists = (Section.MEDICATION_STATEMENTS, Section.MEDICATION_REQUESTS)
        nothing_asked = all(self.answer(section) is Answer.OMITTED for section in lists)
        return broken or (self.gaps(*lists) if nothing_asked else ())

    @cached_property
    def _newest(self) -> Mapping[str, tuple[Measurement, ...]]:
        """Observations by measure, newest first; equal dates fall back on the reference: the order of resources never matters."""
        return _by_set(sorted(self.observations, key=_recency, reverse=True))

    @cached_property
    def _indexes(self) -> dict[Section, Mapping[str, tuple[Any, ...]]]:
        """The entries of a section by value set, for sections that were looked into."""
        return {}

    def _in(self, section: Section, entries: tuple[Entry, ...], sets: tuple[str, ...], whether: str) -> Iterable[Entry]:
        index = self._indexes.get(section)
        if index is None:
            index = self._indexes[section] = _by_set(entries)
        found: tuple[Entry, ...] = ()
        if len(sets) == 1:
            found = index.get(sets[0], ())
        elif not index.keys().isdisjoint(sets):
            wanted = frozenset(sets)
            found = tuple([entry for entry in entries if not wanted.isdisjoint(entry.concept.sets)])
        return found if section in self.whole else self._ended(found, whether, section, sets)

    def _ended(self, found: tuple[Entry, ...], what: str, section: Section, sets: tuple[str, ...]) -> Iterable[Entry]:
        """What was found, and after it the gap of a section that has one."""
        gaps = self.gaps(section, sets=sets)
        return _ending(found, what, gaps) if gaps else found


def _ending(found: tuple[Entry, ...], what: str, gaps: tuple[Missing, ...]) -> Iterator[Entry]:
    yield from found
    raise Unknown(what, *gaps)


def _by_set(entries: Iterable[Entry]) -> dict[str, tuple[Entry, ...]]:
    index: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.concept.sets:
            index.setdefault(name, []).append(entry)
    return {name: tuple(found) for name, found in index.items()}


def _recency(item: Measurement) -> tuple[float, str]:
    return (item.when.last.timestamp() if item.when else float("-inf"), item.source.reference)
