"""Sorts out what arrived for a call: whose it is, what no rule reads, and what cannot be read."""

from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from cds_service.chart import Section, Unreadable
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Answered
from cds_service.fhir.decoding.decode import DecodedResource, NotDecoded, Passed, decode, none_passed
from cds_service.fhir.intake import relevance
from cds_service.knowledge import Knowledge


class Intake(Struct):
    """What arrived: the patient's resources that a rule may read, the references of all that are theirs, and how many are others'.

    `unstated` are those that do not say whose they are.
    """

    mine: list[DecodedResource] = []
    references: set[str] = set()
    unreadable: list[Unreadable] = []
    strangers: int = 0
    unstated: int = 0


def sorted_out(answers: Mapping[Section, Answered], patient_id: str, know: Knowledge) -> Intake:
    """Every resource once, though two sections may have brought it."""
    arrived, seen, glance = Intake(), set[str](), partial(relevance.passed, know=know)
    for section, answered in answers.items():
        is_worth_it = RESOURCE_TYPE[section] in relevance.TYPES
        for item in decode(answered.parts, seen, glance if is_worth_it else none_passed):
            if isinstance(item, NotDecoded):
                arrived.unreadable.append(Unreadable(item.reference, RESOURCE_TYPE[section], None))
                continue
            is_theirs = belongs(item, patient_id)
            if is_theirs is False:
                arrived.strangers += 1
                continue
            arrived.unstated += is_theirs is None
            arrived.references.add(item.reference)
            if isinstance(item, DecodedResource):
                arrived.mine.append(item)
    return arrived


def belongs(item: DecodedResource | Passed, patient_id: str) -> bool | None:
    """Whether the resource is this patient's; None if it does not say."""
    whose = item.whose
    if whose and whose == patient_id:
        return True
    if (
        not whose
        and isinstance(item, DecodedResource)
        and isinstance(item.resource, resources.Medication | resources.Device)
    ):
        return True
    return None if not whose or whose.startswith("urn:uuid:") else False
