"""The records that are kept, as values: a shown card, a feedback entry, and the tallies that a summary needs."""

from datetime import date, datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct


class FeedbackOutcome(StrEnum):
    """What the user did with a card; a card that was ignored is never reported."""

    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"


class CallOrigin(StrEnum):
    """Who made a call. Only what a client was sent counts as shown: nobody decides about a patient with the other three."""

    CLIENT = "client"
    SELF_TEST = "self-test"
    """The example of the page at `/connect`, whoever sends it."""
    WORKBENCH = "workbench"
    REPLAY = "replay"


class DisplayedCard(Struct, frozen=True):
    """A card as it was sent: `uuid` is the card's, `rules` are the ids of the rules that speak in its summary or its reasons.

    A rule that the card merely lists is not among them: what became of the card says nothing about it. `key` is the same for the same
    card of another call; empty where the site has no secret to make it with.
    """

    uuid: UUID
    topic: str
    indicator: str
    disposition: str
    rules: tuple[str, ...]
    knowledge: str
    key: str = ""


class Showing(Struct, frozen=True):
    """Cards sent together in answer to one call; `at` is aware, `client` the configured name or empty."""

    instance: UUID
    hook: str
    service: str
    client: str
    at: datetime
    cards: tuple[DisplayedCard, ...]
    origin: CallOrigin = CallOrigin.CLIENT


class ListAnswer(Struct, frozen=True):
    """Whether a caller answered a medication list in a call; `client` is the configured name or empty."""

    client: str
    section: str
    answered: bool
    at: datetime


class ListHistory(Struct, frozen=True):
    """The first and last call of a caller that keeps a medication list, and the last that answered it, None if none did."""

    client: str
    section: str
    first_at: datetime
    last_at: datetime
    answered_at: datetime | None


class OverrideReason(Struct, frozen=True):
    """The coded reason that a user chose for overriding a card."""

    system: str
    code: str
    display: str = ""


class FeedbackEntry(Struct, frozen=True):
    """One entry of feedback as received; the comment is empty unless comments are kept."""

    card: UUID
    outcome: FeedbackOutcome
    outcome_at: datetime
    received_at: datetime
    client: str = ""
    suggestions: tuple[UUID, ...] = ()
    reason: OverrideReason | None = None
    comment: str = ""


class Tally(Struct, frozen=True):
    """How many cards with the same rules and indicator were shown on one day, and what became of them.

    `outcome` is None if none was reported: accepted if any suggestion was, even if the card was overridden before or after. `reason` is
    that of the latest override, empty for a card that was accepted.
    """

    day: date
    rules: tuple[str, ...]
    topic: str
    indicator: str
    outcome: FeedbackOutcome | None
    reason: str
    cards: int


def identity(text: str) -> UUID:
    """The UUID in a text, or one made from a text that is none: what a client puts there is not kept as it is."""
    try:
        return UUID(text)
    except ValueError:
        return uuid5(NAMESPACE_URL, text)
