"""The vocabulary of findings: what a rule is, what it may find, and what all of them together came to."""

from cds_service.findings.finding import Evidence, Finding
from cds_service.findings.kinds import Essential, Indicator, Kind, Proposal, Status, Topic
from cds_service.findings.results import Result, Results
from cds_service.findings.rule import Judge, NotApplicable, Rule, parts, rule

__all__ = [
    "Essential",
    "Evidence",
    "Finding",
    "Indicator",
    "Judge",
    "Kind",
    "NotApplicable",
    "Proposal",
    "Result",
    "Results",
    "Rule",
    "Status",
    "Topic",
    "parts",
    "rule",
]
