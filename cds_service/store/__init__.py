"""What is kept: which cards were shown, what was said about them, which tokens are spent. No patient data."""
