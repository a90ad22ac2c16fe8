"""The fracture did not unite: a cleft, Kümmell disease, osteonecrosis, or a code that says so."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown, spoken
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, NO_LEVEL, named
from cds_service.facts.fracture.imaging import WINDOW, described, evidence, recorded
from cds_service.facts.fracture.lesions import clefts, nonunion_records
from cds_service.facts.shared.phrasing import begun, hedged, shortened
from cds_service.findings import Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge

_CITES = ("kuemmell-2013", "evicore-cmm607")
_EXPLAINS = "Its age does not exclude the procedure: a fracture that moves goes on hurting."


@rule(
    title="Fracture that did not unite",
    judges="union of the fracture",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=FRACTURE_SECTIONS,
    role=Role.LESION,
    settle="Look for a cleft or fluid in the imaging reports",
)
def fracture_nonunion(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a current image shows a cleft, fluid or vacuum in the target vertebra, or osteonecrosis or non-union is on record there:
    a diagnosis, or the seventh character K of a fracture code.

    ## Why it matters
    A fracture that moves keeps hurting, however old it is. Its age does not exclude the procedure.

    ## When it stays silent
    When neither diagnoses nor images name it, or images deny it. A cleft in the disc does not count.
    """
    images, records = clefts(chart, know), tuple(nonunion_records(chart))
    for seen in images[:1]:
        sign = f"Cleft or non-union at {spoken(seen.levels) or NO_LEVEL}"
        yield Finding(
            says=f"{sign}, {described(seen, beside=sign)}",
            short=shortened("cleft or non-union", f" at {spoken(seen.levels)}" if seen.levels else ""),
            explains=_EXPLAINS,
            evidence=(evidence(seen),),
            uses=(know.parameter(WINDOW),),
            cites=_CITES,
            basis=seen.basis,
        )
    for item in records[:1]:
        yield Finding(
            says=recorded(item, f"{begun('non-union or osteonecrosis', item.certainty)} at {named((item,))}"),
            short=shortened(hedged("non-union", item.certainty), f" at {named((item,))}"),
            explains=_EXPLAINS,
            evidence=(item.evidence,),
            cites=_CITES,
            basis=item.basis,
        )
    if not images and not records:
        chart.require("whether the fracture failed to unite", *FRACTURE_SECTIONS)
