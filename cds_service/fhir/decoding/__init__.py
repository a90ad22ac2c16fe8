"""From bytes to typed structs: each resource on its own, and one that is broken is repaired or set apart."""
