"""Counts how far the codes, words, units and drug names of a population are understood, and what one mapping would gain."""

from collections.abc import Iterable, Iterator
from datetime import UTC

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from cds_service.chart import Source
from cds_service.chart.intake import Cause
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.datatypes import Coding, Component, Term, terms_of
from cds_service.fhir.decoding.decode import DecodedResource, NotDecoded, one
from cds_service.fhir.intake.terms import KINDS, kind_of
from cds_service.fhir.intake.unread import is_settled
from cds_service.fhir.readers import drug_identity
from cds_service.fhir.readers.observations import measurements
from cds_service.fhir.understanding import MEANS, OF_NO_CONCERN, Outcome, Understanding, understanding
from cds_service.knowledge import Knowledge

_RESULTS = frozenset(("loinc",))
_UNIT = "unit"


class What(Struct, frozen=True):
    """One thing that charts say: on which type of resource, in which code system (as addressed), by which code and words.

    `system` is `unit` for a unit of measurement, whose spelling is the code; it is empty for words without a code.
    """

    type: str
    system: str
    code: str
    words: str
    outcome: Outcome
    cause: Cause | None = None


class Seen(Struct, frozen=True):
    """How often one thing was met, and in how many patients."""

    what: What
    entries: int
    patients: int


class Gain(Struct, frozen=True):
    """What the mapping of an address to one of our code systems would gain: entries that are then understood, and their patients."""

    address: str
    system: str
    entries: int
    patients: int


class CoverageCount:
    """Counts resources as they are added. Who the patients are is only held while it counts, and never told."""

    def __init__(self, know: Knowledge) -> None:
        self._context = Context(know, UTC)
        self._entries: dict[What, int] = {}
        self._people: dict[What, set[str]] = {}
        self._terms: dict[What, tuple[Term, frozenset[str]]] = {}
        self._everyone: set[str] = set()
        self.unreadable = 0

    def add(self, raw: bytes) -> None:
        """Counts one resource, in JSON; one that is over or never was is left out, as it is by rules."""
        item = one(Part(Raw(raw)))
        if not isinstance(item, DecodedResource):
            self.unreadable += isinstance(item, NotDecoded)
            return
        self._everyone |= {item.whose} - {""}
        if is_settled(item.resource):
            return
        for what, term, complete in self._terms_in(item.resource):
            self._entries[what] = self._entries.get(what, 0) + 1
            self._people.setdefault(what, set()).update({item.whose} - {""})
            if term is not None:
                self._terms[what] = term, complete

    @property
    def patients(self) -> int:
        """How many patients there were."""
        return len(self._everyone)

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Everything that was met, in the most patients first."""
        rows = (Seen(what, count, len(self._people[what])) for what, count in self._entries.items())
        return tuple(sorted(rows, key=lambda row: (-row.patients, -row.entries, msgspec.structs.astuple(row.what)[:4])))

    @property
    def gains(self) -> tuple[Gain, ...]:
        """For each address that is not ours, the mapping of it that gains most; empty of those by which nothing is gained."""
        index = self._context.know.index
        unknown = {
            what.system for what in self._terms if what.system not in ("", _UNIT) and not index.system(what.system)
        }
        found = (self._gain(address) for address in sorted(unknown))
        return tuple(sorted((gain for gain in found if gain.entries), key=lambda gain: -gain.entries))

    def _gain(self, address: str) -> Gain:
        lost = [what for what in self._terms if what.system == address and what.outcome is Outcome.NOT_UNDERSTOOD]
        best = Gain(address, "", 0, 0)
        usual: dict[str, str] = {}
        for known, key in self._context.know.index.systems.keys.items():
            usual.setdefault(key, known)
        for key, known in usual.items():
            won = [what for what in lost if self._would_be_read(what, address, known)]
            people = set[str]().union(*(self._people[what] for what in won))
            gain = Gain(address, key, sum(self._entries[what] for what in won), len(people))
            best = max(best, gain, key=lambda item: item.entries)
        return best

    def _would_be_read(self, what: What, address: str, known: str) -> bool:
        term, complete = self._terms[what]
        codings = tuple(replace(item, system=known) if item.system == address else item for item in term.codings)
        mapped = Term(coding=codings, text=term.text)
        return self._understood(what.type, mapped, complete).outcome is not Outcome.NOT_UNDERSTOOD

    def _terms_in(self, resource: resources.Resource) -> Iterator[tuple[What, Term | None, frozenset[str]]]:
        """What a resource says that must be understood, each with the term and the code systems that are complete for it."""
        kind = type(resource).__name__
        complete = kind_of(resource).complete if isinstance(resource, KINDS) else _RESULTS
        for term in _terms(resource):
            found = self._understood(kind, term, complete)
            coding = next((item for item in term.codings if item.code), Coding())
            words = "" if coding.code and coding.display else term.label
            shown = coding.display or words
            yield (
                What(kind, coding.system or "", (coding.code or "").strip(), shown, found.outcome, found.cause),
                term,
                complete,
            )
        if isinstance(resource, resources.Observation):
            yield from self._units(resource)

    def _understood(self, kind: str, term: Term, complete: frozenset[str]) -> Understanding:
        if not kind.startswith("Medication"):
            return understanding(term, self._context, complete)
        drug = drug_identity.described([term], self._context).identified
        if drug.found:
            return MEANS
        return (
            OF_NO_CONCERN
            if drug.known
            else Understanding(Outcome.NOT_UNDERSTOOD, Cause.WORDS if term.texts else Cause.CODE)
        )

    def _units(self, resource: resources.Observation) -> Iterator[tuple[What, None, frozenset[str]]]:
        """The units of the results that rules read."""
        read = measurements(resource, Source(""), self._context)
        parts: tuple[resources.Observation | Component, ...] = (resource, *resource.component)
        given = [part.valueQuantity for part in parts if part.valueQuantity]
        for quantity in given if read else ():
            unit = quantity.unit or quantity.code or ""
            lost = any(item.absent.startswith("unit ") for item in read)
            outcome = Outcome.NOT_UNDERSTOOD if lost else Outcome.MEANS
            yield What("Observation", _UNIT, unit, "", outcome, Cause.UNIT if lost else None), None, frozenset()


def _terms(resource: resources.Resource) -> Iterable[Term]:
    """The terms that say what a resource is about."""
    if isinstance(resource, resources.AllergyIntolerance):
        return filter(None, (resource.code, resource.substance, *(item.substance for item in resource.reaction)))
    if isinstance(resource, resources.Device):
        return filter(None, (*terms_of(resource.type), resource.code))
    if type(resource).__name__.startswith("Medication"):
        named = (getattr(resource, name, None) for name in ("code", "medicationCodeableConcept", "medication"))
        return (term for term in named if isinstance(term, Term) and (term.codes or term.texts))
    if isinstance(resource, resources.Condition | resources.Procedure | resources.Observation):
        return filter(None, (resource.code,))
    return ()
