"""The two ways to call the service from the command line: the same engine in this process, or a running service over HTTP."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import click
import msgspec
from msgspec import Struct

from cds_service.errors import RequestError
from cds_service.hook import Hook
from cds_service.hooks import ORIGIN_HEADER, listing_at, read_request
from cds_service.prefetch import counts, templates
from cds_service.service import Site, respond, site_of
from cds_service.settings import Settings
from cds_service.store.records import CallOrigin

_SECONDS = 30


class Reply(Struct, frozen=True):
    """An HTTP status with the JSON body that came with it."""

    status: int
    body: Mapping[str, Any]


class Endpoint(Protocol):
    """Something that answers a hook request, with the address that its links begin with."""

    @property
    def base(self) -> str: ...

    def call(self, body: bytes) -> Reply:
        """The reply to one request body."""
        ...


class Local(Struct, frozen=True):
    """Answers in this process, at the time given; a request may set its own."""

    site: Site
    now: datetime

    @property
    def base(self) -> str:
        """What links to its own pages begin with."""
        return self.site.manner.base_url

    def call(self, body: bytes) -> Reply:
        """The reply that the service would give, errors included."""
        try:
            asked = read_request(body, tuple(Hook), counts(templates(self.site.rules, self.site.know, self.site.lists)))
            answer = respond(asked, self.now, self.site)
        except RequestError as error:
            return Reply(error.status, error.outcome)
        # Through JSON and back, so that what is compared is what goes over the wire.
        return Reply(200, msgspec.json.decode(msgspec.json.encode(answer.body)))


def here(now: datetime, settings: Settings | None = None) -> Local:
    """The service as `cds-service serve` runs it with these settings for all, by default without a configuration, in this process."""
    return Local(site_of(settings or Settings()), now)


class _Named(Struct):
    hook: Hook


class Remote(Struct, frozen=True):
    """Posts to a running service, which does not count a replay as shown.

    `address` is that of a discovery document, or what stands in front of /cds-services.
    """

    address: str

    @property
    def base(self) -> str:
        """What its addresses begin with, without a slash at the end."""
        return listing_at(self.address)[0]

    def call(self, body: bytes) -> Reply:
        """The reply of the service. Raises ClickException if it cannot be reached or does not speak JSON."""
        base, listing = listing_at(self.address)
        address = f"{base}{listing.path}/{listing.ids[_hook(body)]}"
        if not address.startswith(("http://", "https://")):
            raise click.ClickException(f"{self.base} is no http address")
        headers = {"Content-Type": "application/json", ORIGIN_HEADER: CallOrigin.REPLAY.value}
        request = Request(address, data=body, headers=headers)  # noqa: S310
        try:
            with urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
                return Reply(response.status, json.load(response))
        except HTTPError as error:
            return Reply(error.code, _json(error.read()))
        except (URLError, TimeoutError, ValueError) as error:
            raise click.ClickException(f"{address} does not answer as a CDS service: {error}") from error


def _hook(body: bytes) -> Hook:
    """The hook that a body names; any, if it names none that is known: the service then says what is wrong."""
    try:
        return msgspec.json.decode(body, type=_Named).hook
    except msgspec.DecodeError:
        return next(iter(Hook))


def _json(text: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
