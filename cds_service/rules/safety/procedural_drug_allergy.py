"""An allergy to something else that the procedure uses: local anaesthetic, sedative, skin preparation, latex, antibiotic."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown, ValueSets
from cds_service.facts.safety.allergies import allergies, evidence, short, stated
from cds_service.findings import Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_USED = {
    ValueSets.ALLERGY_LOCAL_ANAESTHETIC: ("local anaesthetic", "another local anaesthetic"),
    ValueSets.ALLERGY_SEDATIVE: ("sedative", "another sedative"),
    ValueSets.ALLERGY_CHLORHEXIDINE: ("skin preparation", "another skin preparation"),
    ValueSets.ALLERGY_POVIDONE_IODINE: ("skin preparation", "another skin preparation"),
    ValueSets.ALLERGY_LATEX: ("latex", "latex-free equipment"),
}
"""What of the procedure it is, and what is used instead."""
_ANTIBIOTIC = ("antibiotic", "another antibiotic")
_EXPLAINS = "No guideline on vertebroplasty lists this allergy; common practice is to know it beforehand, since there is an alternative."
_PROPHYLAXIS_EXPLAINS = "The SIR guideline on antibiotics (2018) names alternatives to cefazolin."
_PROPHYLAXIS = (ValueSets.ALLERGY_BETA_LACTAM, ValueSets.ALLERGY_CLINDAMYCIN, ValueSets.ALLERGY_VANCOMYCIN)


@rule(
    title="Allergy to something used in the procedure",
    kind=Kind.RELATIVE,
    card=Topic.SAFETY,
    needs=(Section.ALLERGIES, Section.CONDITIONS),
    judges="drug or latex allergy",
)
def procedural_drug_allergy(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an allergy to a local anaesthetic, a sedative, chlorhexidine, povidone-iodine or latex is on record. An allergy to an
    antibiotic used for prophylaxis is information: another one can be chosen.

    ## Why it matters
    For each of them there is an alternative, if it is known beforehand.

    ## When it stays silent
    When no such allergy is on record, or it is refuted, resolved or entered in error.
    """
    found, gaps = allergies(chart, ValueSets.ALLERGY_PROCEDURAL, *_PROPHYLAXIS)
    for allergy in found:
        used = next((words for name, words in _USED.items() if name in allergy.concept.sets), None)
        noun, instead = used or _ANTIBIOTIC
        whom = "" if used else f" of the {short(allergy, noun)}"  # which no other line of a card names
        yield Finding(
            says=stated(allergy, noun, noun if used else "antibiotic for prophylaxis"),
            short=short(allergy, noun),
            evidence=(evidence(allergy),),
            cites=("sir-antibiotics-2018",) if not used else ("site-policy",),
            effect=None if used else Kind.INFORMATION,
            basis=allergy.concept.basis,
            certainty=allergy.certainty,
            explains=_EXPLAINS if used else _PROPHYLAXIS_EXPLAINS,
            steps=(f"Tell the procedure team{whom}, so that {instead} is ready",),
        )
    yield from gaps
