"""Rules on preparing for the day of the procedure."""
