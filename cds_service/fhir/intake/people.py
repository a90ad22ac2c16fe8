"""Whose a resource is, by a reference that can be followed; one that cannot is not another patient's."""

from collections.abc import Mapping
from functools import cached_property

from cds_service.chart import Section
from cds_service.fhir.decoding import resources
from cds_service.fhir.decoding.bundle import Answered
from cds_service.fhir.decoding.decode import DecodedResource, Passed, one
from cds_service.fhir.decoding.references import URN, same_urn

_NOBODYS = resources.Medication | resources.Substance | resources.Device


class People:
    """Tells the patient of a call from others, where a subject is a `urn:` by the Patients among what arrived."""

    def __init__(self, answers: Mapping[Section, Answered], patient: str) -> None:
        self._answers = answers
        self._patient = patient

    def belongs(self, item: DecodedResource | Passed) -> bool | None:
        """Whether a resource is the patient's, or nobody's as a drug is; None if it does not say, or so that it can be followed."""
        whose = item.whose
        if not whose:
            return True if isinstance(item, DecodedResource) and isinstance(item.resource, _NOBODYS) else None
        if not whose.startswith(URN):
            return whose == self._patient
        if same_urn(whose, self._patient):
            return True
        named = self._patients.get(whose)
        return named == self._patient if named else None

    @cached_property
    def _patients(self) -> Mapping[str, str]:
        """The ids of the Patients among the entries, by the `urn:` of the entry."""
        found = {}
        for answered in self._answers.values():
            for part in answered.parts:
                if part.full_url.startswith(URN):
                    item = one(part)
                    if isinstance(item, DecodedResource) and isinstance(item.resource, resources.Patient):
                        found[part.full_url] = item.resource.id or ""
        return found
