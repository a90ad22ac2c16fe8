"""A CDS Hooks service that says whether vertebroplasty suits this patient now, and why."""

__version__ = "0.1.0"
