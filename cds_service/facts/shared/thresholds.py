"""How a finding names the numbers on which sources differ, and which of them decides."""

from collections.abc import Mapping

from cds_service.knowledge import Knowledge, Parameter

DECIDES = " (used here)"
"""Follows the number that a rule goes by, where others are named beside it."""


def number(item: Parameter, know: Knowledge) -> str:
    """A number under the name of its source, such as `CMS LCD 84 days`; one that the site replaced goes under the site's name."""
    return f"{'site' if item.site_reason else know.citation(item.source).label} {item.text}"


def sourced(item: Parameter, know: Knowledge) -> str:
    """A number with its source behind it: `84 days (CMS LCD)`; one that the site replaced is `(this site)`."""
    return f"{item.text} ({'this site' if item.site_reason else know.citation(item.source).label})"


def compared(numbers: Mapping[str, bool]) -> str:
    """Which of several numbers are reached, as in `reaches SIR 2014 24 h (used here), CIRSE 2017 3 weeks; below Blue plans 6 weeks`."""
    reached = ", ".join(name for name, is_reached in numbers.items() if is_reached)
    missed = ", ".join(name for name, is_reached in numbers.items() if not is_reached)
    return f"reaches {reached}{f'; below {missed}' if missed else ''}"
