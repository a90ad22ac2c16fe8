"""Readings about the fracture: its levels, its age, and what images show of it."""
