"""The cards on antithrombotics, infection and safety: what was found, grouped by urgency."""

from collections.abc import Iterable
from itertools import groupby

from cds_service.cards import markdown, wording
from cds_service.cards.inputs import CardInputs
from cds_service.cards.lines import line, lines
from cds_service.findings import Indicator, Result


def summary(found: tuple[Result, ...]) -> str:
    """The most urgent finding in full; how many more there are."""
    says = [item.finding.says for item in found if item.finding]
    return markdown.fitting(wording.POINTS, says, whole=1)


def detail(material: CardInputs, found: tuple[Result, ...], summary: str, information: Iterable[Result]) -> str:
    """The first finding without what the card's summary says of it, then the others under their urgency."""
    first, others = found[0], found[1:]
    grouped = groupby(others, key=lambda item: item.indicator or Indicator.INFO)
    return markdown.sections(
        line(material, first, summary=summary),
        *(markdown.section(wording.URGENCY[urgency], lines(material, items)) for urgency, items in grouped),
        markdown.section(wording.INFORMATION, lines(material, information)),
    )
