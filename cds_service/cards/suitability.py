"""The suitability card: the disposition in plain words, the criteria as a checklist, and the balance of the evidence."""

from collections.abc import Iterable

from cds_service.cards import gaps, markdown, wording
from cds_service.cards.inputs import CardInputs, by_urgency
from cds_service.cards.lines import line, lines
from cds_service.disposition import Disposition
from cds_service.findings import CRITERIA, Indicator, Kind, Result, Role, Status, Topic

_INDICATOR = {
    Disposition.CRITERIA_MET: Indicator.INFO,
    Disposition.CONTRAINDICATED: Indicator.CRITICAL,
    Disposition.REFER_SPINE_SURGERY: Indicator.CRITICAL,
}
_AGAINST = frozenset(Kind) - {Kind.INDICATION, Kind.INFORMATION, Kind.WORKUP}


def indicator(material: CardInputs) -> Indicator:
    """How urgent the card is: the disposition decides."""
    return _INDICATOR.get(material.assessment.disposition, Indicator.WARNING)


def summary(material: CardInputs) -> str:
    """The disposition and what decided it, as many points as fit; what other cards tell in full is only named."""
    assessment = material.assessment
    template = wording.SUITABILITY[assessment.disposition]
    if assessment.requires and assessment.disposition is not Disposition.CRITERIA_MET:
        template = wording.WITH_AGREEMENT
    return markdown.fitting(template, _points(assessment.because), procedure=material.procedure)


def _points(because: Iterable[Result]) -> list[str]:
    met = [item for item in because if item.status is Status.MET]
    said = dict.fromkeys(map(_point, by_urgency(met)))
    not_shown = dict.fromkeys(item.rule.not_shown for item in because if item.status is Status.NOT_MET)
    return [*said, *gaps.named(because), *not_shown]


def _point(item: Result) -> str:
    if item.rule.card is Topic.SUITABILITY and item.finding:
        return item.finding.says
    return markdown.lower_first(item.rule.title)


def detail(material: CardInputs, information: Iterable[Result] = (), gaps_told: str = "") -> str:
    """What is needed, the criteria, what speaks against, the evidence, what else may help, and what has no card of its own."""
    disposition = material.assessment.disposition
    against = material.met(Topic.SUITABILITY, _AGAINST)
    balance = material.results.met_in(Role.EVIDENCE_NOTE)
    needed = gaps.lines(blocking(material), each=True)
    not_indicated = disposition is Disposition.NOT_INDICATED
    return markdown.sections(
        markdown.section(wording.NEEDED, markdown.bullets(needed)),
        markdown.section(wording.CRITERIA, markdown.bullets(_criteria(material))),
        markdown.section(wording.AGAINST, lines(material, against)),
        markdown.section(
            wording.EVIDENCE,
            markdown.sections(*(line(material, item) for item in balance)) if disposition.favourable else "",
        ),
        markdown.section(wording.ALTERNATIVES, markdown.bullets(wording.ALTERNATIVE_STEPS) if not_indicated else ""),
        gaps_told,
        markdown.section(wording.INFORMATION, lines(material, information)),
    )


def blocking(material: CardInputs) -> tuple[Result, ...]:
    """The judgements without which there is no favourable answer, and that could not be made."""
    if material.assessment.disposition is not Disposition.INSUFFICIENT_DATA:
        return ()
    return tuple(item for item in material.assessment.because if item.status is not Status.MET)


def _criteria(material: CardInputs) -> list[str]:
    """One line for each criterion of an ordinary fracture: shown, not shown, or not known; none for one that does not apply.

    Other indications are told only when they are met.
    """
    told = []
    results = material.results
    for result in (item for role in CRITERIA for item in results.met_in(role) or results.in_role(role)):
        if result.status is Status.MET:
            told.append(_met_line(material, result))
        elif result.status is Status.NOT_MET:
            told.append(f"{wording.NOT_MET} {markdown.escaped(markdown.upper_first(result.rule.not_shown))}")
        elif result.status is not Status.NOT_APPLICABLE:
            told.append(f"{wording.UNKNOWN} {markdown.escaped(markdown.upper_first(gaps.criterion(result)))}")
    others = (item for item in results.met if item.rule.kind is Kind.INDICATION and item.rule.role not in CRITERIA)
    return [*told, *(_met_line(material, item) for item in others)]


def _met_line(material: CardInputs, result: Result) -> str:
    return f"{wording.MET} {line(material, result)}"
