"""The fracture did not unite: a cleft, Kümmell disease, osteonecrosis, or a code that says so."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown, spoken
from cds_service.engine import Finding, Kind, Topic, rule
from cds_service.facts.fracture import FRACTURE_SECTIONS
from cds_service.facts.imaging import WINDOW, evidence, told
from cds_service.facts.lesions import clefts, nonunion_records
from cds_service.knowledge import Knowledge


@rule(title="Fracture that did not unite", kind=Kind.INDICATION, card=Topic.SUITABILITY, needs=FRACTURE_SECTIONS)
def fracture_nonunion(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a current image shows a cleft, fluid or vacuum in the target vertebra, or osteonecrosis or non-union is on record there:
    a diagnosis, or the seventh character K of a fracture code.

    ## Why it matters
    A fracture that moves goes on hurting, however old it is. Its age does not exclude the procedure.

    ## When it stays silent
    When neither diagnoses nor images name it, or images deny it. A cleft in the disc is none.
    """
    found = False
    for seen in clefts(chart, know):
        at = spoken(seen.levels) or "a level that is not stated"
        found = True
        yield Finding(
            says=f"Cleft or non-union at {at}, {told(seen)}; its age does not exclude it",
            evidence=(evidence(seen),),
            uses=(know.parameter(WINDOW),),
            cites=("kuemmell-2013", "evicore-cmm607"),
            basis=seen.basis,
            values=seen,
        )
        break
    for item in nonunion_records(chart):
        at = spoken(item.levels) or "a level that is not stated"
        found = True
        yield Finding(
            says=f"Non-union or osteonecrosis on record at {at}: {item.text[:80]}; its age does not exclude it",
            evidence=(item.evidence,),
            cites=("kuemmell-2013", "evicore-cmm607"),
            basis=item.basis,
            certainty=item.certainty,
            values=item,
        )
        break
    if not found:
        chart.require("whether the fracture failed to unite", *FRACTURE_SECTIONS)
