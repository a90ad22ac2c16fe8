"""The cases of rules: small charts with the results that a rule must come to, for replay, pages and tests."""

from cds_service.cases.case import FIXTURES, PATIENT_ID, Case, chart, judge, load, of_rule, section_of
from cds_service.cases.expected import differences
from cds_service.cases.noting import looked_at, readers
from cds_service.cases.requests import has_draft, request, request_about

__all__ = [
    "FIXTURES",
    "PATIENT_ID",
    "Case",
    "chart",
    "differences",
    "has_draft",
    "judge",
    "load",
    "looked_at",
    "of_rule",
    "readers",
    "request",
    "request_about",
    "section_of",
]
