"""Tells how cards were received: shown to clients, accepted and overridden, by rule, by reason and over time."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from typing import Any, TextIO

from msgspec import Struct

from cds_service.store.records import FeedbackOutcome, Tally

COLUMNS = (
    "received_at", "outcome_at", "card", "outcome", "reason_system", "reason_code", "reason_display", "suggestions",
    "comment", "client", "card_outcome", "card_at", "card_hook", "card_hook_instance", "card_service", "card_topic",
    "card_indicator", "card_disposition", "card_rules", "card_knowledge", "card_release", "card_client", "card_origin",
)  # fmt: skip
"""The columns of an export, in order."""
TALLY_COLUMNS = ("day", "topic", "indicator", "rules", "outcome", "reason", "cards")
"""The columns of tallies, in order: each card is in one row, however many rules speak on it."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula."""


class RuleTally(Struct, frozen=True):
    """Cards under one heading: how many were shown, and of these accepted and overridden."""

    name: str
    shown: int
    accepted: int
    overridden: int

    @property
    def unanswered(self) -> int:
        """How many were neither accepted nor overridden, as far as was reported."""
        return self.shown - self.accepted - self.overridden

    @property
    def overridden_share(self) -> float | None:
        """The share of answered cards that were overridden, None while none was answered."""
        answered = self.accepted + self.overridden
        return self.overridden / answered if answered else None


class Summary(Struct, frozen=True):
    """Rows by rule (a card counts for each rule that speaks on it), by month, and how often each reason was given.

    `of_trials` are cards sent to our own tools, which are in none of the rows.
    """

    rules: tuple[RuleTally, ...]
    months: tuple[RuleTally, ...]
    reasons: tuple[tuple[str, int], ...]
    total: RuleTally
    on_unknown_cards: int
    of_trials: int


def summarise(tallies: Iterable[Tally], on_unknown_cards: int = 0, of_trials: int = 0) -> Summary:
    """The summary of all tallies; rules with most cards first, months in order."""
    tallies = list(tallies)
    rules = _rows(tallies, lambda tally: tally.rules)
    reasons: dict[str, int] = {}
    for tally in tallies:
        if tally.outcome is FeedbackOutcome.OVERRIDDEN:
            reason = tally.reason or "none given"
            reasons[reason] = reasons.get(reason, 0) + tally.cards
    total = _rows(tallies, lambda _: ("all cards",))
    return Summary(
        rules=tuple(sorted(rules, key=lambda row: (-row.shown, row.name))),
        months=tuple(sorted(_rows(tallies, lambda tally: (tally.day.strftime("%Y-%m"),)), key=lambda row: row.name)),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        total=total[0] if total else RuleTally("all cards", 0, 0, 0),
        on_unknown_cards=on_unknown_cards,
        of_trials=of_trials,
    )


def write_csv(rows: Iterator[Mapping[str, Any]], target: TextIO) -> int:
    """Writes each row of feedback under `COLUMNS`; returns how many. A database that fails at once leaves nothing written."""
    first = list(islice(rows, 1))
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    written = 0
    for row in chain(first, rows):
        writer.writerow([_cell(row.get(name)) for name in COLUMNS])
        written += 1
    return written


def write_tallies(tallies: Iterable[Tally], target: TextIO) -> None:
    """Writes tallies under `TALLY_COLUMNS`; `outcome` is empty where none was reported."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(TALLY_COLUMNS)
    writer.writerows([_cell(getattr(tally, name)) for name in TALLY_COLUMNS] for tally in tallies)


def _rows(tallies: Iterable[Tally], names: Callable[[Tally], Iterable[str]]) -> list[RuleTally]:
    counts: dict[str, list[int]] = {}
    for tally in tallies:
        for name in names(tally):
            count = counts.setdefault(name, [0, 0, 0])
            count[0] += tally.cards
            count[1] += tally.cards if tally.outcome is FeedbackOutcome.ACCEPTED else 0
            count[2] += tally.cards if tally.outcome is FeedbackOutcome.OVERRIDDEN else 0
    return [RuleTally(name, *count) for name, count in counts.items()]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
