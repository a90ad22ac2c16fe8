"""What the chart says of the urine: whether an infection is diagnosed, symptoms that prove it, and germs that do not."""

from msgspec import Struct

from cds_service.chart import Basis, Chart, Condition, State, Unknown, ValueSets
from cds_service.facts.infection.cultures import is_positive
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.phrasing import briefly, recorded
from cds_service.facts.shared.recency import diagnosed_lately, lately
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge

INFECTION = ValueSets.URINARY_INFECTION
_BACTERIURIA, _SYMPTOMS = ValueSets.ASYMPTOMATIC_BACTERIURIA, ValueSets.URINARY_SYMPTOMS


class Sign(Struct, frozen=True):
    """What shows an infection: in words such as `dysuria`, where it stands, and how it was recognised."""

    says: str
    evidence: Evidence
    basis: Basis


class Urine(Struct, frozen=True):
    """Whether an infection was diagnosed lately and is active; symptoms, positive cultures and bacteriuria of late; and the gaps."""

    infected: bool
    symptoms: tuple[Sign, ...]
    cultures: tuple[Sign, ...]
    bacteriuria: tuple[Sign, ...]
    gaps: tuple[Unknown, ...]


@computed_once
def urine(chart: Chart, know: Knowledge) -> Urine:
    """All of it at once, coded signs before written ones."""
    problems, gaps = chart.conditions_in(INFECTION, _BACTERIURIA, _SYMPTOMS)
    results, more_gaps = chart.measurements(ValueSets.URINE_CULTURE)
    active_for = know.parameter("shared/infection.active_for")
    window = know.parameter("shared/infection.culture_window")
    now = [item for item in problems if item.state is State.ACTIVE and diagnosed_lately(item, chart, active_for)]
    now.sort(key=lambda item: item.concept.basis is Basis.TEXT)
    return Urine(
        infected=any(INFECTION in item.concept.sets for item in now),
        symptoms=tuple(_sign(item) for item in now if _SYMPTOMS in item.concept.sets),
        cultures=tuple(
            Sign("positive urine culture", Evidence(item.source, "value", item.when), Basis.CODE)
            for item in results
            if is_positive(item) and lately(item.when, chart, window)
        ),
        bacteriuria=tuple(_sign(item) for item in now if _BACTERIURIA in item.concept.sets),
        gaps=(*gaps, *more_gaps),
    )


def _sign(item: Condition) -> Sign:
    noun = "urinary symptoms" if _SYMPTOMS in item.concept.sets else "bacteriuria"
    return Sign(briefly(item.concept.text, noun), recorded(item), item.concept.basis)
