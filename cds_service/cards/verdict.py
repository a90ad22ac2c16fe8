"""The verdict's card: the disposition and what it rests on, what to do, why, and everything else that speaks against by name."""

from collections.abc import Iterable, Sequence

from cds_service.cards import budget, criteria, gaps, headlines, holds, wording
from cds_service.cards.body import Body, Point, fitted, joined, quoted_once, unrepeated
from cds_service.cards.inputs import CardInputs, by_urgency
from cds_service.cards.lines import points, points_to_do, shorts, steps
from cds_service.disposition import Disposition
from cds_service.findings import Indicator, Kind, Result, Role, Status, Topic
from cds_service.findings.hold_plan import HoldPlan

_INDICATOR = {
    Disposition.CRITERIA_MET: Indicator.INFO,
    Disposition.CONTRAINDICATED: Indicator.CRITICAL,
    Disposition.REFER_SPINE_SURGERY: Indicator.CRITICAL,
}
_SPEAKS_FOR = frozenset((Kind.INDICATION, Kind.INFORMATION))
_BACKGROUND = frozenset((Role.EVIDENCE_NOTE, Role.PREPARATION, Role.BACKGROUND, Role.PERFORMED))
_ADVISES = frozenset((Disposition.CRITERIA_MET, Disposition.CAUTION))
"""Where the procedure may go ahead now: there the card says that trials disagree, lest it reads as praise."""


def indicator(material: CardInputs, results: Iterable[Result]) -> Indicator:
    """How urgent the card is: as its verdict is, or as the worst of its findings where the procedure may go ahead after all."""
    disposition = material.assessment.disposition
    own = _INDICATOR.get(disposition, Indicator.WARNING)
    found = [] if disposition.discourages else [item.indicator for item in results if item.indicator]
    return min([own, *found], key=lambda item: item.rank)


def summary(material: CardInputs, decided: Sequence[Result]) -> str:
    """The verdict and what it rests on, of what was `deciding`."""
    assessment = material.assessment
    openings = [f"{name}: {wording.VERDICTS[assessment.disposition]}" for name in material.procedures]
    if assessment.disposition is Disposition.CRITERIA_MET:
        return headlines.summary(openings, [(wording.EXAMINE_FIRST,)] if _is_unexamined(material) else [])
    if any(item.rule.role is Role.INTERRUPTION_HAZARD for item in decided):
        decided = [item for item in decided if not _waits_for_agreement(item)]
    return headlines.summary(openings, headlines.points(material, decided))


def deciding(material: CardInputs, results: Sequence[Result]) -> list[Result]:
    """What the summary names: of the results on the card what is critical, and what decided; all that decided if none of it is there."""
    because = material.assessment.because
    own = [item for item in because if item.status is not Status.MET or any(item is other for other in results)]
    disposition = material.assessment.disposition
    critical = [] if disposition.discourages else [item for item in results if item.indicator is Indicator.CRITICAL]
    decided = by_urgency(own or because)
    if disposition is Disposition.INSUFFICIENT_DATA:
        # A summary has room for two: what is open is one of them.
        critical, decided = critical[:1], (*decided, *critical[1:])
    found = {id(item): item for item in (*critical, *decided)}
    return list(found.values())


def body(
    material: CardInputs,
    results: Sequence[Result],
    decided: Sequence[Result],
    information: Sequence[Result],
    prepare: Sequence[str] = (),
) -> Body:
    """What the card says under its summary, within its budget.

    `results` speak against, of which the summary names those that `decided`; `information` is only named, and `prepare` are lines that
    prepare the day.
    """
    disposition = material.assessment.disposition
    left_open = [item for item in decided if item.status not in (Status.MET, Status.NOT_MET)]
    met = list({id(item): item for item in (*decided, *results) if item.status is Status.MET}.values())
    reasons = [item for item in met if item.effect is not Kind.WORKUP]
    workup = [item for item in met if item.effect is Kind.WORKUP]
    to_prepare = asking(material, workup, information)
    acting = _agreed_first([item for item in reasons if _acts(material, item, reasons)])
    todo = [
        *points_to_do(material, acting),
        *_to_settle(material, left_open),
        *points_to_do(material, to_prepare, reasons),
    ]
    unplanned = [item for item in (*workup, *information) if not steps(material, [item]) or item not in to_prepare]
    because, quoted = quoted_once(points(material, reasons))
    whole = Body(
        steps=unrepeated(todo),
        because=(*because, *_unknown(material, left_open)),
        also=tuple(dict.fromkeys((*quoted, *map(material.say, shorts(unplanned))))),
        facts=tuple(_criteria(material, left_open)),
        notes=tuple(_notes(material)),
        remarks=(*_remarks(material), *prepare),
        table="" if disposition.discourages else holds.table(material, reasons),
    )
    if disposition is not Disposition.CRITERIA_MET:
        return fitted(whole, material.small_print, budget.VERDICT_WORDS)
    left = budget.FAVOURABLE_WORDS - budget.word_count(summary(material, decided))
    return fitted(whole, material.small_print, left)


