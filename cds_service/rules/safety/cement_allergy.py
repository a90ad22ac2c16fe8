"""An allergy to bone cement or to something in it."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Severity, Unknown, ValueSets
from cds_service.facts.safety.allergies import allergies, described, evidence, short
from cds_service.findings import Essential, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_CEMENT = ValueSets.ALLERGY_CEMENT
_DIVIDED = " (CMS LCD: relative, Radiopaedia: absolute; the severity decides)"


@rule(
    title="Allergy to bone cement",
    judges="cement allergy",
    kind=Kind.ABSOLUTE,
    card=Topic.SAFETY,
    needs=(Section.ALLERGIES, Section.CONDITIONS),
    essential=Essential.SUPPLIED,
)
def cement_allergy(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an allergy to polymethyl methacrylate, acrylates, barium sulfate or another part of bone cement is on record. One that was
    severe, or is marked as of high criticality, is a contraindication, any other a caution. An allergy to an antibiotic that some
    cements contain is information.

    ## Why it matters
    Cement cannot be taken out again. The coverage determinations call the allergy a relative contraindication, the radiologists'
    guidelines an absolute one; this rule lets the severity decide.

    ## When it stays silent
    When the allergy is refuted, resolved or entered in error, or none is on record: an empty list, or a statement that none is known.
    """
    found, gaps = allergies(chart, _CEMENT, ValueSets.ALLERGY_CEMENT_ANTIBIOTIC)
    for allergy in found:
        if _CEMENT in allergy.concept.sets:
            effect = None if allergy.severity is Severity.SEVERE else Kind.RELATIVE
            says, noun = f"Allergy to a part of bone cement: {described(allergy)}{_DIVIDED}", "bone cement"
        else:
            effect = Kind.INFORMATION
            says = f"Allergy to an antibiotic that some bone cements contain: {described(allergy)}"
            noun = "cement antibiotic"
        yield Finding(
            says=says,
            short=short(allergy, noun),
            evidence=(evidence(allergy),),
            cites=("cement-ifu", "cms-lcd", "radiopaedia-vertebroplasty"),
            effect=effect,
            basis=allergy.concept.basis,
            certainty=allergy.certainty,
        )
    yield from gaps
