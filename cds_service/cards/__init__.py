"""Turns findings into at most five short cards, most urgent first, each with its evidence and its sources."""
