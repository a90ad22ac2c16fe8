"""Readings about infection: diagnoses, markers, cultures and antibiotics."""
