"""A vertebral body fracture or a lesion of a vertebra is on record, at a level that is named or not."""

from collections.abc import Iterator

from cds_service.chart import Basis, Certainty, Chart, Unknown
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, Fracture, current_fractures, named
from cds_service.facts.shared.phrasing import begun, brief, on
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
    not_shown="no vertebral fracture found in the record",
    role=Role.FRACTURE,
)
def vertebral_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the problem list, the reason of the order, or a report or finding of imaging names a fracture of a thoracic or lumbar
    vertebral body, or a tumour or necrosis of a named vertebra. A diagnosis that is only provisional counts and is called possible.

    ## Why it matters
    Cement is put into a broken or eaten vertebra. Without one on record there is nothing to treat, or the record is incomplete.

    ## When it stays silent
    When all that is on record is resolved, healed, a late effect (seventh character S), a history, a broken process or arch, or a
    fracture of the neck or the sacrum. What is resolved or healed is told by `healed_fracture` and `asymptomatic_fracture`.
    """
    found, gaps = current_fractures(chart)
    if found:
        first = max(found, key=_how_sure)
        kind = "vertebral lesion" if all(item.is_lesion for item in found) else "vertebral fracture"
        yield Finding(
            says=f"{begun(kind, first.certainty)} on record at {named(found)}: {brief(first.text)}{on(first.onset or first.seen)}",
            evidence=tuple(item.evidence for item in found[:_SHOWN]),
            cites=("cms-lcd", "nice-ta279"),
            basis=Basis.CODE if any(item.basis is Basis.CODE for item in found) else Basis.TEXT,
        )
    yield from gaps


def _how_sure(item: Fracture) -> tuple[bool, bool]:
    """A confirmed record goes before a possible one, then a coded one before one in words."""
    return item.certainty is Certainty.CONFIRMED, item.basis is Basis.CODE
