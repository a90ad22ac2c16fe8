"""Imaging or coding says that the fracture at the target level has healed or is no longer active."""

from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Unknown, spoken
from cds_service.facts.fracture.activity import Activity, ActivityState, activity
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, named, none_on_record
from cds_service.facts.fracture.imaging import NOT_REPORTED, READ_REPORT, WINDOW, dated, recorded
from cds_service.facts.fracture.lesions import age_does_not_count
from cds_service.facts.fracture.target import past_at_target, target_levels
from cds_service.facts.shared.phrasing import begun, hedged, shortened
from cds_service.findings import (
    Essential,
    Finding,
    Kind,
    NotApplicable,
    Role,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Healed fracture",
    judges="healing",
    kind=Kind.NOT_INDICATED,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.SUPPLIED,
    role=Role.SETTLED,
    steps=("Look for another source of the pain", "Repeat MRI if symptoms have changed since"),
    settle=READ_REPORT,
)
def healed_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether current imaging says that the fracture at the target level is healed, old or without marrow oedema or uptake, or whether all
    that is on record there is resolved or a late effect. Where it does not say so of every target level it is a caution about this
    level alone.

    ## Why it matters
    A healed fracture does not hurt at the bone, and cement in it was not shown to help.

    ## When it stays silent
    When current imaging shows oedema or uptake. Where nothing is documented, healing is unknown. It does not apply to a malignant
    fracture or a non-union, or where no fracture is on record.
    """
    if age_does_not_count(chart, know):
        raise NotApplicable
    found = activity(chart, know)
    healed = [item for item in found if item.verdict is ActivityState.INACTIVE]
    not_healed = target_levels(chart).difference(*(item.levels for item in healed))
    for item in healed:
        yield _on_imaging(item, know, alone=not not_healed)
    if not found:
        yield from _coded(chart)
        if none_on_record(chart):
            raise NotApplicable
        gaps = chart.gaps(*FRACTURE_SECTIONS)
        raise Unknown("healing of the fracture", *(gaps or (NOT_REPORTED,)))
    if any(item.verdict is ActivityState.CONFLICTING for item in found):
        raise Unknown("healing of the fracture (findings conflict)", NOT_REPORTED)
    if not healed:
        chart.require("whether newer imaging calls the fracture healed", *FRACTURE_SECTIONS)


_DENIED = {ImagingSign.OEDEMA: "No marrow oedema", ImagingSign.UPTAKE: "No uptake"}
_DIFFERS = "CMS LCD, used here, asks for marrow oedema or uptake; ACR 2018 asks for neither."


def _on_imaging(item: Activity, know: Knowledge, *, alone: bool) -> Finding:
    seen = item.finding
    what = _DENIED.get(seen.sign)
    levels = spoken(item.levels)
    where = f" at {levels}" if levels else ""
    named = f"{what or 'Healed or old fracture'}{where}"
    return Finding(
        says=item.stated(named),
        short=shortened(what.lower() if what else "healed fracture", where),
        headline=f"{named}, {dated(seen)}",
        explains=" ".join(filter(None, (_DIFFERS if what else "", item.explained))),
        steps=() if alone else (f"Confirm that {levels} is meant, or take it off the order",),
        evidence=item.evidence,
        uses=(know.parameter(WINDOW),),
        cites=("cms-lcd", "acr-2018", "acr-practice-parameter", "cirse-2017"),
        effect=None if alone else Kind.RELATIVE,
        basis=seen.basis,
    )


def _coded(chart: Chart) -> Iterator[Finding]:
    """All that is on record at the target level is over, and no image speaks of it."""
    over = past_at_target(chart)
    for first in over[:1]:
        yield Finding(
            says=recorded(first, f"{begun('fracture', first.certainty)} at {named(over)} recorded as resolved or past"),
            short=shortened(hedged("past fracture", first.certainty), f" at {named(over)}"),
            evidence=tuple(item.evidence for item in over[:3]),
            cites=("cirse-2017",),
            basis=first.basis,
        )
