"""What problems, allergies, procedures and devices are called, and whether that was understood."""

from collections.abc import Iterable

from msgspec import Struct

from cds_service.chart import Section
from cds_service.fhir.concepts import Context
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.datatypes import Term, terms_of
from cds_service.fhir.understanding import Outcome, Understanding, understanding


class EventType(Struct, frozen=True):
    """What a kind of event is called on a card, its section, and the code systems of which our lists have all that one could mean."""

    noun: str
    section: Section
    complete: frozenset[str] = frozenset()


PROBLEM = EventType("problem", Section.CONDITIONS, frozenset(("icd-10-cm", "icd-10")))
_KINDS: dict[type[resources.Resource], EventType] = {
    resources.Condition: PROBLEM,
    resources.AllergyIntolerance: EventType("allergy", Section.ALLERGIES, frozenset(("rxnorm", "atc", "unii"))),
    resources.Procedure: EventType(
        "procedure", Section.PROCEDURES, frozenset(("icd-10-pcs", "hcpcs", "opcs-4", "cpt", "loinc"))
    ),
    resources.Device: EventType("device", Section.DEVICES),
}
KINDS = tuple(_KINDS)
"""The types of resources that prove absence by what they do not say: what one is called must be understood."""


def kind_of(resource: resources.Resource) -> EventType:
    """The kind of one of those."""
    return _KINDS[type(resource)]


def understood(resource: resources.Resource, context: Context) -> Understanding:
    """How far what a resource is called was understood: if it is called several things, as far as the least of them."""
    kind = kind_of(resource)
    found = [understanding(term, context, kind.complete, kind.section) for term in _names(resource)]
    if len(found) == 1:
        return found[0]
    return max(found, key=lambda item: _WORST.index(item.outcome)) if found else understanding(None, context)


_WORST = (Outcome.OF_NO_CONCERN, Outcome.MEANS, Outcome.PARTLY_READ, Outcome.NOT_UNDERSTOOD)


def _names(resource: resources.Resource) -> Iterable[Term]:
    if isinstance(resource, resources.AllergyIntolerance):
        named = (resource.code, resource.substance, *(item.substance for item in resource.reaction))
        return filter(None, named)
    if isinstance(resource, resources.Device):
        return filter(None, (*terms_of(resource.type), resource.code))
    return filter(None, (resource.code,))
