"""Readings about the safety of the procedure: nerves, pregnancy, allergies."""
