"""The FHIR R4 resources that suggestions create, change or remove."""
