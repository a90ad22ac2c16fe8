"""What to think of before the day: fasting, antibiotic prophylaxis, lying prone, sedation."""

from collections.abc import Iterator

from cds_service.chart import Allergy, Chart, Section, Severity, Unknown
from cds_service.engine import Finding, Kind, Topic, rule
from cds_service.facts.allergies import allergies, evidence, told
from cds_service.facts.gathered import gathered
from cds_service.facts.labs import at_least, history
from cds_service.knowledge import Knowledge

_BETA_LACTAM = "allergy-beta-lactam"
_ALTERNATIVES = ("clindamycin", "vancomycin")


@rule(
    title="Preparation for the day",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=(Section.ALLERGIES, Section.CONDITIONS, Section.VITALS),
)
def procedure_preparation(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a slot is stated and near. Then it recalls the usual fasting times, the usual antibiotic prophylaxis with the alternative
    for this patient's allergies, that the patient lies prone, and that somebody takes them home after sedation.

    ## Why it matters
    These are the common reasons why a case is put off on the day. Whether prophylaxis helps is not proven; it is widely given.

    ## When it stays silent
    When no slot is stated, or it is further away.
    """
    ahead = know.parameter("procedure_preparation.slot_within")
    planned = chart.order.planned
    if planned is None or planned.start - chart.as_of > ahead.span:
        return
    clear, light, heavy = (
        know.parameter(f"procedure_preparation.fasting_{name}") for name in ("clear", "light", "heavy")
    )
    yield Finding(
        f"Usual fasting before sedation: clear liquids {clear.shown}, a light meal {light.shown}, fatty or fried food {heavy.shown}",
        uses=(ahead, clear, light, heavy),
    )
    known, gaps = gathered(allergies(chart, _BETA_LACTAM, *(f"allergy-{name}" for name in _ALTERNATIVES)))
    yield _prophylaxis(known, chart, know)
    least, most = (know.parameter(f"procedure_preparation.prone_{name}") for name in ("least", "most"))
    yield Finding(
        f"The patient lies prone for {least.value:g} to {most.value:g} min: can they? Local anaesthetic with sedation, at times general"
        " anaesthesia; somebody takes them home; spine surgery is within reach",
        uses=(least, most),
        cites=("patient-sheets", "nice-ipg166"),
    )
    yield from gaps


def _prophylaxis(known: tuple[Allergy, ...], chart: Chart, know: Knowledge) -> Finding:
    """The usual drug, or what is left of the alternatives if the patient is allergic to it."""
    usual = {
        name: know.parameter(f"procedure_preparation.{name}")
        for name in ("cefazolin", "cefazolin_heavy", *_ALTERNATIVES)
    }
    heavy = know.parameter("procedure_preparation.heavy")
    to_beta_lactam = [item for item in known if _BETA_LACTAM in item.concept.sets]
    barred = {name for name in _ALTERNATIVES for item in known if f"allergy-{name}" in item.concept.sets}
    left = [f"{name} {usual[name].shown}" for name in _ALTERNATIVES if name not in barred]
    weights, _ = gathered(history(chart, "body-weight", "weight"))
    dose = usual["cefazolin_heavy"] if weights and at_least(weights[0], heavy.value) else usual["cefazolin"]
    says = f"Antibiotic prophylaxis, where used: commonly cefazolin {dose.shown} IV within an hour before the puncture"
    uses = [dose]
    if to_beta_lactam:
        severe = any(item.severity is Severity.SEVERE for item in to_beta_lactam)
        says = (
            f"Allergy on record ({told(to_beta_lactam[0])}): {'instead of' if severe else 'if it was severe, instead of'} cefazolin "
            f"commonly {' or '.join(left) or 'a choice to be made with pharmacy or microbiology'}"
        )
        uses = [usual[name] for name in _ALTERNATIVES]
    shown = tuple(evidence(item) for item in known)
    return Finding(
        says, (*shown, *(item.evidence for item in weights[:1])), uses=tuple(uses), cites=("sir-antibiotics-2018",)
    )
