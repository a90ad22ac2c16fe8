"""What the chart says of the cord and the cauda equina: diagnoses of a deficit, and examinations of the legs."""

import re

from cds_service.chart import (
    Chart,
    Concept,
    Condition,
    Episode,
    Measurement,
    Missing,
    Reading,
    Reason,
    Section,
    State,
    Unknown,
    ValueSets,
    When,
)
from cds_service.facts.shared.phrasing import on
from cds_service.facts.shared.recency import lately
from cds_service.knowledge import Knowledge

_COMPROMISE, _NORMAL = ValueSets.NEUROLOGICAL_COMPROMISE, ValueSets.NEUROLOGICAL_EXAMINATION_NORMAL


def compromises(chart: Chart) -> Reading[Condition]:
    """Active diagnoses of a threatened or damaged cord or cauda equina."""
    return chart.conditions_in(_COMPROMISE).where(lambda item: item.state is State.ACTIVE)


def is_long_standing(problem: Condition, chart: Chart, know: Knowledge) -> bool:
    """Whether a deficit has been there for long: by its onset, by the day it was first recorded, or coded as a sequela."""
    limit = know.parameter("shared/neurology.long_standing")
    sequela = problem.concept.episode is Episode.SEQUELA
    return sequela or (problem.dated is not None and not lately(problem.dated, chart, limit))


def examined_deficits(chart: Chart, know: Knowledge) -> Reading[tuple[Measurement, Concept]]:
    """Deficits that the newest examination of the legs found, each with its answer.

    And the gap unless it is recent and normal in all its parts: never examined, not lately, or in words that tell neither.
    """
    found, gaps = chart.measurements(ValueSets.NEUROLOGICAL_EXAMINATION)
    done = [(item, item.answer) for item in found if item.answer]
    newest = [(item, answer) for item, answer in done if _may_be_as_new(item.when, done[0][0].when)]
    deficits = tuple((item, answer) for item, answer in newest if _COMPROMISE in answer.sets)
    unclear = tuple(_unclear(*each) for each in newest if each[1].sets.isdisjoint((_COMPROMISE, _NORMAL)))
    return Reading(deficits, (*gaps, *unclear)[:1] or (() if deficits else _not_lately(newest, chart, know)))


_LEGS = re.compile(r"\b(?:(?:left|right|both) )?(?:legs?|lower (?:limbs?|extremit(?:y|ies)))\b", re.IGNORECASE)


def place_of(item: Measurement) -> str:
    """Where an examination found what it found, to follow it: `, left leg`, or ` on examination` if its name does not say."""
    found = _LEGS.search(item.concept.text)
    return f", {found[0].lower()}" if found else " on examination"


def _unclear(item: Measurement, answer: Concept) -> Unknown:
    says = f'{item.concept.text}{on(item.when)}: "{answer.text}"'
    missing = Missing(Section.IMAGING_FINDINGS, Reason.UNREADABLE, says)
    return Unknown("whether the examination of the legs was normal", missing)


def _not_lately(newest: list[tuple[Measurement, Concept]], chart: Chart, know: Knowledge) -> tuple[Unknown, ...]:
    window = know.parameter("shared/neurology.examination_window")
    if any(lately(item.when, chart, window) for item, _ in newest):
        return ()
    last = f"; last examined {newest[0][0].when}" if newest and newest[0][0].when else ""
    what = f"neurological status of the legs (motor, sensory, sphincters{last})"
    return (Unknown(what, Missing(Section.IMAGING_FINDINGS, Reason.NOT_MEASURED)),)


def _may_be_as_new(when: When | None, newest: When | None) -> bool:
    """Whether an examination was, or for want of a date or time may have been, made with the newest."""
    return when is None or newest is None or when == newest or when.end > newest.start
