"""Imaging or coding says that the fracture at the target level has healed or is no longer active."""

from collections.abc import Iterator

from cds_service.chart import Age, Chart, ImagingSign, Missing, Reason, Section, Unknown, spoken
from cds_service.engine import Essential, Finding, Kind, NotApplicable, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS, named, past_at_target
from cds_service.facts.imaging import WINDOW, Activity, Verdict, activity, evidence, told
from cds_service.facts.lesions import age_does_not_count
from cds_service.knowledge import Knowledge


@rule(
    title="Healed fracture",
    kind=Kind.NOT_INDICATED,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    essential=Essential.SUPPLIED,
)
def healed_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether current imaging says that the fracture at the target level is healed, old or without marrow oedema or uptake, or whether all
    that is on record there is resolved or a late effect. Where another target level is active it is a caution about this level alone.

    ## Why it matters
    A healed fracture does not hurt at the bone, and cement in it was not shown to help.

    ## When it stays silent
    When current imaging shows oedema or uptake. That nothing is documented is no healing: then it is unknown. It is not asked for a
    malignant fracture or a non-union.
    """
    if age_does_not_count(chart, know):
        raise NotApplicable
    found = activity(chart, know)
    some_active = any(item.verdict is Verdict.ACTIVE for item in found)
    healed = [item for item in found if item.verdict is Verdict.INACTIVE]
    for item in healed:
        yield _on_imaging(item, chart, know, alone=not some_active)
    if not healed and not found:
        yield from _coded(chart)
    if not found:
        gaps = chart.gaps(*FRACTURE_SECTIONS)
        raise Unknown("whether the fracture has healed", *(gaps or (_NOT_JUDGED,)))
    if any(item.verdict is Verdict.CONFLICTING for item in found):
        raise Unknown("whether the fracture has healed: findings conflict", _NOT_JUDGED)
    if not healed:
        chart.require("whether newer imaging calls the fracture healed", *FRACTURE_SECTIONS)


_NOT_JUDGED = Missing(Section.IMAGING_REPORTS, Reason.NOT_MEASURED)


def _on_imaging(item: Activity, chart: Chart, know: Knowledge, *, alone: bool) -> Finding:
    seen = item.finding
    what = {ImagingSign.OEDEMA: "No marrow oedema", ImagingSign.UPTAKE: "No uptake"}.get(seen.sign, "Healed or old")
    where = f" at {spoken(item.levels)}" if item.levels else ""
    earlier = f"; {told(item.contrary[0])} differs" if item.contrary else ""
    return Finding(
        says=f"{what}{where}, {told(seen)}{earlier}",
        evidence=(evidence(seen), *map(evidence, item.contrary[:2])),
        uses=(know.parameter(WINDOW),),
        cites=("cms-lcd", "acr-practice-parameter", "cirse-2017"),
        effect=None if alone else Kind.RELATIVE,
        basis=seen.basis,
        values=item,
    )


def _coded(chart: Chart) -> Iterator[Finding]:
    """All that is on record at the target level is over, and no image speaks of it."""
    over = past_at_target(chart)
    if over:
        first = over[0]
        since = first.onset or first.seen
        ago = f", {Age.since(since, chart.as_of).least} d ago" if since else ""
        yield Finding(
            says=f"Fracture at {named(over)} is recorded as resolved or past: {first.text[:80]}{ago}",
            evidence=tuple(item.evidence for item in over[:3]),
            cites=("cirse-2017",),
            basis=first.basis,
            certainty=first.certainty,
        )
