"""How much height the vertebra has lost, as images say it."""

from collections.abc import Iterator

from cds_service.chart import Assertion, Chart, ImagingFinding, ImagingSign
from cds_service.facts.fracture.target import at_target
from cds_service.knowledge import Parameter


def height_losses(chart: Chart) -> Iterator[ImagingFinding]:
    """Findings of a height loss at the target level, of whichever time: a vertebra does not regain its height."""
    for seen in chart.imaging:
        if (
            seen.sign is ImagingSign.HEIGHT_LOSS
            and seen.assertion is Assertion.PRESENT
            and at_target(seen.levels, chart)
        ):
            yield seen


def is_at_most(seen: ImagingFinding, limit: Parameter) -> bool:
    """Whether a finding says that no more height than the limit is lost."""
    if seen.assertion is Assertion.ABSENT:
        return True
    return seen.assertion is Assertion.PRESENT and seen.percent is not None and seen.percent[1] <= limit.value


def percentage(seen: ImagingFinding) -> str:
    """The share that is lost, such as `70 %` or `80 to 100 %`."""
    low, high = seen.percent or (0.0, 0.0)
    return f"{low:g} %" if low == high else f"{low:g} to {high:g} %"
