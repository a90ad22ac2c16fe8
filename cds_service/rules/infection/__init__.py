"""Rules on infection."""
