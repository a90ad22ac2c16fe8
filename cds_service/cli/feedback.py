"""`cds-service feedback`: how the cards that clients were sent were received."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Column, Table

from cds_service.cli._options import config_option, console
from cds_service.feedback.summarise import RuleTally, summarise, write_csv
from cds_service.settings import load

if TYPE_CHECKING:
    from cds_service.store.database import Database

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Summarise, export or purge the feedback on cards."""


@command.command()
@config_option
@click.option("--since", type=_DAY, help="Count cards shown on this day or later (UTC).")
def summary(config: Path | None, since: datetime | None) -> None:
    """Cards shown, accepted and overridden: by rule, by month, by reason.

    Each card is counted once, on the day it was sent to a client: as accepted if any of its suggestions was, even if the card was
    dismissed before or after; else as overridden if it was dismissed. In the table of rules it counts for each rule that speaks in its
    summary or its reasons, not for rules that it merely lists. Replays, the workbench and the test at /connect are not counted.
    """
    from cds_service.store.repository import cards_of_trials, feedback_on_unknown_cards, tallies

    database = _database(config)
    told = summarise(tallies(database, _utc(since)), feedback_on_unknown_cards(database), cards_of_trials(database))
    console.print("A card counts as accepted if any of its suggestions was, also if it was dismissed.")
    console.print("It counts for each rule that speaks on it: in its summary or its reasons.")
    console.print(_table("Rule", (*told.rules, told.total)))
    console.print(_table("Month", told.months))
    reasons = Table("Reason for overriding", "Cards")
    for reason, number in told.reasons:
        reasons.add_row(reason, str(number))
    console.print(reasons)
    if told.on_unknown_cards:
        console.print(f"{told.on_unknown_cards} entries are about cards that are not on record.")
    if told.of_trials:
        console.print(
            f"Cards of replays, the workbench and tests at /connect, of any day, not counted: {told.of_trials}."
        )


@command.command()
@config_option
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of the terminal.")
def export(config: Path | None, output: Path | None) -> None:
    """Every entry of feedback as it came, with the card it is about, as CSV.

    `outcome` is what this entry says, `card_outcome` what the card counts as: accepted if any entry about it accepts a suggestion.
    `card_origin` is who was sent the card: `client`, which alone is counted elsewhere, `self-test`, `workbench` or `replay`.
    """
    from cds_service.store.repository import joined

    rows = joined(_database(config))
    if output is None:
        write_csv(rows, sys.stdout)
        return
    with output.open("w", encoding="utf-8", newline="") as target:
        written = write_csv(rows, target)
    console.print(f"{written} entries written to {output}", markup=False)


@command.command()
@config_option
@click.option(
    "--before",
    type=_DAY,
    help="Delete what is older than this day (UTC). By default, what is older than retention_days.",
)
def purge(config: Path | None, before: datetime | None) -> None:
    """Delete old feedback and records of shown cards."""
    from cds_service.store import repository

    days = load(config).retention_days
    if before is None and not days:
        raise click.UsageError("Name a day with --before: the setting retention_days keeps everything.")
    limit = _utc(before) or datetime.now(UTC) - timedelta(days=days)
    said, shown = repository.purge(_database(config), limit)
    console.print(f"Deleted {said} entries of feedback and {shown} shown cards from before {limit:%Y-%m-%d}")


def _database(config: Path | None) -> "Database":
    from cds_service.store.database import Database

    return Database(load(config).database_url)


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _table(heading: str, rows: tuple[RuleTally, ...]) -> Table:
    table = Table(Column(heading, no_wrap=True), "Shown", "Accepted", "Overridden", "Of answered")
    for row in rows:
        share = row.overridden_share
        told = "–" if share is None else f"{share:.0%}"
        table.add_row(row.name, str(row.shown), str(row.accepted), str(row.overridden), told)
    return table
