"""Why conservative care need not have failed before the procedure: a tumour, care that cannot be given, severe pain in hospital."""

from msgspec import Struct

from cds_service.chart import Basis, Chart, Condition, Reading
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, Fracture
from cds_service.facts.fracture.lesions import malignant_records
from cds_service.facts.pain import scores
from cds_service.facts.pain.care import obstacles_to_care
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.phrasing import brief, diagnosed, hedged, inside, on, recorded
from cds_service.facts.shared.setting import Setting, setting
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge, Parameter


class Waiver(Struct, frozen=True):
    """One reason, in words that follow "conservative care not required: ", what it rests on, and who accepts it."""

    why: str
    evidence: tuple[Evidence, ...]
    cites: tuple[str, ...]
    explains: str
    uses: tuple[Parameter, ...] = ()
    basis: Basis = Basis.CODE


def care_waivers(chart: Chart, know: Knowledge) -> Reading[Waiver]:
    """The reasons on record; and the gap that could hide one.

    eviCore asks for no conservative care in malignant disease, SIR accepts unacceptable side effects of analgesics, and CMS asks for
    none of a patient in hospital with pain of 8 or more.
    """
    malignant = tuple(_malignant(tumour) for tumour in malignant_records(chart))
    of_pain = _of_pain(chart, know)
    gaps = (*of_pain.gaps, *chart.gap_unless_whole("whether the fracture is malignant", *FRACTURE_SECTIONS))
    return Reading((*malignant, *of_pain.values), gaps).one_gap()


def _of_pain(chart: Chart, know: Knowledge) -> Reading[Waiver]:
    """The reasons that count with severe pain only."""
    found, gaps = scores.scores(chart, know)
    if not found:
        return Reading((), gaps)
    score, severe = found[0], scores.threshold(Setting.OUTPATIENT, know)
    is_severe = scores.reaches(score, severe.value)
    if is_severe.values != (True,):
        return Reading((), (*is_severe.gaps, *score.doubts()))
    obstacles, in_hospital = obstacles_to_care(chart), _in_hospital(score, chart, know)
    waivers = (*(_hindered(item, score, severe) for item in obstacles.values), *in_hospital.values)
    return Reading(waivers, (*in_hospital.gaps, *obstacles.gaps, *score.doubts()))


def _in_hospital(score: Lab, chart: Chart, know: Knowledge) -> Reading[Waiver]:
    limit = scores.threshold(Setting.INPATIENT, know)
    is_very_severe, place = scores.reaches(score, limit.value), setting(chart)
    if is_very_severe.values != (True,):
        return Reading((), is_very_severe.gaps)
    if place.values != (Setting.INPATIENT,):
        return Reading((), place.gaps)
    says = f"in hospital with pain {scores.phrase(score)}"
    explains = f"The CMS LCD asks for no conservative care of a patient in hospital with pain of {limit.text} or more."
    return Reading((Waiver(says, (score.evidence,), ("cms-lcd",), explains, uses=(limit,)),))


def _malignant(tumour: Fracture) -> Waiver:
    return Waiver(
        why=f"{hedged('malignant fracture', tumour.certainty)}, {inside(brief(tumour.text, 'tumour on record'))}",
        evidence=(tumour.evidence,),
        cites=("evicore-cmm607", "cms-lcd"),
        explains="In malignant disease eviCore CMM-607 (used here) asks for no conservative care, the CMS LCD for pain that drugs do not"
        " control.",
        basis=tumour.basis,
    )


def _hindered(problem: Condition, score: Lab, severe: Parameter) -> Waiver:
    return Waiver(
        why=f"{diagnosed(problem, 'care not tolerated')}{on(problem.dated)}, with pain {scores.phrase(score)}",
        evidence=(recorded(problem), score.evidence),
        cites=("sir-qi-2014",),
        explains="SIR 2014 counts care as failed where analgesics have unacceptable side effects, or where the pain keeps the patient from"
        " walking in spite of them.",
        uses=(severe,),
        basis=problem.concept.basis,
    )
