"""What is kept: cards shown, what was said about them, spent tokens, which lists callers answer. No patient data."""
