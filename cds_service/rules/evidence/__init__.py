"""Rules that inform on the evidence and on payment."""
