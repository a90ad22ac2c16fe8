"""What to think of before the day: fasting, antibiotic prophylaxis, lying prone, an escort home."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown
from cds_service.facts.safety import allergies
from cds_service.facts.safety.prophylaxis import Prophylaxis, prophylaxis
from cds_service.findings import Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Preparation for the day",
    judges="preparation for the day",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=(Section.ALLERGIES, Section.CONDITIONS, Section.VITALS),
    role=Role.PREPARATION,
    settle="Ask about allergies",
)
def procedure_preparation(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a time is planned and near. Then it recalls the usual fasting times, the usual antibiotic prophylaxis with the alternative
    for this patient's allergies, that the patient lies prone, that somebody takes them home after sedation, and that a
    plan is wanted for urgent spine surgery, should cement leak into the canal.

    ## Why it matters
    These are the common reasons why a case is put off on the day. Whether prophylaxis helps is not proven; it is widely given.

    ## When it stays silent
    When no time is planned, or it is further away.
    """
    ahead = know.parameter("procedure_preparation.slot_within")
    planned = chart.order.planned
    if planned is None or planned.start - chart.as_of > ahead.span:
        return
    clear, light, heavy = know.parameters("procedure_preparation", "fasting_clear", "fasting_light", "fasting_heavy")
    yield Finding(
        f"Usual fasting before sedation: clear liquids {clear.text}, a light meal {light.text}, fatty or fried food {heavy.text}",
        "fasting before sedation",
        uses=(ahead, clear, light, heavy),
    )
    (usual,), gaps = prophylaxis(chart, know)
    yield _antibiotic(usual)
    least, most = know.parameters("procedure_preparation", "prone_least", "prone_most")
    yield Finding(
        f"Lying prone for {least.value:g} to {most.value:g} min under local anaesthetic and sedation: can the patient manage it?",
        f"prone for {least.value:g}–{most.value:g} min",
        uses=(least, most),
        cites=("patient-sheets", "nice-ipg166"),
        explains="General anaesthesia is used at times.",
        steps=(
            "Arrange an escort home after sedation",
            "Agree a plan for urgent spine surgery, should cement leak into the canal",
        ),
    )
    yield from gaps


def _antibiotic(usual: Prophylaxis) -> Finding:
    if usual.allergy is None:
        says = f"Antibiotic prophylaxis, where used: commonly cefazolin {usual.usual.text} IV within an hour before the puncture"
        return Finding(
            says,
            "antibiotic prophylaxis: cefazolin",
            usual.evidence,
            uses=(usual.usual,),
            cites=("sir-antibiotics-2018",),
        )
    left = " or ".join(f"{name} {dose.text}" for name, dose in usual.alternatives.items())
    instead = "instead of" if usual.allergy_is_severe else "if severe, instead of"
    allergy = allergies.stated(usual.allergy, "a beta-lactam", "")
    return Finding(
        f"{allergy}: {instead} cefazolin commonly {left or 'another antibiotic'}",
        "allergy: alternative to cefazolin",
        usual.evidence,
        uses=tuple(usual.alternatives.values()),
        cites=("sir-antibiotics-2018",),
        steps=() if left else ("Choose the antibiotic with pharmacy or microbiology",),
    )
