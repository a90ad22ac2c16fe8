"""The suitability card: the disposition in plain words, the criteria as a checklist, and the balance of the evidence."""

from cds_service.cards import markdown, wording
from cds_service.cards.material import Material
from cds_service.disposition import Disposition
from cds_service.engine import Indicator, Kind, Result, Status, Topic

_INDICATOR = {
    Disposition.CRITERIA_MET: Indicator.INFO,
    Disposition.CONTRAINDICATED: Indicator.CRITICAL,
    Disposition.REFER_SPINE_SURGERY: Indicator.CRITICAL,
}
_AGAINST = (
    Kind.NOT_INDICATED,
    Kind.SURGEON_FIRST,
    Kind.ABSOLUTE,
    Kind.CORRECTABLE,
    Kind.RELATIVE,
    Kind.INSUFFICIENT_DATA,
)


def indicator(material: Material) -> Indicator:
    """How urgent the card is: the disposition decides."""
    return _INDICATOR.get(material.assessment.disposition, Indicator.WARNING)


def summary(material: Material) -> str:
    """The disposition and what decided it."""
    assessment = material.assessment
    first = _named(assessment.because[0]) if assessment.because else ""
    template = wording.SUITABILITY[assessment.disposition]
    return markdown.summary(template.format(procedure=material.procedure, first=first))


def detail(material: Material) -> str:
    """Criteria, what speaks against, the evidence, and what else may help."""
    against = material.met(Topic.SUITABILITY, *_AGAINST)
    disposition = material.assessment.disposition
    balance = _finding_of(material, "evidence_balance") if disposition.favourable else ""
    not_indicated = disposition is Disposition.NOT_INDICATED
    alternatives = markdown.bullets(wording.ALTERNATIVE_STEPS) if not_indicated else ""
    return markdown.sections(
        wording.SPECIALIST if material.assessment.requires else "",
        markdown.section(wording.CRITERIA, markdown.bullets(_criteria(material))),
        markdown.section(wording.AGAINST, markdown.bullets(map(material.line, against))),
        _elsewhere(material),
        markdown.section(wording.EVIDENCE, balance),
        markdown.section(wording.ALTERNATIVES, alternatives),
    )


def _named(result: Result) -> str:
    if result.finding is not None:
        return result.finding.says
    return result.unknown or result.rule.title


def _criteria(material: Material) -> list[str]:
    """One line for each criterion that is met, not met or unknown; one that does not apply is left out."""
    lines = []
    for result in material.results:
        if result.rule.kind is not Kind.INDICATION:
            continue
        if result.status is Status.MET:
            lines.append(f"{wording.MET}: {material.line(result)}")
        elif result.status is Status.NOT_MET and result.rule.essential != "no":
            lines.append(f"{wording.NOT_MET}: {markdown.escaped(result.rule.title)}")
        elif result.status is Status.UNKNOWN:
            lines.append(f"{wording.UNKNOWN}: {markdown.escaped(result.rule.title)}")
    return lines


def _finding_of(material: Material, rule: str) -> str:
    return "\n\n".join(material.line(item) for item in material.results if item.rule.id == rule and item.finding)


def _elsewhere(material: Material) -> str:
    """Which other cards speak against, so that nothing is said twice."""
    topics = [
        wording.TOPICS[topic]
        for topic in (Topic.ANTITHROMBOTICS, Topic.INFECTION, Topic.SAFETY)
        if material.met(topic, *_AGAINST)
    ]
    return wording.ELSEWHERE.format(topics=", ".join(topics)) if topics else ""
