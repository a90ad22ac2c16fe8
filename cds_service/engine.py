"""Judges a chart by the rules: each rule yields findings, and a gap becomes an unknown finding instead of silence."""

import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from cds_service.chart import Basis, Certainty, Chart, Missing, Section, Source, Unknown, When
from cds_service.knowledge import Knowledge, Parameter

_log = logging.getLogger(__name__)


class Kind(StrEnum):
    """What a rule's finding means for the procedure; a finding's `effect` is one of these too."""

    INDICATION = "indication"
    NOT_INDICATED = "not-indicated"
    SURGEON_FIRST = "surgeon-first"
    ABSOLUTE = "absolute"
    CORRECTABLE = "correctable"
    RELATIVE = "relative"
    WORKUP = "workup"
    INFORMATION = "information"
    INSUFFICIENT_DATA = "insufficient-data"


class Status(StrEnum):
    """The status of a result."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"


class Indicator(StrEnum):
    """How urgent a card is, in the words of CDS Hooks."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Zero for the most urgent."""
        return _RANK[self]


_RANK = {Indicator.CRITICAL: 0, Indicator.WARNING: 1, Indicator.INFO: 2}


class Topic(StrEnum):
    """The card that a rule speaks on."""

    SUITABILITY = "suitability"
    ANTITHROMBOTICS = "antithrombotics"
    INFECTION = "infection"
    SAFETY = "safety"
    WORKUP = "workup"


class Essential(StrEnum):
    """What the disposition needs of a rule before it may be favourable (rules.md, essential judgements)."""

    NO = "no"
    SUPPLIED = "supplied"
    """Its sections were supplied; a value that was never measured is no obstacle."""
    JUDGED = "judged"
    """It came to met or not-met."""


class Proposal(StrEnum):
    """A next step that a finding proposes; the cards turn it into a suggestion."""

    AGREE_PLAN = "agree-plan"
    CANCEL_ORDER = "cancel-order"
    MOVE_ORDER = "move-order"
    ORDER_MRI = "order-mri"
    ORDER_BONE_SCAN = "order-bone-scan"
    ORDER_INR = "order-inr"
    ORDER_PLATELETS = "order-platelets"
    ORDER_CREATININE = "order-creatinine"
    ORDER_INFECTION_MARKERS = "order-infection-markers"
    ORDER_PREGNANCY_TEST = "order-pregnancy-test"
    REFER_SPINE_SURGERY = "refer-spine-surgery"
    REFER_BONE_HEALTH = "refer-bone-health"
    REFER_HAEMATOLOGY = "refer-haematology"
    REFER_CARDIOLOGY = "refer-cardiology"


class Evidence(Struct, frozen=True):
    """One element of one resource that a finding rests on; `value` is what it says, for people."""

    source: Source
    path: str
    when: When | None = None
    value: str = ""


class Finding(Struct, frozen=True):
    """One thing that is true of this patient.

    `says` is one sentence with number, unit and date. `effect` and `indicator` follow the rule's kind unless stated. `uses` are the
    parameters that decided; their sources are cited without being named again. `values` is a typed payload for the cards.
    """

    says: str
    evidence: tuple[Evidence, ...] = ()
    uses: tuple[Parameter, ...] = ()
    cites: tuple[str, ...] = ()
    effect: Kind | None = None
    indicator: Indicator | None = None
    basis: Basis = Basis.CODE
    certainty: Certainty = Certainty.CONFIRMED
    values: object = None
    proposes: tuple[Proposal, ...] = ()


class NotApplicable(Exception):
    """Raised by a rule that has no meaning for this patient or order."""


Judge = Callable[[Chart, Knowledge], Iterator[Finding | Unknown]]


class Rule(Struct, frozen=True, eq=False):
    """A rule with what the rest of the program derives from it; `id` is its function's and its module's name."""

    id: str
    title: str
    kind: Kind
    card: Topic
    needs: tuple[Section, ...]
    essential: Essential
    theme: str
    page: str
    judge: Judge


