"""`cds-service config`: checks the settings and says in words what they mean and what the site has changed."""

from collections.abc import Collection, Mapping
from pathlib import Path

import click

from cds_service.cases import readers
from cds_service.cli._options import config_option, console
from cds_service.cli._start import check_files, check_rules
from cds_service.errors import StoreUnavailable
from cds_service.hooks import BY_HOOK, ONE_ID
from cds_service.knowledge import Change
from cds_service.knowledge import load as load_knowledge
from cds_service.knowledge.changes import REMEDY
from cds_service.knowledge.overlay import applied
from cds_service.rules import catalogue, changes
from cds_service.settings import Client, MedicationList, Settings, load


@click.group()
def command() -> None:
    """Check the settings."""


@command.command()
@config_option
def check(config: Path | None) -> None:
    """Read all settings as `serve` would, and say who may do what and what differs from the defaults.

    Exit status: 0 if the service would start, 1 if it would not.
    """
    settings = load(config)
    for line in (*_says(settings), *map(_says_of, settings.clients)):
        _print(f"• {line}")
    for line in _of_callers(settings):
        _print(f"• Warning: {line}")
    refused = _differences(settings)
    check_rules()
    check_files(settings)
    raise SystemExit(1 if refused else 0)


def _of_callers(settings: Settings) -> Collection[str]:
    """What callers that keep a medication list do not send; nothing where no call was recorded yet."""
    from cds_service import unanswered_lists
    from cds_service.store.database import Database

    database = Database(settings.database_url)
    try:
        if not database.exists or (not database.is_current and database.is_sqlite):
            return ()
        return unanswered_lists.sentences(settings, database)
    except StoreUnavailable as error:
        return (f"which medication lists callers answer cannot be read from the database now: {error}.",)
    finally:
        database.close()


def _print(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


def _differences(settings: Settings) -> bool:
    """Says what the overlays change, with their reasons; whether the service would refuse any of it."""
    know = load_knowledge()
    refused = False
    if settings.overlay:
        know = applied(know, settings.overlay)
        refused = _tell(str(settings.overlay), tuple(changes(know)))
    for client in settings.clients:
        if client.overlay:
            own = set(changes(applied(know, client.overlay))).difference(changes(know))
            refused |= _tell(f"{client.overlay}, for {client.name} alone,", sorted(own, key=lambda item: item.says))
    return refused


def _tell(whose: str, found: Collection[Change]) -> bool:
    _print(f"{whose} changes {len(found) or 'nothing'} of the defaults{':' if found else '.'}")
    for change in found:
        _print(f"• {change.says}{_read_by(change)}. Reason: {change.reason}.")
        if change.accepted:
            _print(f"  The risk was accepted: {change.accepted}.")
        if change.is_refused:
            _print(f"  Refused, as it weakens what guards the patient. In {change.file}, {change.key}: {REMEDY}.")
    return any(change.is_refused for change in found)


def _read_by(change: Change) -> str:
    """Which rules read a value set that got codes."""
    found = readers(change.value_set, catalogue(), load_knowledge()) if change.value_set else ()
    return f"; read by {', '.join(found)}" if found else ""


def _says(settings: Settings) -> list[str]:
    from cds_service.store.database import Database

    database = Database(settings.database_url)
    store = f"Feedback is kept in {database.address}"
    comments = (
        "with free-text comments, which may name patients" if settings.keep_comments else "without free-text comments"
    )
    origins = ", ".join(settings.cors_origins) or ("of any origin" if settings.on_loopback else "of no origin")
    codes = len(settings.order_codes) + sum(len(client.order_codes) for client in settings.clients)
    return [
        f"Discovery is at {settings.base_url}{ONE_ID.path}; with an id for each hook, at {settings.base_url}{BY_HOOK.path}.",
        "Clients must sign their calls." if settings.clients else _without_clients(settings),
        "Only this machine can reach the service." if settings.on_loopback else "Other machines can reach the service.",
        f"{store}, {comments}.",
        f"What is older than {settings.retention_days} days is deleted every day."
        if settings.retention_days
        else "It is kept until purged: no retention_days are set.",
        f"Pages {origins} may call the service from a browser.",
        f"An answer takes at most {settings.deadline_ms} ms; a body may hold {settings.body_limit / 1e6:g} MB.",
        f"Dates without a time of day are read in the zone {settings.time_zone}, and times sent in UTC are told by its clock.",
        f"Suggested times begin at {settings.opening_hour:02}:00 on {', '.join(settings.working_days)}.",
        _lists(settings),
        "Cards are known again by the site's secret."
        if settings.card_key.get_secret_value()
        else "No card_key is set: cards are not known again from call to call.",
        f"{codes} order codes of the site are known."
        if codes
        else "Warning: no order code of the site is configured. Orders with local codes alone are recognised by their text only.",
        *_systems(settings.code_systems),
    ]


def _systems(addresses: Mapping[str, str]) -> list[str]:
    return [f"{address} is read as {key}." for address, key in addresses.items()]


def _lists(settings: Settings) -> str:
    if len(settings.medication_lists) == len(MedicationList):
        both = " and ".join(settings.medication_lists)
        return f"Drugs count as known once {both} were answered; whoever keeps only one of them names it in medication_lists."
    return f"Drugs count as known once {settings.medication_lists[0]} was answered; no other medication list is kept."


def _without_clients(settings: Settings) -> str:
    servers = " or ".join(("any FHIR server on this machine", *settings.fhir_origins))
    return f"No client is configured: calls are not signed; data may be fetched from {servers}."


def _says_of(client: Client) -> str:
    """One sentence: who may do what, with only those of its settings that differ from the defaults."""
    origins = ", ".join(client.fhir_origins)
    told = (
        (True, f"{client.name} ({client.issuer}): keys from {client.jwks or ' or '.join(client.jku)}"),
        (True, f"hooks {', '.join(client.hooks)}"),
        (True, f"data may be fetched from {origins}" if origins else "prefetch only"),
        (origins and client.fhir_search_by_post, "searches are posted"),
        (origins and client.fhir_on_private_network, "names of these servers may lead to the private network"),
        (client.audiences, f"its tokens may also be meant for {', '.join(client.audiences)}"),
        (client.deadline_ms, f"an answer takes at most {client.deadline_ms} ms"),
        (client.body_limit, f"a body may hold {(client.body_limit or 0) / 1e6:g} MB"),
        (client.calls_per_minute, f"at most {client.calls_per_minute} calls a minute and process"),
        (client.medication_lists, f"of the medication lists it keeps {' and '.join(client.medication_lists or ())}"),
        (
            client.code_systems,
            ", ".join(f"its {address} is read as {key}" for address, key in client.code_systems.items()),
        ),
        (client.may_set_as_of, "may set the assessment time"),
        (
            client.quiet_days,
            f"overridden cards are not repeated at signing for {client.quiet_days} days, unless critical, changed or acted on",
        ),
        (client.stamp_orders, "draft orders are stamped with their appropriateness"),
        (client.shadow, "shadow mode: no cards are returned"),
    )
    return "; ".join(says for applies, says in told if applies) + "."
