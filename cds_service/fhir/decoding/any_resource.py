"""What every resource that rules read has, as a typed struct."""

from cds_service.fhir.decoding.datatypes import Reference, Shape, Term, Text


class Resource(Shape, tag_field="resourceType"):
    """What every resource has, and what all requests have. The subject is called `subject` or `patient`, whichever the type uses."""

    id: Text = None
    status: Text = None
    subject: Reference | None = None
    patient: Reference | None = None
    code: Term | None = None
    bodySite: list[Term] | Term | None = None
    authoredOn: Text = None
