"""The vocabulary of findings: what a rule is, what it may find, and what all of them together came to."""

from cds_service.findings.finding import CONFIRM, Evidence, Finding
from cds_service.findings.kinds import CRITERIA, Essential, Indicator, Kind, Proposal, Role, Status, Topic
from cds_service.findings.results import Result, Results
from cds_service.findings.rule import Judge, NotApplicable, Rule, parts, rule

__all__ = [
    "CONFIRM",
    "CRITERIA",
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
    "Role",
    "Rule",
    "Status",
    "Topic",
    "parts",
    "rule",
]
