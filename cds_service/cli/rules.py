"""`cds-service rules`: the catalogue, the page of one rule, or what is due for review."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from cds_service import cases, rule_page
from cds_service.cards import wording
from cds_service.cli._options import config_option
from cds_service.findings import Rule
from cds_service.knowledge import Knowledge, load
from cds_service.knowledge.overlay import applied
from cds_service.knowledge.reviews import overdue
from cds_service.rules import THEMES, catalogue
from cds_service.settings import load as load_settings


@click.command("rules")
@click.argument("rule_id", required=False, metavar="[ID]")
@click.option("--markdown", is_flag=True, help="Print plain markdown.")
@click.option("--wording", "show_wording", is_flag=True, help="Print every sentence that cards add to the findings.")
@click.option(
    "--stale",
    is_flag=True,
    help="List sources, numbers and value sets past their review date; exit status 1 if there are any.",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="With --stale: as of this day; by default today.")
@config_option
def command(
    rule_id: str | None, *, markdown: bool, show_wording: bool, stale: bool, as_of: datetime | None, config: Path | None
) -> None:
    """List all rules, or show the page of one: what it checks and says, its numbers, value sets, sources and cases."""
    console = Console()
    if stale:
        _tell_stale((as_of or datetime.now(UTC)).date())
        return
    if show_wording:
        for name, text in (*wording.every(), *_nouns(catalogue())):
            click.echo(f"{name}: {text}")
        return
    if rule_id is None:
        text = rule_page.catalogue(catalogue())
        if markdown:
            click.echo(text)
        else:
            console.print(_table(catalogue()))
        return
    rule = next((item for item in catalogue() if item.id == rule_id), None)
    if rule is None:
        raise click.ClickException(f"there is no rule {rule_id}; `cds-service rules` lists them")
    text = rule_page.rule(rule, _in_force(config), cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json"))
    if markdown:
        click.echo(text)
    else:
        console.print(Markdown(text))


def _nouns(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """What cards call the judgement of each rule, say of a criterion that is not met, and what they ask a person to do."""
    for item in rules:
        texts = (("JUDGES", item.judges), ("NOT_SHOWN", item.not_shown), ("SETTLE", item.settle))
        steps = (("STEP", text) for text in item.steps)
        yield from ((f"{name} {item.id}", text) for name, text in (*texts, *steps) if text)


def _in_force(config: Path | None) -> Knowledge:
    overlay = load_settings(config).overlay
    return applied(load(), overlay) if overlay else load()


def _tell_stale(day: date) -> None:
    """Prints what is past its review, the oldest first. Raises SystemExit(1) if there is anything."""
    know = load()
    found = overdue(know, day)
    for item in found:
        click.echo(f"{item.reviewed}  {item.kind}  {item.id}")
    within = know.parameter("shared/reviews.review_within").text
    click.echo(f"{len(found) or 'Nothing'} past review on {day}: last reviewed more than {within} before")
    if found:
        raise SystemExit(1)


def _table(rules: Iterable[Rule]) -> Table:
    table = Table("id", "speaks when", "kind", "card")
    theme = ""
    for item in rules:
        if item.theme != theme:
            theme = item.theme
            table.add_section()
            table.add_row(f"[bold]{THEMES[theme]}[/bold]")
        table.add_row(item.id, item.title, item.kind, item.card)
    return table
