"""The response extension: every rule's result with its evidence, for programs (clinicians see the cards)."""

from collections.abc import Iterable
from typing import Any

from cds_service.cards import wording
from cds_service.cards.material import Material
from cds_service.cards.model import Card
from cds_service.chart import Basis, spoken
from cds_service.engine import Evidence, Result, Status

EXTENSION = "org.vertebroplasty-cds.assessment"
_SCHEMA = 1
NOT_APPLICABLE = "not-applicable"


def assessment(material: Material, withheld: Iterable[Card] = ()) -> dict[str, Any]:
    """The value of the extension; empty members are left out. `withheld` are cards that were overridden and not shown again."""
    order = material.order
    about_order = bool(order.references)
    planned = order.planned.start.isoformat() if order.planned else ""
    return _full(
        schema=_SCHEMA,
        disposition=str(material.assessment.disposition) if about_order else NOT_APPLICABLE,
        requires=list(material.assessment.requires) if about_order else [],
        asOf=material.as_of.isoformat(),
        plannedAt=planned,
        plannedAtSource=order.planned_source,
        orders=list(order.references),
        targetLevels=spoken(order.levels).split(", ") if order.levels else [],
        knowledge=material.know.version,
        notes=list(material.notes),
        withheld=[_withheld(card) for card in withheld],
        findings=[row(item) for item in material.results],
    )


def row(result: Result) -> dict[str, Any]:
    """One result; a rule that was silent says only its kind and status."""
    told: dict[str, Any] = {"rule": result.rule.id, "kind": str(result.rule.kind), "status": str(result.status)}
    finding = result.finding
    if result.status is Status.MET and finding:
        cited = dict.fromkeys([*(item.source for item in finding.uses), *finding.cites])
        return told | _full(
            effect=str(result.effect),
            indicator=str(result.indicator),
            says=finding.says,
            basis="" if finding.basis is Basis.CODE else str(finding.basis),
            evidence=[_evidence(item) for item in finding.evidence],
            citations=list(cited),
        )
    if result.status is Status.UNKNOWN:
        missing = [
            _full(section=str(gap.section), prefetchKey=str(gap.section), reason=str(gap.reason), says=gap.says)
            for gap in result.missing
        ]
        return told | _full(says=result.unknown, missing=missing)
    return told


def _withheld(card: Card) -> dict[str, Any]:
    return _full(topic=str(card.topic), says=wording.WITHHELD, rules=list(card.rules)) | dict(card.extension)


def _evidence(item: Evidence) -> dict[str, str]:
    return _full(
        reference=item.source.reference, path=item.path, date=item.when.iso if item.when else "", value=item.value
    )


def _full(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
