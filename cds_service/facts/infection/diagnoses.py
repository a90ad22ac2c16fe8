"""Infections on the problem list: those of the spine, and others with whether the chart shows that they go on."""

from itertools import chain

from msgspec import Struct

from cds_service.chart import Chart, Condition, DrugUse, Reading, Section, State, Unknown, ValueSets
from cds_service.facts.infection.antibiotics import antibiotics, may_treat, treats
from cds_service.facts.infection.urine import INFECTION as URINARY
from cds_service.facts.infection.urine import Sign, urine
from cds_service.facts.shared.phrasing import capitalised, diagnosed, on, stated
from cds_service.facts.shared.recency import diagnosed_lately
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge
from cds_service.report_text.namings import named

_SPINAL, _OTHER = ValueSets.SPINAL_INFECTION, ValueSets.OTHER_INFECTION
_SETS = (ValueSets.SEPSIS, ValueSets.SKIN_INFECTION, _OTHER)


class Infection(Struct, frozen=True):
    """An active diagnosis of an acute infection. `signs` are what shows beside its date that it goes on, the best first.

    One `of_urine` alone needs such a sign. `gaps` say what else could show it.
    """

    problem: Condition
    recent: bool
    of_urine: bool
    signs: tuple[Sign, ...]
    gaps: tuple[Unknown, ...]

    @property
    def goes_on(self) -> bool:
        """Whether the chart shows that it has not passed."""
        return bool(self.signs) or (self.recent and not self.of_urine)

    @property
    def stated(self) -> str:
        """Its name and date, with what shows that it goes on or leaves that open."""
        noun = "urinary infection" if self.of_urine else "infection on record"
        if not self.signs and not (self.of_urine and self.recent):
            return f"{stated(self.problem, noun)}{'' if self.recent else '; not recorded as resolved'}"
        shown = self.signs[0].says if self.signs else "no symptoms, culture or antibiotic on record"
        return f"{capitalised(diagnosed(self.problem, noun))}{on(self.problem.dated)}; {shown}"


def spinal_infections(chart: Chart, know: Knowledge) -> Reading[Condition]:
    """Infections of the spine in any state, also those whose code leaves the site to words."""
    return chart.conditions_in(_SPINAL, _OTHER).where(lambda item: _is_spinal(item, know))


def _is_spinal(problem: Condition, know: Knowledge) -> bool:
    """Whether an infection is coded for the spine, or coded without a site and sited at a vertebra or named as spinal."""
    if _SPINAL in problem.concept.sets:
        return True
    return _OTHER in problem.concept.sets and bool(
        problem.levels or _SPINAL in named([problem.concept.text], know.index)
    )


def infections(chart: Chart, know: Knowledge) -> Reading[Infection]:
    """Every one elsewhere than in the spine."""
    problems, gaps = chart.conditions_in(*_SETS, URINARY)
    elsewhere = (item for item in problems if item.state is State.ACTIVE and not _is_spinal(item, know))
    return Reading(tuple(_judged(item, chart, know) for item in elsewhere), gaps)


def treated_by(use: DrugUse, chart: Chart, know: Knowledge) -> Condition | None:
    """An active infection on record that an antibiotic may be for, or one of the spine that it says it is for, as far as is known."""
    found, _ = chart.conditions_in(*_SETS, URINARY, _SPINAL)
    active = (item for item in found if item.state is State.ACTIVE and may_treat(use, item))
    called_past = (item for item in spinal_infections(chart, know).values if treats(use, item))
    return next(chain(active, called_past), None)


def _judged(problem: Condition, chart: Chart, know: Knowledge) -> Infection:
    recent = diagnosed_lately(problem, chart, know.parameter("shared/infection.active_for"))
    of_urine = problem.concept.sets.isdisjoint(_SETS)
    drugs, gaps = antibiotics(chart, know)
    signs = tuple(
        Sign(f"{know.drugs.ingredients[use.ingredient].name} taken", Evidence(use.source, "medication"), use.basis)
        for use in drugs
        if may_treat(use, problem)
    )
    if of_urine and recent:
        found = urine(chart, know)
        signs += (*found.cultures, *found.symptoms)
    if problem.encounter and not recent:
        visit = "when the encounter of an older infection was"
        gaps += chart.gap_unless_whole(visit, Section.ENCOUNTER)
    return Infection(problem, recent, of_urine, signs, gaps)
