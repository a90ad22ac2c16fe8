"""From typed FHIR structs to chart entries: one module a group of resource types."""
