"""Who may call, and what each caller gets: its knowledge, its hooks, its discovery document, and servers that may be asked for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256

import msgspec

from cds_service import prefetch
from cds_service.chart import Section
from cds_service.errors import StoreUnavailable
from cds_service.fetch import Access, Allowed
from cds_service.hooks import Hook, HookRequest, discovery
from cds_service.service import Site, site_of
from cds_service.settings import Client, Settings
from cds_service.store.database import Database
from cds_service.store.ledger import was_overridden

ANYONE = ""
"""The issuer under which a service without clients keeps its only caller."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One configured client, or anyone where none is configured; `name` is empty then.

    `searches` are what we ask its FHIR server, `counts` the page sizes that its prefetch was asked for.
    """

    name: str
    hooks: frozenset[Hook]
    site: Site
    searches: Mapping[Section, str]
    counts: Mapping[Section, int]
    discovery: bytes
    allowed: Allowed
    may_set_as_of: bool = False
    shadow: bool = False
    by_post: bool = False
    asks_openly: bool = False

    @property
    def tag(self) -> str:
        """What its discovery document is recognised by."""
        return sha256(self.discovery).hexdigest()[:32]

    def access(self, asked: HookRequest) -> Access | None:
        """The way to the FHIR server that a call names; None without one, or without a token where one is needed (R-AUTHZ-06)."""
        granted = asked.authorization
        if not asked.fhir_server or not (granted or self.asks_openly):
            return None
        context = {"patientId": asked.patient, "encounterId": asked.encounter}
        if granted is None:
            return Access(asked.fhir_server, context, by_post=self.by_post)
        return Access(asked.fhir_server, context, granted.token, granted.scope, granted.patient, self.by_post)


def callers(settings: Settings, database: Database) -> Mapping[str, Caller]:
    """Every caller by the issuer of its tokens; without clients only `ANYONE`. Raises KnowledgeError or SettingsError."""
    configured = {client.issuer: _client(client, settings, database) for client in settings.clients}
    return configured or {ANYONE: anyone(settings)}


def anyone(settings: Settings) -> Caller:
    """Whoever calls a service that has no clients."""
    return _caller(
        ANYONE,
        settings.hooks,
        site_of(settings),
        Allowed.of(settings.fhir_origins, loopback=settings.on_loopback),
        may_set_as_of=settings.on_loopback,
        asks_openly=True,
    )


def _client(client: Client, settings: Settings, database: Database) -> Caller:
    site = site_of(settings, client)
    return _caller(
        client.name,
        client.hooks,
        replace(site, was_overridden=partial(_was_overridden, database, client.name)),
        Allowed.of(client.fhir_origins, private=client.fhir_on_private_network),
        may_set_as_of=client.may_set_as_of,
        shadow=client.shadow,
        by_post=client.fhir_search_by_post,
    )


def _caller(name: str, hooks: Collection[Hook], site: Site, allowed: Allowed, **may: bool) -> Caller:
    templates = prefetch.templates(site.rules, site.know)
    return Caller(
        name,
        frozenset(hooks),
        site,
        prefetch.searches(templates),
        prefetch.counts(templates),
        msgspec.json.encode(discovery(hooks, templates, site.know.version)),
        allowed,
        **may,
    )


def _was_overridden(database: Database, client: str, key: str, since: datetime) -> bool:
    """As the records say; while they cannot be read, every card is shown."""
    try:
        return was_overridden(database, client, key, since)
    except StoreUnavailable:
        return False
