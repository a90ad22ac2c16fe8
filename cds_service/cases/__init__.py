"""The cases of rules: small charts with the results that a rule must come to, for replay, pages and tests."""

from cds_service.cases.case import FIXTURES, PATIENT_ID, Case, chart, judge, load, section_of
from cds_service.cases.expected import differences
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
    "request",
    "request_about",
    "section_of",
]