def rule(
    *, title: str, kind: Kind, card: Topic, needs: Sequence[Section], essential: Essential = Essential.NO
) -> Callable[[Judge], Rule]:
    """Declare a generator as a rule. Its docstring is the rule's page; the package that it lives in is its theme."""

    def declare(judge: Judge) -> Rule:
        name, theme = judge.__name__, judge.__module__.split(".")[-2]
        return Rule(name, title, kind, card, tuple(needs), essential, theme, inspect.getdoc(judge) or "", judge)

    return declare


class Result(Struct, frozen=True):
    """What one rule came to: one result a finding, plus an unknown one where a gap follows; else one not-met result."""

    rule: Rule
    status: Status
    finding: Finding | None = None
    effect: Kind | None = None
    indicator: Indicator | None = None
    unknown: str = ""
    missing: tuple[Missing, ...] = ()


def parts(*judgements: Iterator[Finding | Unknown]) -> Iterator[Finding | Unknown]:
    """The outcomes of several parts of one rule: a gap ends its own part only, and the gaps are told together, last."""
    gaps: list[Unknown] = []
    for judgement in judgements:
        try:
            for outcome in judgement:
                if isinstance(outcome, Unknown):
                    gaps.append(outcome)
                else:
                    yield outcome
        except Unknown as gap:
            gaps.append(gap.untraced())
    if gaps:
        what = "; ".join(dict.fromkeys(gap.what for gap in gaps))
        yield Unknown(what, *dict.fromkeys(missing for gap in gaps for missing in gap.missing))


_INDICATOR = {
    Kind.SURGEON_FIRST: Indicator.CRITICAL,
    Kind.ABSOLUTE: Indicator.CRITICAL,
    Kind.CORRECTABLE: Indicator.CRITICAL,
    Kind.NOT_INDICATED: Indicator.WARNING,
    Kind.RELATIVE: Indicator.WARNING,
    Kind.WORKUP: Indicator.WARNING,
    Kind.INSUFFICIENT_DATA: Indicator.WARNING,
    Kind.INDICATION: Indicator.INFO,
    Kind.INFORMATION: Indicator.INFO,
}
_NEEDS_PROOF = (Kind.SURGEON_FIRST, Kind.ABSOLUTE)


def evaluate(chart: Chart, rules: Iterable[Rule], know: Knowledge) -> tuple[Result, ...]:
    """Every rule's results, in the order of the rules. Pure: no clock, no input or output but a log line for a rule that raises."""
    results: list[Result] = []
    for item in rules:
        results += _judge(item, chart, know)
    return tuple(results)


def _judge(item: Rule, chart: Chart, know: Knowledge) -> list[Result]:
    results: list[Result] = []
    try:
        for outcome in item.judge(chart, know):
            results.append(_unknown(item, outcome) if isinstance(outcome, Unknown) else _met(item, outcome))
    except Unknown as gap:
        results.append(_unknown(item, gap.untraced()))
    except NotApplicable:
        return results or [Result(item, Status.NOT_APPLICABLE)]
    except Exception as error:  # a rule that raises costs itself only, and says so
        _log.error("rule failed", extra={"rule": item.id, "error": error})
        results.append(Result(item, Status.ERROR, unknown=item.title))
    return results or [Result(item, Status.NOT_MET)]


def _met(item: Rule, finding: Finding) -> Result:
    effect = finding.effect or item.kind
    indicator = finding.indicator or _INDICATOR[effect]
    unproven = finding.basis is Basis.TEXT or finding.certainty is Certainty.POSSIBLE
    if unproven and effect in _NEEDS_PROOF:
        effect = Kind.INSUFFICIENT_DATA
        finding = replace(finding, says=f"Confirm: {finding.says}")
    if unproven and indicator is Indicator.CRITICAL:
        indicator = Indicator.WARNING
    return Result(item, Status.MET, finding, effect, indicator)


def _unknown(item: Rule, gap: Unknown) -> Result:
    return Result(item, Status.UNKNOWN, unknown=gap.what, missing=gap.missing)
