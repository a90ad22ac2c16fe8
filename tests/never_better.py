"""The law that finds the next fault: whatever happens to a request on its way, the answer gets no better, and nothing vanishes unsaid.

    python -m tests.never_better [--seed N] [--count N] [--only CHANGE]

takes cases of rules, alone and added to a suitable chart, makes one or two changes of `tests/changes.py` to each, and prints what broke the
law, the counts by change every thousand, and all at the end; without a count it runs until it is stopped.
"""

import argparse
import copy
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any

from msgspec import Struct

from cds_service import cases
from cds_service.cards.assessment import EXTENSION
from cds_service.cases import Case
from cds_service.chart import Section
from cds_service.cli._endpoint import here
from cds_service.disposition import Disposition
from cds_service.findings import Kind, Status
from cds_service.knowledge import load
from cds_service.rules import catalogue

from .changes import CHANGES, Change, Place
from .every_case import CASES
from .suitable_chart import added_to_a_suitable_chart

KNOW = load()
SERVICE = here(datetime(2026, 11, 22, 9, tzinfo=UTC))
_MOVES_NOTHING = (Section.PROCEDURES, Section.DEVICES)
_GIVES_WAY = frozenset(rule.id for rule in catalogue() if rule.kind in (Kind.WORKUP, Kind.INFORMATION))
"""The rules that propose or inform: they fall silent where another has something to say instead, such as that there is a pregnancy."""
_SILENT = frozenset((Status.NOT_MET,))
_NOTICED = frozenset((Status.MET, Status.UNKNOWN))


class Answer(Struct, frozen=True):
    """What the law compares: the HTTP status, the disposition (none without an assessment), statuses by rule, and what the intake names."""

    status: int
    disposition: Disposition | None = None
    rules: Mapping[str, frozenset[Status]] = {}
    named: frozenset[tuple[str, str, str, int]] = frozenset()


def answer(body: bytes) -> Answer:
    """The answer of the service to a request."""
    reply = SERVICE.call(body)
    found = reply.body.get("extension", {}).get(EXTENSION)
    if found is None:
        return Answer(reply.status)
    rules: dict[str, set[Status]] = {}
    for row in found["findings"]:
        rules.setdefault(row["rule"], set()).add(Status(row["status"]))
    named = (
        (row["prefetchKey"], row["cause"], row["says"], row.get("count", 1))
        for row in found.get("intake", {}).get("notUnderstood", ())
    )
    return Answer(
        reply.status,
        Disposition(found["disposition"]),
        {rule: frozenset(statuses) for rule, statuses in rules.items()},
        frozenset(named),
    )


class Trial(Struct, frozen=True):
    """A case, alone or in a suitable chart, with changes to one of its entries (`key` and number)."""

    case: Case
    suited: bool
    changes: tuple[Change, ...]
    key: str
    number: int
    seed: str

    @property
    def chart(self) -> Case:
        """The case as it is changed."""
        return added_to_a_suitable_chart(self.case) if self.suited else self.case

    @property
    def keeps(self) -> bool:
        """Whether the request means the same afterwards."""
        return all(change.keeps for change in self.changes)

    def __str__(self) -> str:
        changes = " + ".join(change.name for change in self.changes)
        where = "in a suitable chart" if self.suited else "alone"
        return f"{self.case.rule}: {self.case.name} ({where}), {self.key}[{self.number}], {changes}, seed {self.seed}"


def request_of(case: Case) -> dict[str, Any]:
    """The request of a case; each resource in it can be named, and so can the order."""
    return cases.request(case, KNOW)


@lru_cache(maxsize=4096)
def _before(body: bytes) -> Answer:
    return answer(body)


def chosen(case: Case, chance: Random, seed: str, changes: Iterable[Change] = ()) -> Trial | None:
    """A trial of a case by chance, most often of an entry that is its own; None for a case without any."""
    suited = chance.random() < 0.6
    asked = request_of(added_to_a_suitable_chart(case) if suited else case)
    places = [
        (key, number, any(entry["resource"] is resource for resource in case.resources))
        for key, value in asked["prefetch"].items()
        for number, entry in enumerate(value.get("entry", ()))
    ]
    own = [place for place in places if place[2]]
    if not places:
        return None
    key, number, _ = chance.choice(own if own and chance.random() < 0.8 else places)
    made = tuple(changes) or tuple(chance.sample(tuple(CHANGES.values()), chance.choice((1, 1, 1, 2))))
    return Trial(case, suited, made, key, number, seed)


