"""The criteria of an ordinary fracture on a card: what shows each, or how many are met and which are not."""

from collections.abc import Sequence

from cds_service.cards import gaps, headlines, wording
from cds_service.cards.body import joined
from cds_service.cards.inputs import CardInputs
from cds_service.findings import CRITERIA, Kind, Result, Status


def counted(material: CardInputs, named: Sequence[Result]) -> list[str]:
    """How many criteria are met, and which are not unless the card has `named` it, as one line."""
    results = material.results
    met = [role for role in CRITERIA if results.met_in(role)]
    left = [item for role in CRITERIA if role not in met for item in results.in_role(role)]
    left = [item for item in left if item.status is not Status.NOT_APPLICABLE]
    count = wording.CRITERIA.format(met=len(met), total=len(met) + len(left))
    return joined([count, *(_lacking(item) for item in left if all(item is not other for other in named))])[:1]


def _lacking(item: Result) -> str:
    """A criterion that is not shown, or of which nothing is recorded."""
    return item.rule.not_shown if item.status is Status.NOT_MET else gaps.brief(item)


def evidence(material: CardInputs) -> list[str]:
    """What shows each criterion in few words with its day, then other indications, as lines."""
    results = material.results
    found = [
        *results.met_in(*CRITERIA),
        *(item for item in results.met if item.effect is Kind.INDICATION and item.rule.role not in CRITERIA),
    ]
    texts: dict[str, None] = {}
    days: set[str] = set()
    for finding in (item.finding for item in found if item.finding):
        day = headlines.day(finding)
        brief = finding.short if day in days else headlines.dated(finding)
        texts[material.say(finding.headline or brief)] = None
        days.add(day)
    return joined(list(texts))
