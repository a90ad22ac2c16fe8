"""Readings about pain, and the care of it so far."""
