"""A rule is a generator over the chart that reads like the sentence of a guideline, declared with what other rooms need of it."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from cds_service.chart import Chart, Reading, Section, Unknown
from cds_service.findings.finding import Finding
from cds_service.findings.kinds import Essential, Kind, Role, Topic
from cds_service.knowledge import Knowledge


class NotApplicable(Exception):
    """Raised by a rule that has no meaning for this patient or order."""


Judge = Callable[[Chart, Knowledge], Iterator[Finding | Unknown]]


class Rule(Struct, frozen=True, eq=False):
    """A rule with what the rest of the program derives from it; `id` is its function's and its module's name.

    `judges` is the noun of what it judges, as cards name it when that is not known; `not_shown` says, for a criterion, that it is not
    met; `role` is what other rooms need it for, None for most rules. `steps` are what a person can do about what it finds, `settle` is
    what a person can do where nothing on record lets it judge.
    """

    id: str
    title: str
    kind: Kind
    card: Topic
    needs: tuple[Section, ...]
    essential: Essential
    theme: str
    page: str
    judge: Judge
    judges: str
    not_shown: str = ""
    role: Role | None = None
    steps: tuple[str, ...] = ()
    settle: str = ""


def rule(  # noqa: PLR0913 - a declaration: each argument is named
    *,
    title: str,
    kind: Kind,
    card: Topic,
    needs: Sequence[Section],
    judges: str,
    essential: Essential = Essential.NO,
    not_shown: str = "",
    role: Role | None = None,
    steps: Sequence[str] = (),
    settle: str = "",
) -> Callable[[Judge], Rule]:
    """Declare a generator as a rule. Its docstring is the rule's page; the package that it lives in is its theme."""

    def declare(judge: Judge) -> Rule:
        name, theme = judge.__name__, judge.__module__.split(".")[-2]
        page = inspect.getdoc(judge) or ""
        return Rule(
            id=name,
            title=title,
            kind=kind,
            card=card,
            needs=tuple(needs),
            essential=essential,
            theme=theme,
            page=page,
            judge=judge,
            judges=judges,
            not_shown=not_shown,
            role=role,
            steps=tuple(steps),
            settle=settle,
        )

    return declare


def parts(*judgements: Iterable[Finding | Unknown]) -> Iterator[Finding | Unknown]:
    """The outcomes of several parts of one rule: a gap ends its own part only, and all gaps are yielded as one, last."""
    gaps: list[Unknown] = []
    for judgement in judgements:
        try:
            for outcome in judgement:
                if isinstance(outcome, Unknown):
                    gaps.append(outcome)
                else:
                    yield outcome
        except Unknown as gap:
            gaps.append(gap.anew())
    yield from Reading(gaps=tuple(gaps)).one_gap().gaps
