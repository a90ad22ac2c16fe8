"""Rules on neurology, stability, pregnancy and allergy."""
