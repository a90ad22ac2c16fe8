"""`cds-service config`: checks the settings and says in words what they mean."""

from pathlib import Path

import click
from rich.table import Table

from cds_service.cli._options import config_option, console
from cds_service.settings import Client, Settings, load


@click.group()
def command() -> None:
    """Check the settings."""


@command.command()
@config_option
def check(config: Path | None) -> None:
    """Read all settings as `serve` would, and say who may do what."""
    settings = load(config)
    for line in _says(settings):
        console.print(f"• {line}", markup=False)
    if settings.clients:
        console.print(_clients(settings.clients))


def _says(settings: Settings) -> list[str]:
    from cds_service.store.database import Database

    database = Database(settings.database_url)
    store = f"Feedback is kept in {database.shown}"
    comments = (
        "with free-text comments, which may name patients" if settings.keep_comments else "without free-text comments"
    )
    origins = ", ".join(settings.cors_origins) or ("of any origin" if settings.on_loopback else "of no origin")
    codes = len(settings.order_codes) + sum(len(client.order_codes) for client in settings.clients)
    return [
        f"Discovery is at {settings.base_url}/cds-services.",
        "Clients must sign their calls." if settings.clients else "No client is configured: calls are not signed.",
        "Only this machine can reach the service." if settings.on_loopback else "Other machines can reach the service.",
        f"{store}, {comments}.",
        f"It is kept for {settings.retention_days} days." if settings.retention_days else "It is kept until purged.",
        f"Pages {origins} may call the service from a browser.",
        f"An answer takes at most {settings.deadline_ms} ms; a body may hold {settings.body_limit / 1e6:g} MB.",
        f"Dates without a time of day are read in the zone {settings.time_zone}.",
        f"{codes} order codes of the site are known."
        if codes
        else "Warning: no order code of the site is configured. Orders with local codes alone are recognised by their text only.",
    ]


def _clients(clients: tuple[Client, ...]) -> Table:
    table = Table("Client", "Issuer", "Keys from", "Hooks", "FHIR servers", "May set the time", "Shadow mode")
    for client in clients:
        table.add_row(
            client.name,
            client.issuer,
            str(client.jwks) if client.jwks else "\n".join(client.jku),
            "\n".join(client.hooks),
            "\n".join(client.fhir_origins) or "none: prefetch only",
            "yes" if client.may_set_as_of else "no",
            "yes: no cards are returned" if client.shadow else "no",
        )
    return table
