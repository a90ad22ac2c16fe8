"""A vertebral body fracture or a lesion of a vertebra is on record, at a level that is named or not."""

from collections.abc import Iterator

from cds_service.chart import Basis, Certainty, Chart, Unknown
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, Fracture, current_fractures, summed
from cds_service.facts.fracture.imaging import recorded
from cds_service.facts.fracture.target import target_fractures
from cds_service.facts.shared.phrasing import begun, hedged
from cds_service.findings import Essential, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge

_SHOWN = 4


@rule(
    title="Vertebral fracture on record",
    judges="fracture",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.NO,
    not_shown="no vertebral fracture on record",
    settle="Look for the fracture in diagnoses and imaging reports",
    role=Role.FRACTURE,
)
def vertebral_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the problem list, the reason of the order, or a report or finding of imaging names a fracture of a thoracic or lumbar
    vertebral body, or a tumour or necrosis of a named vertebra. A diagnosis that is only provisional counts and is called possible. The
    fracture to be treated is named; others on record are named behind the link.

    ## Why it matters
    Cement is put into a vertebra that is fractured or destroyed by tumour. Without one on record there is nothing to treat, or the
    record is incomplete.

    ## When it stays silent
    When all that is on record is resolved, healed, a late effect (seventh character S), a history, a broken process or arch, or a
    fracture of the neck or the sacrum. What is resolved or healed is for `healed_fracture` and `asymptomatic_fracture`.
    """
    found, gaps = current_fractures(chart)
    if found:
        there = target_fractures(chart) or found
        first, *others = sorted(there, key=_weight, reverse=True)
        elsewhere = tuple(item for item in found if item not in there)
        where = "" if any(item.levels for item in there) else ", level not stated"
        yield Finding(
            says=recorded(first, f"{begun(summed(there), first.certainty)}{where}"),
            short=hedged(summed(there), first.certainty),
            explains=f"On record as well: {summed(elsewhere)}." if elsewhere else "",
            evidence=tuple(item.evidence for item in (first, *others, *elsewhere)[:_SHOWN]),
            cites=("cms-lcd", "nice-ta279"),
            basis=Basis.CODE if any(item.basis is Basis.CODE for item in there) else Basis.TEXT,
        )
    yield from gaps


def _weight(item: Fracture) -> tuple[bool, bool, bool, bool]:
    """What is sure goes before what is possible, then what says when it began, what is coded, what is dated at all."""
    return (
        item.certainty is Certainty.CONFIRMED,
        item.onset is not None,
        item.basis is Basis.CODE,
        item.seen is not None,
    )
