"""Readings about what follows the procedure."""
