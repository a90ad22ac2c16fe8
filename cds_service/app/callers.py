"""Who may call, and what each caller gets: its knowledge, hooks and discovery document, its limits, and servers that may be asked."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from cds_service import prefetch
from cds_service.app.pace import Pace
from cds_service.auth.spent import Spend
from cds_service.chart import Section
from cds_service.fetch import Access, Allowed
from cds_service.hook import Hook
from cds_service.hook_policy import POLICIES, rules_of
from cds_service.hooks import LISTINGS, DiscoveryAddress, HookRequest, Offer, discovery
from cds_service.service import Overridden, Site, site_of
from cds_service.settings import Client, Settings

ANYONE = ""
"""The issuer under which a service without clients keeps its only caller."""


class Caller(Struct, frozen=True):
    """One configured client, or anyone where none is configured; `name` is empty then.

    `searches` are what we ask its FHIR server, `counts` the page sizes that its prefetch was asked for, `documents` the discovery
    documents by their path. `body_limit` is in bytes, `deadline_ms` the time for a whole answer.
    """

    name: str
    hooks: frozenset[Hook]
    site: Site
    searches: Mapping[Section, str]
    counts: Mapping[Section, int]
    documents: Mapping[str, bytes]
    allowed: Allowed
    body_limit: int
    deadline_ms: int
    pace: Pace = field(default_factory=Pace)
    may_set_as_of: bool = False
    shadow: bool = False
    by_post: bool = False
    asks_openly: bool = False

    def discovery(self, listing: DiscoveryAddress) -> tuple[bytes, str]:
        """Its discovery document, and what that is recognised by."""
        document = self.documents[listing.path]
        return document, sha256(document).hexdigest()[:32]

    def access(self, asked: HookRequest) -> Access | None:
        """The way to the FHIR server that a call names; None without one, or without a token where one is needed (R-AUTHZ-06)."""
        granted = asked.authorization
        if not asked.fhir_server or not (granted or self.asks_openly):
            return None
        context = {"patientId": asked.patient, "encounterId": asked.encounter}
        if granted is None:
            return Access(asked.fhir_server, context, by_post=self.by_post)
        return Access(asked.fhir_server, context, granted.token, granted.scope, granted.patient, self.by_post)


def callers(settings: Settings, overridden: Callable[[Client], Overridden]) -> Mapping[str, Caller]:
    """Every caller by the issuer of its tokens; without clients only `ANYONE`. Raises KnowledgeError or SettingsError.

    `overridden` gives, for a client, what tells which of its cards were overridden.
    """
    configured = {client.issuer: _client(client, settings, overridden(client)) for client in settings.clients}
    return configured or {ANYONE: anyone(settings)}


ClientOf = Callable[[str, Collection[str], datetime], Client]
"""Whose token an `Authorization` header carries, that is meant for one of some addresses. Raises Unauthorized."""


def authenticator(settings: Settings, read: Callable[[str], bytes], spend: Spend) -> ClientOf | None:
    """What lets clients in; None without any, and then cryptography, which takes long, is not imported either."""
    if not settings.clients:
        return None
    from cds_service.auth.authenticator import Authenticator

    return Authenticator(settings.clients, read, spend).client


def anyone(settings: Settings) -> Caller:
    """Whoever calls a service that has no clients: somebody on this machine."""
    return Caller(
        name=ANYONE,
        hooks=frozenset(settings.hooks),
        allowed=Allowed.of(settings.fhir_origins, loopback=True),
        body_limit=settings.body_limit,
        deadline_ms=settings.deadline_ms,
        may_set_as_of=True,
        asks_openly=True,
        **_derived(site_of(settings), settings.hooks),
    )


def _client(client: Client, settings: Settings, overridden: Overridden) -> Caller:
    site = replace(site_of(settings, client), overridden=overridden)
    return Caller(
        name=client.name,
        hooks=frozenset(client.hooks),
        allowed=Allowed.of(client.fhir_origins, private=client.fhir_on_private_network),
        body_limit=client.body_limit or settings.body_limit,
        deadline_ms=client.deadline_ms or settings.deadline_ms,
        pace=Pace(client.calls_per_minute),
        may_set_as_of=client.may_set_as_of,
        shadow=client.shadow,
        by_post=client.fhir_search_by_post,
        **_derived(site, client.hooks),
    )


def _derived(site: Site, hooks: Collection[Hook]) -> dict[str, Any]:
    """What follows from the knowledge that a caller gets, and from the lists that it keeps."""
    templates = prefetch.templates(site.rules, site.know, site.lists)
    offers = [
        Offer(hook, policy.describes, prefetch.templates(rules_of(hook, site.rules), site.know, site.lists))
        for hook, policy in POLICIES.items()
        if hook in hooks
    ]
    return {
        "site": site,
        "searches": prefetch.searches(templates),
        "counts": prefetch.counts(templates),
        "documents": {
            listing.path: msgspec.json.encode(discovery(offers, site.know.version, listing)) for listing in LISTINGS
        },
    }
