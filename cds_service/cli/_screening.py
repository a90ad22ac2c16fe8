"""Screens one patient of a population: the chart read, the rules asked and summed up exactly as for a hook call."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from cds_service.chart import Answer, Section
from cds_service.chart.sections import MEASURES, MEDICATION_LISTS, RESOURCE_TYPE
from cds_service.cli._population import Person
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding.bundle import Answered, Part
from cds_service.fhir.read import Received
from cds_service.findings import Status
from cds_service.judgement import judge
from cds_service.orders import Orders
from cds_service.service import Site

_NOW_CALLED = {
    "MedicationOrder": "MedicationRequest",
    "MedicationUsage": "MedicationStatement",
    "ProcedureRequest": "ServiceRequest",
}
"""Types of other versions of FHIR by their name in R4."""
_SECTION = {kind: section for section, kind in RESOURCE_TYPE.items() if section not in MEASURES}
_ASSUMED = b'{"resourceType":"ServiceRequest","status":"draft","intent":"order","code":{"text":"Vertebroplasty"}}'
_OPEN = ("draft", "active", "on-hold")


class _Kind(msgspec.Struct):
    resourceType: object = None  # noqa: N815
    status: object = None


_KIND = msgspec.json.Decoder(_Kind)


class ScreenedPatient(msgspec.Struct, frozen=True):
    """What screening came to for one patient; `order` names the chart's own open orders, or says `assumed`.

    `medication_lists` are those that the export holds: together they count as the whole drug list.
    """

    patient: str
    disposition: str
    requires: tuple[str, ...]
    order: tuple[str, ...]
    met: tuple[str, ...]
    unknown: tuple[str, ...]
    error: tuple[str, ...]
    medication_lists: tuple[str, ...]


class Screening:
    """Screens the patients of one population. A type that its files lack was not asked for: unknown, not empty (`absent`).

    Of the medication lists that the site keeps, one that the files lack is not kept by this export, as long as they hold another:
    `lists` are those that they hold.
    """

    def __init__(self, site: Site, as_of: datetime, types: Iterable[str]) -> None:
        self._site, self._as_of = site, as_of
        self._context = Context(site.know, site.manner.zone)
        given = {_NOW_CALLED.get(kind, kind) for kind in types}
        self._empty = {
            section: Answered(Answer.WHOLE if kind in given else Answer.OMITTED)
            for section, kind in RESOURCE_TYPE.items()
        }
        self.lists = tuple(section for section in MEDICATION_LISTS if RESOURCE_TYPE[section] in given)
        self._kept = tuple(section for section in site.lists if section in self.lists) or site.lists
        self.absent = tuple(
            str(section)
            for section, item in self._empty.items()
            if item.answer is Answer.OMITTED and (section in self._kept or section not in MEDICATION_LISTS)
        )
        self._assumed = replace(self._orders((Part(msgspec.Raw(_ASSUMED)),)).order, references=("assumed",))

    def row(self, person: Person) -> ScreenedPatient:
        """The row of one patient."""
        sorted_in: dict[Section, list[Part]] = {}
        open_orders = []
        for part in person.parts:
            kind, status = _kind(part)
            sorted_in.setdefault(_SECTION.get(kind, Section.CONDITIONS), []).append(part)
            if _SECTION.get(kind) is Section.SERVICE_REQUESTS and status in _OPEN:
                open_orders.append(part)
        answers = self._empty | {
            section: replace(self._empty[section], parts=tuple(parts)) for section, parts in sorted_in.items()
        }
        asked = self._orders(open_orders)
        order = asked.order if asked.ours else self._assumed
        received = Received(answers, patient_id=person.id, lists=self._kept)
        judged = judge(received, order, self._as_of, self._site.rules, self._context)
        results, found = judged.results, judged.assessment

        def rules(status: Status) -> tuple[str, ...]:
            return tuple(dict.fromkeys(item.rule.id for item in results if item.status is status))

        return ScreenedPatient(
            person.id,
            str(found.disposition),
            found.requires,
            order.references,
            rules(Status.MET),
            rules(Status.UNKNOWN),
            rules(Status.ERROR),
            tuple(map(str, self.lists)),
        )

    def _orders(self, parts: Iterable[Part]) -> Orders:
        return Orders.of(parts, self._context, as_of=self._as_of)


def _kind(part: Part) -> tuple[str, str]:
    """Type (by its name in R4) and status; empty for what cannot be read, which the chart then says."""
    try:
        read = _KIND.decode(part.raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return "", ""
    return _NOW_CALLED.get(str(read.resourceType), str(read.resourceType)), str(read.status)
