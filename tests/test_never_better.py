"""The law that finds the next fault, sampled: a change to every case of every rule, and every change to some cases."""

import json
from itertools import islice
from random import Random

import pytest

from cds_service.cases import Case
from cds_service.disposition import Disposition
from cds_service.findings import Status

from .changes import CHANGES, Change, Place
from .every_case import CASES, each_case
from .never_better import Answer, Trial, broken, changed, chosen, request_of, smallest, trials, worse_or_said

pytestmark = pytest.mark.law
SAMPLED = tuple(CHANGES.values())


@each_case
def test_what_happens_to_a_case_never_makes_it_better(case: Case) -> None:
    """One change to every second case, by a chance that depends on the case alone."""
    name = f"{case.rule}: {case.name}"
    chance = Random(name)
    trial = chosen(case, chance, name, [chance.choice(SAMPLED)])
    if trial and chance.random() < 0.5:
        assert not broken(trial), str(trial)


@pytest.mark.parametrize("change", SAMPLED, ids=lambda change: change.name)
def test_each_change_is_tried(change: Change) -> None:
    """Each applies somewhere, and keeps the law in a few cases."""
    found = ((trial, broken(trial)) for trial in islice(trials(1, [change]), 3000))
    made = [*islice(((str(trial), why) for trial, why in found if why is not None), 3)]
    assert made
    assert not [item for item in made if item[1]]


def _vanished(place: Place) -> bool:
    del place.entries[place.number]
    return True


@pytest.mark.parametrize("keeps", [True, False])
def test_the_law_notices_what_vanishes(keeps: bool) -> None:
    """A change by which entries are lost without a word breaks it, and is named without the changes that do no harm."""
    gone = Change("vanished", _vanished, keeps)
    why = [broken(trial) for trial in islice(trials(3, [gone]), 60)]
    assert any(why)
    trial = next(trial for trial, text in zip(trials(3, [gone]), why, strict=False) if text)
    both = Trial(
        trial.case, trial.suited, (CHANGES["notice among the entries"], gone), trial.key, trial.number, trial.seed
    )
    assert smallest(both)[0].changes == (gone,)


def test_a_trial_can_be_repeated() -> None:
    assert [*map(changed, islice(trials(5), 40))] == [*map(changed, islice(trials(5), 40))]


def test_a_change_leaves_the_case_as_it_was() -> None:
    before = json.dumps([request_of(case) for case in CASES[::50]])
    for trial in islice(trials(6), 60):
        changed(trial)
    assert json.dumps([request_of(case) for case in CASES[::50]]) == before


MET = Answer(200, Disposition.CRITERIA_MET, {"low_platelets": frozenset({Status.MET})})
AGAINST = Answer(200, Disposition.CONTRAINDICATED, {"low_platelets": frozenset({Status.MET})})
SILENT = Answer(200, Disposition.CONTRAINDICATED, {"low_platelets": frozenset({Status.NOT_MET})})
NAMED = Answer(200, Disposition.CONTRAINDICATED, SILENT.rules, frozenset({("blood-count", "entry", "x", 1)}))


@pytest.mark.parametrize(
    ("before", "after", "keeps", "is_broken"),
    [
        (AGAINST, MET, False, True),
        (MET, AGAINST, False, False),
        (MET, AGAINST, True, True),
        (AGAINST, SILENT, False, True),
        (AGAINST, NAMED, False, False),
        (AGAINST, Answer(412), False, False),
        (AGAINST, Answer(412), True, True),
        (AGAINST, Answer(200), False, True),
        (Answer(200), MET, False, False),
    ],
)
def test_what_the_law_forbids(before: Answer, after: Answer, keeps: bool, is_broken: bool) -> None:
    assert bool(worse_or_said(before, after, "conditions", keeps=keeps)) is is_broken


def test_a_procedure_that_is_named_moves_nothing() -> None:
    named = Answer(200, Disposition.CRITERIA_MET, SILENT.rules, frozenset({("procedures", "entry", "x", 1)}))
    assert worse_or_said(AGAINST, named, "procedures", keeps=False) == ""
    assert worse_or_said(AGAINST, named, "conditions", keeps=False)
