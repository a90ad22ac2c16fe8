"""Half a year of cards and of what became of them, as the records of a service that has been in use."""

from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import NAMESPACE_URL, UUID, uuid5

from cds_service.store.database import Database
from cds_service.store.records import DisplayedCard, FeedbackEntry, FeedbackOutcome, OverrideReason, Showing
from cds_service.store.repository import add_feedback, add_showings

FIRST = datetime(2024, 1, 3, 9, tzinfo=UTC)
WEEKS = 25
REASONS = "http://terminology.hl7.org/CodeSystem/override-reason"
CARDS = (
    ("antithrombotics", "critical", ("antithrombotic_hold",)),
    ("suitability", "warning", ("antithrombotic_hold", "severe_pain", "recent_fracture")),
    ("infection", "critical", ("spinal_infection", "infection_markers")),
    ("workup", "info", ("coagulation_tests_due",)),
)
BECAME = (
    (FeedbackOutcome.ACCEPTED, ""),
    (FeedbackOutcome.OVERRIDDEN, "risk-benefit-ratio"),
    (None, ""),
    (FeedbackOutcome.OVERRIDDEN, "expert-contradicts"),
    (FeedbackOutcome.ACCEPTED, ""),
)


def write(database: Database) -> None:
    """Writes them: each week another number of calls, each with every card, each card with another fate than the one before."""
    fates = cycle(BECAME)
    showings, told = [], []
    for week in range(WEEKS):
        for call in range(1 + week % 4):
            at = FIRST + timedelta(weeks=week, hours=call)
            cards = tuple(
                DisplayedCard(_uuid(f"{week}/{call}/{topic}"), topic, indicator, "after-correction", rules, "2024.1.0")
                for topic, indicator, rules in CARDS
            )
            showings.append(Showing(_uuid(f"{week}/{call}"), "order-sign", "vertebroplasty-suitability", "", at, cards))
            told += [
                FeedbackEntry(card.uuid, outcome, at, at, reason=OverrideReason(REASONS, code) if code else None)
                for card, (outcome, code) in zip(cards, fates, strict=False)
                if outcome
            ]
    add_showings(database, showings)
    add_feedback(database, told)


def _uuid(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)
