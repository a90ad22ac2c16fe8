"""Half a year of cards and of what became of them, as the records of a service that has been in use."""

from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import NAMESPACE_URL, UUID, uuid5

from cds_service.store.database import Database
from cds_service.store.ledger import add_feedback, add_showings
from cds_service.store.records import FeedbackEntry, Outcome, Reason, Showing, ShownCard

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
    (Outcome.ACCEPTED, ""),
    (Outcome.OVERRIDDEN, "risk-benefit-ratio"),
    (None, ""),
    (Outcome.OVERRIDDEN, "expert-contradicts"),
    (Outcome.ACCEPTED, ""),
)


def write(database: Database) -> None:
    """Writes them: each week another number of calls, each with every card, each card with another fate than the one before."""
    fates = cycle(BECAME)
    for week in range(WEEKS):
        for call in range(1 + week % 4):
            at = FIRST + timedelta(weeks=week, hours=call)
            names = [f"{week}/{call}/{number}" for number in range(len(CARDS))]
            cards = tuple(
                ShownCard(_uuid(name), topic, indicator, "after-correction", rules, "2024.1.0")
                for name, (topic, indicator, rules) in zip(names, CARDS, strict=True)
            )
            add_showings(database, [Showing(_uuid(names[0] + "!"), "order-sign", "s", "", at, cards)])
            told = [(card, *next(fates)) for card in cards]
            add_feedback(
                database,
                [
                    FeedbackEntry(card.uuid, outcome, at, at, reason=Reason(REASONS, code) if code else None)
                    for card, outcome, code in told
                    if outcome
                ],
            )


def _uuid(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)
