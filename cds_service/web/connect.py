"""The page at /connect: where the service is, what a client must send, how it is configured, and an example to test with."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from cds_service import prefetch
from cds_service.auth import ALGORITHMS, LONGEST, SKEW
from cds_service.chart import Section
from cds_service.findings import Essential, Rule
from cds_service.hook import Hook
from cds_service.hook_policy import REQUIRED
from cds_service.hooks import BY_HOOK, LISTINGS, ONE_ID, SERVICE_ID, USAGE
from cds_service.service import Site
from cds_service.settings import Settings
from cds_service.web import examples

SANDBOX = "https://sandbox.cds-hooks.org"
"""The public sandbox of CDS Hooks; also the issuer of its tokens."""
_SANDBOX_OPENS = {"hook": Hook.PATIENT_VIEW.value, "screen": Hook.PATIENT_VIEW.value}


class Need(StrEnum):
    """What a client loses that does not send a prefetch key."""

    REQUIRED = "required"
    """The call is refused."""
    ESSENTIAL = "essential"
    """A judgement without which no favourable answer is given may be missing."""
    SHARPENING = "sharpening"
    """What the key's rules would have said is unknown."""


class Key(Struct, frozen=True):
    """A prefetch key: its template, which rules read it, and those of them that are essential."""

    section: Section
    template: str
    need: Need
    rules: tuple[Rule, ...]
    essential: tuple[Rule, ...]


class ConnectPage(Struct, frozen=True):
    """All that the page shows. `is_open` means that no client is configured; `example` is a hook request as JSON.

    `by_hook` is the discovery address with an id for each hook, `ids` the id to which the example is posted by the path of each
    discovery address, `sandbox` a link that opens the sandbox with this service on a chart.
    """

    base_url: str
    discovery: str
    by_hook: str
    service: str
    feedback: str
    service_id: str
    ids: Mapping[str, str]
    sandbox: str
    usage: str
    is_open: bool
    on_loopback: bool
    origins: tuple[str, ...]
    sandbox_may_call: bool
    hooks: tuple[Hook, ...]
    keys: tuple[Key, ...]
    scopes: tuple[str, ...]
    algorithms: tuple[str, ...]
    longest: int
    skew: int
    example: str
    unanswered_lists: tuple[str, ...]


def page(settings: Settings, site: Site, unanswered_lists: tuple[str, ...] = ()) -> ConnectPage:
    """The page; times are seconds, `unanswered_lists` says which medication lists callers do not answer."""
    templates = prefetch.templates(site.rules, site.know, site.lists)
    anyone = settings.on_loopback and not settings.cors_origins
    example = examples.first()
    (service,) = ONE_ID.services()
    by_hook = settings.base_url + BY_HOOK.path
    return ConnectPage(
        base_url=settings.base_url,
        discovery=settings.base_url + ONE_ID.path,
        by_hook=by_hook,
        service=settings.base_url + service.path,
        feedback=settings.base_url + service.feedback,
        service_id=SERVICE_ID,
        ids={listing.path: listing.ids[Hook(example["hook"])] for listing in LISTINGS},
        sandbox=f"{SANDBOX}/?{urlencode(_SANDBOX_OPENS | {'serviceDiscoveryURL': by_hook})}",
        usage=USAGE,
        is_open=not settings.clients,
        on_loopback=settings.on_loopback,
        origins=settings.cors_origins,
        sandbox_may_call=anyone or SANDBOX in settings.cors_origins,
        hooks=tuple(hook for hook in Hook if hook in settings.active_hooks),
        keys=keys(site.rules, templates),
        scopes=prefetch.scopes(templates),
        algorithms=ALGORITHMS,
        longest=int(LONGEST.total_seconds()),
        skew=int(SKEW.total_seconds()),
        example=msgspec.json.format(msgspec.json.encode(example), indent=2).decode(),
        unanswered_lists=unanswered_lists,
    )


def keys(rules: Iterable[Rule], templates: Mapping[Section, str]) -> tuple[Key, ...]:
    """The prefetch keys, those that are needed most first."""
    rules = tuple(rules)
    found = (
        _key(section, template, tuple(rule for rule in rules if section in rule.needs))
        for section, template in templates.items()
    )
    return tuple(sorted(found, key=lambda key: list(Need).index(key.need)))


def _key(section: Section, template: str, rules: tuple[Rule, ...]) -> Key:
    essential = tuple(rule for rule in rules if rule.essential is not Essential.NO)
    need = Need.REQUIRED if section is REQUIRED else Need.ESSENTIAL if essential else Need.SHARPENING
    return Key(section, template, need, rules, essential)
