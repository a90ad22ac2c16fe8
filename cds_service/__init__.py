"""Advises, over CDS Hooks, whether vertebral augmentation suits this patient now."""

__version__ = "0.1.0"
