"""From FHIR bytes to chart entries: tolerant of what real records contain, strict about what is understood."""
