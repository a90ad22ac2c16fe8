"""Readings that rules share: judgements over the chart, each computed once, each with its source."""
