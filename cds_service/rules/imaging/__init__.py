"""Rules on imaging: what it shows and whether it can be relied on."""
