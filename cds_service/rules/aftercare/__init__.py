"""Rules on what follows the procedure."""
