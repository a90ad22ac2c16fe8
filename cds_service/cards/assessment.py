"""The response extension: every rule's result with its evidence, for programs (clinicians see the cards)."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from cds_service.cards import wording
from cds_service.cards.inputs import CardInputs
from cds_service.cards.lines import cited
from cds_service.cards.model import Card
from cds_service.chart import Basis, Reason, Section, spoken
from cds_service.chart.intake import Cause, Intake
from cds_service.findings import Evidence, Indicator, Kind, Result, Status

EXTENSION = "org.vertebroplasty-cds.assessment"
_SCHEMA = 2
NOT_APPLICABLE = "not-applicable"


class EvidenceRow(Struct, frozen=True, omit_defaults=True):
    """An element that a finding rests on; `date` as FHIR writes it."""

    reference: str = ""
    path: str = ""
    date: str = ""
    value: str = ""


class GapRow(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What a rule could not read, and why."""

    section: Section
    prefetch_key: Section
    reason: Reason
    says: str = ""


class FindingRow(Struct, frozen=True, omit_defaults=True):
    """One result; a rule that was silent says only its kind and status."""

    rule: str
    kind: Kind
    status: Status
    effect: Kind | None = None
    indicator: Indicator | None = None
    says: str = ""
    short: str = ""
    headline: str = ""
    explains: str = ""
    steps: tuple[str, ...] = ()
    basis: Basis = Basis.CODE
    evidence: tuple[EvidenceRow, ...] = ()
    citations: tuple[str, ...] = ()
    missing: tuple[GapRow, ...] = ()


class IntakeRow(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What became of the resources that came for one prefetch key: how many in all, and how many ended in each way."""

    prefetch_key: Section
    arrived: int
    read: int = 0
    of_no_concern: int = 0
    partly_read: int = 0
    superseded: int = 0
    anothers: int = msgspec.field(default=0, name="anotherPatients")
    not_understood: int = 0


class NotUnderstoodRow(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What was not understood in one section for one reason, and how many entries there are of it."""

    prefetch_key: Section
    cause: Cause
    says: str
    count: int = 1


def assessment(material: CardInputs, withheld: Iterable[Card] = ()) -> dict[str, Any]:
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
        intake=intake(material.intake),
        findings=[row(item) for item in material.results],
    )


def intake(found: Intake) -> dict[str, Any]:
    """What became of all that arrived, by prefetch key, and what of it was not understood."""
    named = Counter((item.section, item.cause, item.says) for item in found.not_understood)
    return _full(
        sections=[
            IntakeRow(section, sum(counts.values()), **{end.name.lower(): number for end, number in counts.items()})
            for section, counts in found.counts.items()
        ],
        notUnderstood=[NotUnderstoodRow(*which, count) for which, count in named.items()],
    )


def row(result: Result) -> FindingRow:
    """One result as the response has it."""
    rule, status, finding = result.rule, result.status, result.finding
    if finding:
        return FindingRow(
            rule=rule.id,
            kind=rule.kind,
            status=status,
            effect=result.effect,
            indicator=result.indicator,
            says=finding.says,
            short=finding.short,
            headline=finding.headline,
            explains=finding.explains,
            steps=finding.steps or rule.steps,
            basis=finding.basis,
            evidence=tuple([_evidence(item) for item in finding.evidence]),
            citations=cited(finding),
        )
    if status is Status.UNKNOWN:
        missing = [GapRow(gap.section, gap.section, gap.reason, gap.says) for gap in result.missing]
        return FindingRow(
            rule.id,
            rule.kind,
            status,
            result.effect,
            says=result.unknown,
            evidence=tuple([_evidence(item) for item in result.evidence]),
            missing=tuple(missing),
        )
    return FindingRow(rule.id, rule.kind, status)


def _withheld(card: Card) -> dict[str, Any]:
    return _full(topic=str(card.topic), says=wording.WITHHELD, rules=list(card.rules)) | dict(card.extension)


def _evidence(item: Evidence) -> EvidenceRow:
    return EvidenceRow(item.source.reference, item.path, item.when.iso if item.when else "", item.value)


def _full(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
