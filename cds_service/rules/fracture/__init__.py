"""Rules on the fracture: is there one, how old, at which level, of what cause."""
