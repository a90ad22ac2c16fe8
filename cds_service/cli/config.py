"""`cds-service config`: checks the settings and says in words what they mean."""

from pathlib import Path

import click

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
        console.print(f"• {line}", markup=False, soft_wrap=True)
    for client in settings.clients:
        console.print(f"• {_says_of(client)}", markup=False, soft_wrap=True)


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
        "Clients must sign their calls." if settings.clients else _without_clients(settings),
        "Only this machine can reach the service." if settings.on_loopback else "Other machines can reach the service.",
        f"{store}, {comments}.",
        f"It is kept for {settings.retention_days} days." if settings.retention_days else "It is kept until purged.",
        f"Pages {origins} may call the service from a browser.",
        f"An answer takes at most {settings.deadline_ms} ms; a body may hold {settings.body_limit / 1e6:g} MB.",
        f"Dates without a time of day are read in the zone {settings.time_zone}.",
        f"Suggested times begin at {settings.opening_hour:02}:00 on {', '.join(settings.working_days)}.",
        "Cards are known again by the site's secret."
        if settings.card_key.get_secret_value()
        else "No card_key is set: cards are not known again from call to call.",
        f"{codes} order codes of the site are known."
        if codes
        else "Warning: no order code of the site is configured. Orders with local codes alone are recognised by their text only.",
    ]


def _without_clients(settings: Settings) -> str:
    servers = " or ".join(
        (*(["any FHIR server on this machine"] if settings.on_loopback else []), *settings.fhir_origins)
    )
    return f"No client is configured: calls are not signed; data may be fetched from {servers or 'nowhere'}."


def _says_of(client: Client) -> str:
    keys = client.jwks or " or ".join(client.jku)
    servers = f"data may be fetched from {', '.join(client.fhir_origins)}" if client.fhir_origins else "prefetch only"
    parts = [f"{client.name} ({client.issuer}): keys from {keys}", f"hooks {', '.join(client.hooks)}", servers]
    if client.fhir_origins and client.fhir_on_private_network:
        parts.append("names of these servers may lead to the private network")
    if client.may_set_as_of:
        parts.append("may set the assessment time")
    if client.quiet_days:
        parts.append(
            f"overridden cards are not repeated at signing for {client.quiet_days} days, unless critical or changed"
        )
    if client.stamp_orders:
        parts.append("draft orders are stamped with their appropriateness")
    if client.shadow:
        parts.append("shadow mode: no cards are returned")
    return "; ".join(parts) + "."
