"""An allergy to something else that the procedure uses: local anaesthetic, sedative, skin preparation, latex, antibiotic."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown, ValueSets
from cds_service.facts.safety.allergies import allergies, described, evidence, short
from cds_service.findings import Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_USED = {
    ValueSets.ALLERGY_LOCAL_ANAESTHETIC: "a local anaesthetic",
    ValueSets.ALLERGY_SEDATIVE: "a sedative",
    ValueSets.ALLERGY_CHLORHEXIDINE: "skin preparation",
    ValueSets.ALLERGY_POVIDONE_IODINE: "skin preparation",
    ValueSets.ALLERGY_LATEX: "latex",
}
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
        used = next((words for name, words in _USED.items() if name in allergy.concept.sets), "")
        what = used or "an antibiotic used for prophylaxis"
        yield Finding(
            says=f"Allergy to {what}: {described(allergy)}",
            short=short(allergy, used.removeprefix("a ") or "antibiotic"),
            evidence=(evidence(allergy),),
            cites=("sir-antibiotics-2018",) if not used else ("site-policy",),
            effect=None if used else Kind.INFORMATION,
            basis=allergy.concept.basis,
            certainty=allergy.certainty,
        )
    yield from gaps
