"""Mutation testing: whether a change in the clinical logic would be noticed."""
