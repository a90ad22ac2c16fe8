"""Results that a panel or a report contains: each is read as if it stood beside it, with what only the outer one says."""

from msgspec import Raw
from msgspec.structs import replace

from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Part
from cds_service.fhir.decoding.decode import DecodedResource, one
from cds_service.fhir.decoding.envelopes import type_of
from cds_service.fhir.intake.modifiers import marked

_OUTER = resources.Observation | resources.DiagnosticReport
_TYPES = frozenset((resources.Observation, resources.DiagnosticReport))
_DATES = ("effectiveDateTime", "effectivePeriod", "issued")


def results_within(outer: DecodedResource) -> tuple[DecodedResource, ...]:
    """The Observations that a resource contains; none for most."""
    resource = outer.resource
    if type(resource) not in _TYPES or not isinstance(resource, _OUTER) or not resource.contained:
        return ()
    modifier = marked(outer).modifier  # what changes the meaning of the outer one may change that of what it holds
    raws = [raw for raw in resource.contained if type_of(raw) == resources.Observation.__name__]
    return tuple(found for raw in raws if (found := _within(raw, outer, resource, modifier)))


def _within(raw: Raw, outer: DecodedResource, resource: _OUTER, modifier: str) -> DecodedResource | None:
    """One of them. Date, status and category it takes from the outer resource where it has none; the patient always is the outer one's."""
    found = one(Part(raw, outer.part.full_url))
    if not isinstance(found, DecodedResource) or not isinstance(found.resource, resources.Observation):
        return None
    inner = found.resource
    dates = {} if any(getattr(inner, name) for name in _DATES) else {name: getattr(resource, name) for name in _DATES}
    whole = replace(
        inner,
        subject=resource.subject,
        patient=resource.patient,
        status=inner.status or resource.status,
        category=inner.category or resource.category,
        contained=[],
        **dates,
    )
    return replace(found, resource=whole, reference=f"{outer.reference}#{inner.id or ''}", modifier=modifier)
