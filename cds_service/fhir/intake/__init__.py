"""What arrived: whose it is, what no rule reads, and what cannot be read."""
