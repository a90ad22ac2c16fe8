"""The pages that a card leads to: why it came, the guideline, and the site's SMART app if it has one."""

import json
from collections.abc import Iterable, Sequence

from cds_service.cards import wording
from cds_service.cards.inputs import CardInputs
from cds_service.cards.lines import cited
from cds_service.cards.model import Link
from cds_service.findings import Result
from cds_service.knowledge import Citation


def links(
    material: CardInputs, results: Sequence[Result], source: Citation | None, not_recorded: int = 0
) -> tuple[Link, ...]:
    """The page of the rule that leads the card, its primary source, and the app with the orders as its context.

    The first also says how much else is not recorded that could not change the answer.
    """
    manner = material.manner
    found = []
    if manner.base_url and results:
        rule = results[0].rule
        why = wording.WHY_AND_GAPS if not_recorded else wording.WHY
        label = why.format(rule=rule.title, count=not_recorded)
        found.append(Link(label, f"{manner.base_url}/rules/{rule.id}", "absolute"))
    if source:
        found.append(Link(wording.GUIDELINE.format(source=source.label), source.url, "absolute"))
    if manner.app_url:
        context = json.dumps({"orders": list(material.order.references)})
        found.append(Link(manner.app_label or wording.APP, manner.app_url, "smart", context))
    return tuple(found)


def primary(material: CardInputs, results: Iterable[Result]) -> Citation | None:
    """The first source with an address among those that the findings rest on, in their order."""
    for result in results:
        for identifier in cited(result.finding) if result.finding else ():
            source = material.know.citation(identifier)
            if source.url:
                return source
    return None
