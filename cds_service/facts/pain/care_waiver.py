"""Why conservative care need not have failed before the procedure: a tumour, care that cannot be given, severe pain in hospital."""

from collections.abc import Iterator

from msgspec import Struct

from cds_service.chart import Basis, Certainty, Chart
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS
from cds_service.facts.fracture.lesions import malignant_records
from cds_service.facts.pain import scores
from cds_service.facts.pain.care import obstacles_to_care
from cds_service.facts.shared.gaps import gathered
from cds_service.facts.shared.phrasing import brief, described, recorded
from cds_service.facts.shared.setting import Setting, setting
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge, Parameter


class Waiver(Struct, frozen=True):
    """One reason, in words that follow "conservative care need not have failed: ", and what it rests on."""

    why: str
    evidence: tuple[Evidence, ...]
    cites: tuple[str, ...]
    uses: tuple[Parameter, ...] = ()
    basis: Basis = Basis.CODE


def care_waivers(chart: Chart, know: Knowledge) -> Iterator[Waiver]:
    """The reasons on record; then `Unknown` if a gap could hide one.

    eviCore asks for no conservative care in malignant disease, SIR accepts unacceptable side effects of analgesics, and CMS asks for
    none of a patient in hospital with pain of 8 or more.
    """
    for tumour in malignant_records(chart):
        differs = "eviCore CMM-607 (decides) asks for none, CMS LCD for pain that drugs do not control"
        yield Waiver(
            why=f"{'possibly ' if tumour.certainty is Certainty.POSSIBLE else ''}malignant, {brief(tumour.text)}; {differs}",
            evidence=(tumour.evidence,),
            cites=("evicore-cmm607", "cms-lcd"),
            basis=tumour.basis,
        )
    score, severe = scores.latest(chart, know), scores.threshold(Setting.OUTPATIENT, know)
    very_severe = scores.threshold(Setting.INPATIENT, know)
    if scores.reaches(score, severe.value):
        obstacles, gaps = gathered(obstacles_to_care(chart))
        for problem in obstacles:
            yield Waiver(
                why=f"{described(problem)}, with pain {scores.phrase(score)}",
                evidence=(recorded(problem), score.evidence),
                cites=("sir-qi-2014",),
                uses=(severe,),
                basis=problem.concept.basis,
            )
        if scores.reaches(score, very_severe.value) and setting(chart) is Setting.INPATIENT:
            yield Waiver(
                why=f"in hospital with pain {scores.phrase(score)}",
                evidence=(score.evidence,),
                cites=("cms-lcd",),
                uses=(very_severe,),
            )
        for gap in gaps:
            raise gap
    for doubt in score.doubts():
        raise doubt
    chart.require("whether the fracture is malignant", *FRACTURE_SECTIONS)
