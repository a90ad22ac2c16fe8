"""Readings about evidence and payers."""
