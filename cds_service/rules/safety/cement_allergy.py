"""An allergy to bone cement or to something in it."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Severity, Unknown, ValueSets
from cds_service.facts.safety.allergies import allergies, evidence, short, stated
from cds_service.findings import Essential, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_CEMENT = ValueSets.ALLERGY_CEMENT
_DIVIDED = (
    "CMS LCD calls an allergy to bone cement a relative contraindication, Radiopaedia an absolute one. Here one that was severe, or is "
    "marked as of high criticality, is a contraindication, any other a caution. Cement cannot be taken out again."
)
_ANTIBIOTIC = "Some bone cements contain an antibiotic; the instructions for use list what a cement contains."


@rule(
    title="Allergy to bone cement",
    judges="cement allergy",
    kind=Kind.ABSOLUTE,
    card=Topic.SAFETY,
    needs=(Section.ALLERGIES, Section.CONDITIONS),
    essential=Essential.SUPPLIED,
    steps=(
        "Confirm the allergy: to what, and how severe the reaction was",
        "Compare the allergy with what the planned cement contains (instructions for use)",
    ),
)
def cement_allergy(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an allergy to polymethyl methacrylate, acrylates, barium sulfate or another part of bone cement is on record. One that was
    severe, or is marked as of high criticality, is a contraindication, any other a caution. An allergy to an antibiotic that some
    cements contain is information.

    ## Why it matters
    Cement cannot be taken out again. The coverage determinations call the allergy a relative contraindication, the radiologists'
    guidelines an absolute one; this rule goes by how severe the reaction was.

    ## When it stays silent
    When the allergy is refuted, resolved or entered in error, or none is on record: an empty list, or a statement that none is known.
    """
    found, gaps = allergies(chart, _CEMENT, ValueSets.ALLERGY_CEMENT_ANTIBIOTIC)
    for allergy in found:
        if _CEMENT in allergy.concept.sets:
            effect = None if allergy.severity is Severity.SEVERE else Kind.RELATIVE
            noun, where, explains = "bone cement", "in bone cement", _DIVIDED
            steps: tuple[str, ...] = ()
        else:
            effect = Kind.INFORMATION
            noun, where, explains = "cement antibiotic", "in some bone cements", _ANTIBIOTIC
            steps = (f"Choose a cement with another antibiotic or none: {short(allergy, noun)}",)
        yield Finding(
            says=stated(allergy, noun, where),
            short=short(allergy, noun),
            explains=explains,
            steps=steps,
            evidence=(evidence(allergy),),
            cites=("cement-ifu", "cms-lcd", "radiopaedia-vertebroplasty"),
            effect=effect,
            basis=allergy.concept.basis,
            certainty=allergy.certainty,
        )
    yield from gaps
