"""What is asked of the signed token that a client sends with each call; the modules here check it (R-JWT)."""

from datetime import timedelta

ALGORITHMS = ("ES384", "RS384", "ES256", "RS256", "PS384")
"""Signatures that are accepted: all asymmetric, chosen before any key is looked at (R-JWT-04, R-JWT-05)."""

SKEW = timedelta(seconds=60)
"""By how much the clock of a client may differ from ours (R-JWT-10)."""
LONGEST = timedelta(hours=24)
"""How long a token may be valid."""
