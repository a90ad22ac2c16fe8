"""Reads imaging reports: the statements that their sentences make. It knows no FHIR."""

from cds_service.report_text.reader import Statement, read_report

__all__ = ["Statement", "read_report"]
