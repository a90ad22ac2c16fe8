"""`cds-service rules`: the catalogue, or the page of one rule."""

from collections.abc import Iterable

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from cds_service import cases, pages
from cds_service.cards import wording
from cds_service.engine import Rule
from cds_service.knowledge import load
from cds_service.rules import THEMES, catalogue


@click.command("rules")
@click.argument("rule_id", required=False, metavar="[ID]")
@click.option("--markdown", is_flag=True, help="Print markdown as it is, such as the README's table.")
@click.option("--wording", "show_wording", is_flag=True, help="Print every sentence that cards add to the findings.")
def command(rule_id: str | None, *, markdown: bool, show_wording: bool) -> None:
    """List all rules, or show the page of one: what it checks, thresholds, value sets, sources and cases."""
    console = Console()
    if show_wording:
        for name, text in wording.every():
            click.echo(f"{name}: {text}")
        return
    if rule_id is None:
        text = pages.catalogue(catalogue())
        if markdown:
            click.echo(text)
        else:
            console.print(_table(catalogue()))
        return
    rule = next((item for item in catalogue() if item.id == rule_id), None)
    if rule is None:
        raise click.ClickException(f"there is no rule {rule_id}; `cds-service rules` lists them")
    text = pages.rule(rule, load(), cases.load(cases.FIXTURES / "rules" / f"{rule.id}.json"))
    if markdown:
        click.echo(text)
    else:
        console.print(Markdown(text))


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
