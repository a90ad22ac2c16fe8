"""Reasons that a clinician may give for not following a card: HL7's codes where one fits, else our own."""

from functools import cache

from cds_service.cards import wording
from cds_service.cards.model import TopicCoding
from cds_service.findings import Topic

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OURS = "https://vertebroplasty-cds.org/CodeSystem/override-reason"

_REASONS: dict[Topic, tuple[str, ...]] = {
    Topic.SUITABILITY: (
        "specialist-agreed",
        "risk-benefit-ratio",
        "expert-contradicts",
        "urgent",
        "chart-out-of-date",
        "prefers-alternative",
    ),
    Topic.ANTITHROMBOTICS: ("specialist-agreed", "risk-benefit-ratio", "urgent", "chart-out-of-date"),
    Topic.INFECTION: ("specialist-agreed", "risk-benefit-ratio", "chart-out-of-date", "urgent"),
    Topic.SAFETY: ("specialist-agreed", "risk-benefit-ratio", "chart-out-of-date", "urgent"),
    Topic.WORKUP: ("done-elsewhere", "action-completed", "service-not-available", "patient-refuses", "urgent"),
}


@cache
def reasons(topic: Topic) -> tuple[TopicCoding, ...]:
    """The reasons offered on one card."""
    return tuple(map(_coding, _REASONS[topic]))


def displays() -> dict[tuple[str, str], str]:
    """What each reason says that any card offers, by system and code."""
    return {(item.system, item.code): item.display for topic in _REASONS for item in reasons(topic)}


def reason_texts(code: str) -> str:
    """A reason in words; a code that we do not offer says itself."""
    return wording.OWN_REASONS.get(code) or wording.HL7_REASONS.get(code) or code


def _coding(code: str) -> TopicCoding:
    if code in wording.OWN_REASONS:
        return TopicCoding(OURS, code, wording.OWN_REASONS[code])
    return TopicCoding(HL7, code, wording.HL7_REASONS[code])