def changed(trial: Trial) -> bytes | None:
    """The body of the changed request; None if a change does not apply."""
    place = Place(copy.deepcopy(request_of(trial.chart)), trial.key, trial.number, Random(trial.seed))
    for step, change in enumerate(trial.changes):
        try:
            made = change.make(place)
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            if not step:
                raise
            return None  # the change before left nothing that this one could be made to
        if not made:
            return None
        if isinstance(made, bytes):
            return made if change is trial.changes[-1] else None
    return json.dumps(place.request).encode()


def broken(trial: Trial) -> str | None:
    """How a trial breaks the law, empty if it keeps it; None if it is no trial, as a change does not apply."""
    body = changed(trial)
    if body is None:
        return None
    before = _before(json.dumps(request_of(trial.chart)).encode())
    if before.disposition is None:
        return None
    return worse_or_said(before, answer(body), trial.key, keeps=trial.keeps)


def worse_or_said(before: Answer, after: Answer, key: str, *, keeps: bool) -> str:
    """What is better or silent in the second answer though it should not be; empty if nothing is. `key` is where something was changed."""
    if before.disposition is None:
        return ""
    if after.disposition is None:
        refused = 400 <= after.status < 500 and not keeps
        return "" if refused else f"{before.disposition} became status {after.status} without an assessment"
    if keeps:
        moved = [rule for rule, found in before.rules.items() if after.rules.get(rule) != found]
        if moved or after.disposition is not before.disposition:
            return f"{before.disposition} became {after.disposition}, {_moves(before, after, moved)}"
        return ""
    said = after.named - before.named
    if key in _MOVES_NOTHING and any(row[0] == key for row in said):
        return ""
    if after.disposition.favourable and after.disposition.rank < before.disposition.rank:
        return f"{before.disposition} became {after.disposition}"
    lost = [
        rule
        for rule, found in before.rules.items()
        if found & _NOTICED and Status.NOT_APPLICABLE not in found and after.rules.get(rule) == _SILENT
    ]
    if _speaks(before, after):
        lost = [rule for rule in lost if rule not in _GIVES_WAY]
    return "" if said or not lost else f"nothing is said, and {_moves(before, after, lost)}"


def _speaks(before: Answer, after: Answer) -> bool:
    """Whether a rule speaks that did not."""
    return any(found & _NOTICED and not before.rules[rule] & _NOTICED for rule, found in after.rules.items())


def _moves(before: Answer, after: Answer, rules: Iterable[str]) -> str:
    return "; ".join(
        f"{rule}: {', '.join(sorted(before.rules[rule]))} → {', '.join(sorted(after.rules.get(rule, ())))}"
        for rule in rules
    )


def smallest(trial: Trial) -> tuple[Trial, str]:
    """A trial that breaks the law, with as few of its changes as still do."""
    for change in trial.changes if len(trial.changes) > 1 else ():
        alone = Trial(trial.case, trial.suited, (change,), trial.key, trial.number, trial.seed)
        if why := broken(alone):
            return alone, why
    return trial, broken(trial) or ""


def trials(seed: int, only: Iterable[Change] = ()) -> Iterator[Trial]:
    """Trials without end, each by a chance of its own, so that one can be repeated."""
    number = 0
    while True:
        name = f"{seed}/{number}"
        chance = Random(name)
        if trial := chosen(chance.choice(CASES), chance, name, only):
            yield trial
        number += 1


def main() -> int:
    """Run trials and print what they came to; the exit status is 1 if any broke the law."""
    options = argparse.ArgumentParser(prog="python -m tests.never_better", description=__doc__.partition("\n")[0])
    options.add_argument("--seed", type=int, default=17)
    options.add_argument("--count", type=int, help="how many changed requests; without end by default")
    options.add_argument("--only", choices=CHANGES, help="this change alone")
    given = options.parse_args()
    tried: Counter[str] = Counter()
    against: Counter[str] = Counter()
    number = 0
    try:
        for trial in trials(given.seed, [CHANGES[given.only]] if given.only else ()):
            why = broken(trial)
            if why is None:
                continue
            number += 1
            tried.update(change.name for change in trial.changes)
            if why:
                small, why = smallest(trial)
                against[" + ".join(change.name for change in small.changes)] += 1
                print(f"AGAINST {small}: {why}", flush=True)
            if number % 1000 == 0:
                print(f"{number} changed requests, {against.total()} against the law", flush=True)
            if number == given.count:
                break
    except KeyboardInterrupt:
        pass
    for name, times in sorted(tried.items()):
        print(f"{times:7} {name}")
    for name, times in against.most_common():
        print(f"{times:7} AGAINST THE LAW: {name}")
    print(f"{number} changed requests, {against.total()} against the law")
    return 1 if against else 0


if __name__ == "__main__":
    sys.exit(main())
