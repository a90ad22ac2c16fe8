"""What the chart says of the urine: infections, germs without a diagnosis, and symptoms that prove an infection."""

from dataclasses import dataclass

from cds_service.chart import Basis, Chart, Condition, State, Unknown
from cds_service.engine import Evidence
from cds_service.facts.gathered import gathered
from cds_service.facts.infection import CULTURE_WINDOW, is_positive, recent, within
from cds_service.facts.words import recorded
from cds_service.knowledge import Knowledge

_INFECTION, _BACTERIURIA, _SYMPTOMS = "urinary-infection", "asymptomatic-bacteriuria", "urinary-symptoms"


@dataclass(frozen=True, slots=True)
class Urine:
    """Diagnoses of an infection, recent symptoms, recent positive cultures, recent bacteriuria without a diagnosis, and the gaps.

    `basis` is text if one of symptoms and bacteriuria was recognised by its words alone.
    """

    infections: tuple[Condition, ...]
    symptoms: tuple[Evidence, ...]
    cultures: tuple[Evidence, ...]
    bacteriuria: tuple[Evidence, ...]
    basis: Basis
    gaps: tuple[Unknown, ...]


def urine(chart: Chart, know: Knowledge) -> Urine:
    """All of it at once. It does not raise: the gaps come with it."""
    problems, gaps = gathered(chart.conditions_in(_INFECTION, _BACTERIURIA, _SYMPTOMS))
    results, more_gaps = gathered(chart.measurements("urine-culture"))
    active = [item for item in problems if item.state is State.ACTIVE]
    lately = [item for item in active if _INFECTION not in item.concept.sets and recent(item, chart, know)]
    grown = [item for item in results if is_positive(item) and within(item.when, chart, know, CULTURE_WINDOW)]
    return Urine(
        infections=tuple(item for item in active if _INFECTION in item.concept.sets),
        symptoms=tuple(recorded(item) for item in lately if _SYMPTOMS in item.concept.sets),
        cultures=tuple(Evidence(item.source, "value", item.when, "positive urine culture") for item in grown),
        bacteriuria=tuple(recorded(item) for item in lately if _BACTERIURIA in item.concept.sets),
        basis=Basis.TEXT if any(item.concept.basis is Basis.TEXT for item in lately) else Basis.CODE,
        gaps=(*gaps, *more_gaps),
    )
