"""What is known of one patient at one moment, by section, and what questions to it are answered by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from cds_service.chart.coded_entries import NOTHING, CodedEntries, Lack, by_set
from cds_service.chart.drugs import DrugUse
from cds_service.chart.entries import (
    Allergy,
    Condition,
    Coverage,
    Device,
    Encounter,
    Measurement,
    Patient,
    Procedure,
    RequestedService,
    Unreadable,
)
from cds_service.chart.imaging import ImagingFinding, ImagingStudy
from cds_service.chart.intake import Intake
from cds_service.chart.order import Order
from cds_service.chart.reading import Reading
from cds_service.chart.sections import (
    DRUG_SECTIONS,
    MEDICATION_LISTS,
    RESOURCE_TYPE,
    SECTION_OF,
    Answer,
    Missing,
    Reason,
    Section,
    Unknown,
    reason_of,
)
from cds_service.chart.time import When, days_since
from cds_service.chart.value_sets import ValueSets


@dataclass(frozen=True)
class Chart:
    """One patient at `as_of`, in the site's time zone. A question to it is answered by a `Reading`: what is there, and the gaps.

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
    intake: Intake = field(default_factory=Intake)
    notes: tuple[str, ...] = ()
    memo: dict[object, object] = field(default_factory=dict, compare=False, repr=False)

    def is_ahead(self, when: When) -> bool:
        """Whether it begins on a day after that of `as_of`, by its calendar: it is still to come."""
        return days_since(when.start, self.as_of) < 0

    def answer(self, section: Section) -> Answer:
        """How a section was answered."""
        return self.answers.get(section, Answer.OMITTED)

    def is_answered(self, section: Section) -> bool:
        """Whether a section was answered whole, were it by saying that there is no such list."""
        return self.answer(section) in (Answer.WHOLE, Answer.NOT_KEPT)

    @cached_property
    def _lacks(self) -> Mapping[Section, Lack]:
        """What each section lacks that was not answered whole, or of whose type a resource could not be read."""
        found = {}
        for section, kind in RESOURCE_TYPE.items():
            answer = self.answer(section)
            unread = tuple([item for item in self.unreadable if _is_of(item, section, kind)]) if self.unreadable else ()
            if unread or answer is not Answer.WHOLE:
                says = self.troubles.get(section, "")
                why = () if answer is Answer.WHOLE else (Missing(section, reason_of(answer), says),)
                found[section] = Lack(section, why, unread)
        return found

    def gaps(self, *sections: Section, sets: Iterable[ValueSets] = ()) -> tuple[Missing, ...]:
        """What is missing from `sections`: not answered whole, or holding a resource that could not be read.

        With `sets`, an unread resource counts only if its code is illegible or names one of them.
        """
        if self._lacks.keys().isdisjoint(sections):
            return ()
        wanted = frozenset(sets)
        lacks = [self._lacks[section] for section in sections if section in self._lacks]
        return tuple(item for lack in lacks for item in lack.missing(wanted))

    def gap_unless_whole(self, what: str, *sections: Section, sets: Iterable[ValueSets] = ()) -> tuple[Unknown, ...]:
        """One gap `what`, to put beside values, unless every section was answered whole and read; `sets` as in `gaps`."""
        missing = self.gaps(*sections, sets=sets)
        return (Unknown(what, *missing),) if missing else ()

    def require(self, what: str, *sections: Section, sets: Iterable[ValueSets] = ()) -> None:
        """Raise `Unknown(what)` unless every section was answered whole and read."""
        missing = self.gaps(*sections, sets=sets)
        if missing:
            raise Unknown(what, *missing)  # no local name may hold it: its traceback would lead back here, in a circle

    def conditions_in(self, *sets: ValueSets) -> Reading[Condition]:
        """Diagnoses of any of the value sets, whatever their state."""
        return self._coded[Section.CONDITIONS].of(sets)

    def procedures_in(self, *sets: ValueSets) -> Reading[Procedure]:
        """Procedures of any of the value sets."""
        return self._coded[Section.PROCEDURES].of(sets)

    def allergies_in(self, *sets: ValueSets) -> Reading[Allergy]:
        """Allergies of any of the value sets."""
        return self._coded[Section.ALLERGIES].of(sets)

    def devices_in(self, *sets: ValueSets) -> Reading[Device]:
        """Devices of any of the value sets."""
        return self._coded[Section.DEVICES].of(sets)

    @cached_property
    def _coded(self) -> Mapping[Section, CodedEntries[Any]]:
        listed: Iterable[tuple[Section, tuple[Any, ...], str]] = (
            (Section.CONDITIONS, self.conditions, "whether the problem list holds more"),
            (Section.PROCEDURES, self.procedures, "whether more procedures were done"),
            (Section.ALLERGIES, self.allergies, "whether more allergies are recorded"),
            (Section.DEVICES, self.devices, "whether more devices are implanted"),
        )
        return {section: CodedEntries(entries, what, self._lacks.get(section)) for section, entries, what in listed}

    def requested_in(self, *sets: ValueSets) -> tuple[RequestedService, ...]:
        """Services already ordered of any of the value sets; a hint only, so its gaps raise nothing."""
        wanted = frozenset(sets)
        return tuple([item for item in self.requested if not wanted.isdisjoint(item.concept.sets)])

    def measurements(self, measure: ValueSets) -> Reading[Measurement]:
        """All observations of one measure, newest first, dated before undated."""
        found: Reading[Measurement] = self._newest.get(measure, NOTHING)
        lack = self._lacks.get(SECTION_OF[measure])
        return found if lack is None else lack.reading(found.values, measure.replace("-", " "), (measure,))

    def drugs_of(self, *classes: str) -> tuple[DrugUse, ...]:
        """Uses of drugs of any of the classes, from every kind of resource. See `gap_unless_drugs_listed` for gaps."""
        return tuple([use for use in self.drugs if use.drug_class in classes])

    def unidentified_drugs(self) -> tuple[DrugUse, ...]:
        """Drugs that no code, product or name identified: active ones, and any whose name did not come, unless it was never taken."""
        return tuple(use for use in self.drugs if not use.ingredient)

    def gap_unless_drugs_listed(self, what: str) -> tuple[Unknown, ...]:
        """One gap `what` unless every medication list that the site keeps was answered whole, and nothing else on drugs in part.

        Doses given and drugs dispensed are not needed for a whole list; what of them was sent must be whole.
        """
        return (Unknown(what, *self._drug_list_gaps),) if self._drug_list_gaps else ()

    @cached_property
    def _drug_list_gaps(self) -> tuple[Missing, ...]:
        """What the whole drug list lacks. Where neither list is kept, nobody could say what the patient takes: both are missing."""
        kept = [section for section in MEDICATION_LISTS if self.answer(section) is not Answer.NOT_KEPT]
        needed = kept or MEDICATION_LISTS
        others = self.gaps(*(section for section in DRUG_SECTIONS if section not in needed))
        return (*self.gaps(*needed), *(gap for gap in others if gap.reason is not Reason.OMITTED))

    @cached_property
    def _newest(self) -> Mapping[str, Reading[Measurement]]:
        """Observations by measure, newest first; equal dates fall back on the reference: the order of resources never matters."""
        return by_set(sorted(self.observations, key=_recency, reverse=True))


def _is_of(item: Unreadable, section: Section, kind: str) -> bool:
    """Whether what could not be read may belong to a section."""
    return item.section_type == kind and item.section in (None, section)


def _recency(item: Measurement) -> tuple[float, str]:
    return (item.when.last.timestamp() if item.when else float("-inf"), item.source.reference)
