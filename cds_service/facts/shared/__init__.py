"""Readings that several themes share: the person, the setting, drugs, results, and how a reading states a gap."""