def asking(material: CardInputs, results: Iterable[Result], information: Iterable[Result]) -> list[Result]:
    """Those of the results that ask for something to be done: where the chart speaks against the procedure, no preparation for it."""
    if not material.assessment.disposition.discourages:
        return [*results, *information]
    return [item for item in results if item.effect is not Kind.WORKUP]


def _unknown(material: CardInputs, left_open: Sequence[Result]) -> list[Point]:
    """What is not known, as reasons."""
    briefs = [brief for _, brief in gaps.points(left_open)]
    pairs = zip(gaps.lines(left_open), briefs, strict=True)
    return [Point(material.say(line), material.say(brief)) for line, brief in pairs]


def _to_settle(material: CardInputs, left_open: Iterable[Result]) -> list[Point]:
    """What can be done where something is not known, or where the procedure is not indicated."""
    disposition = material.assessment.disposition
    said = list(map(Point, gaps.steps(left_open)))
    if disposition is Disposition.NOT_INDICATED:
        said.append(Point(wording.ALTERNATIVES))
    if disposition.favourable and disposition is not Disposition.CRITERIA_MET and _is_unexamined(material):
        said.append(Point(wording.EXAMINE, stays=True))
    return said


def _acts(material: CardInputs, item: Result, reasons: Iterable[Result]) -> bool:
    """Whether a card says what to do about a reason: not about signs of an infection that has a name, nor about what would have to be put
    right for a procedure that the chart speaks against.
    """
    if item.rule.role is Role.INFECTION_SIGNS:
        return not _has_a_name(reasons)
    return item.effect is not Kind.CORRECTABLE or not material.assessment.disposition.discourages


def _agreed_first(acting: Sequence[Result]) -> list[Result]:
    """The reasons, where a drug waits for somebody's agreement first the hazard that asks for it, then the drug."""
    waiting = [item for item in acting if _waits_for_agreement(item)]
    hazards = [item for item in acting if waiting and item.rule.role is Role.INTERRUPTION_HAZARD]
    return list({id(item): item for item in (*hazards, *waiting, *acting)}.values())


def _waits_for_agreement(item: Result) -> bool:
    """Whether it is the hold of a drug whose interruption is itself hazardous: who has to agree is asked first."""
    plan = item.finding.values if item.finding else None
    return isinstance(plan, HoldPlan) and bool(plan.agreement)


def _has_a_name(results: Iterable[Result]) -> bool:
    """Whether an infection that has a name is among the results: what it asks for includes what its signs would."""
    return any(
        item.rule.card is Topic.INFECTION
        and item.effect is Kind.ABSOLUTE
        and item.rule.role is not Role.INFECTION_SIGNS
        for item in results
    )


def _is_unexamined(material: CardInputs) -> bool:
    """Whether nothing is recorded of legs and sphincters."""
    return any(item.status is Status.UNKNOWN and not item.evidence for item in material.results.in_role(Role.NEUROLOGY))


def _criteria(material: CardInputs, named: Sequence[Result]) -> list[str]:
    """What shows each criterion where all are met, else how many are; nothing where the chart speaks against."""
    disposition = material.assessment.disposition
    if disposition is Disposition.CRITERIA_MET:
        return criteria.evidence(material)
    return criteria.counted(material, named) if disposition.favourable else []


def _notes(material: CardInputs) -> list[str]:
    """How the chart was read, in one line, and how many more notes the assessment has where it does not hold them all."""
    notes = list(map(material.say, material.notes))
    for number in range(len(notes), 0, -1):
        line, more = "; ".join(notes[:number]), len(notes) - number
        line = wording.MORE_NOTES.format(notes=line, count=more) if more else line
        if number == 1 or budget.word_count(line) <= budget.LONGEST_LINE:
            return [line]
    return []


def _remarks(material: CardInputs) -> list[str]:
    """That trials disagree, where the procedure may go ahead now."""
    if material.assessment.disposition not in _ADVISES:
        return []
    return [item.finding.says for item in material.results.met_in(Role.EVIDENCE_NOTE) if item.finding]


def preparation(material: CardInputs) -> list[str]:
    """What prepares the day, in one line, for whoever books it."""
    if not material.prepares or not material.assessment.disposition.favourable:
        return []
    named = shorts(material.results.met_in(Role.PREPARATION))
    return [f"{wording.PREPARE}{line}" for line in joined(named, budget.LONGEST_LINE - 1)[:1]]


def speaking(material: CardInputs) -> list[Result]:
    """The met results that speak against, most urgent first."""
    return [item for item in by_urgency(material.results.met) if item.effect not in _SPEAKS_FOR]


def informing(material: CardInputs) -> list[Result]:
    """The met results that are good to know, without those that stand elsewhere."""
    return [
        item
        for item in by_urgency(material.results.met)
        if item.effect is Kind.INFORMATION and item.rule.role not in _BACKGROUND
    ]
