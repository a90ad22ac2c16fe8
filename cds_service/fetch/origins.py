"""Decides which servers may be called: only those configured, and never a private address that nobody allowed."""

from collections.abc import Iterable
from enum import Enum
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from msgspec import Struct

from cds_service.settings import is_loopback


class Reach(Enum):
    """The addresses that a server's name may lead to; looked at on the open connection, before anything is sent."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    ANY = "any"

    def covers(self, text: str) -> bool:
        """Whether an address is among them."""
        address = ip_address(text.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if self is Reach.ANY:
            return True
        if self is Reach.LOOPBACK:
            return address.is_loopback
        local = self is Reach.PRIVATE and address.is_private
        reserved = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
        return (address.is_global or local) and not reserved


def origin(url: str) -> str:
    """Scheme, host and port of an address, such as `https://ehr.example`; empty if it is no http address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


class Allowed(Struct, frozen=True):
    """The origins that may be called. With `loopback` any port of this machine; with `private` names of the local network."""

    origins: frozenset[str] = frozenset()
    loopback: bool = False
    private: bool = False

    @classmethod
    def of(cls, addresses: Iterable[str], *, loopback: bool = False, private: bool = False) -> "Allowed":
        """The origins of these addresses."""
        return cls(frozenset(map(origin, addresses)), loopback, private)

    def reach(self, url: str) -> Reach | None:
        """The addresses that the server of `url` may have; None if it may not be called."""
        asked = origin(url)
        host = urlsplit(url).hostname or "" if asked else ""
        if asked and asked in self.origins:
            # An address that was configured as such is meant, wherever it lies.
            return (
                Reach.ANY if _is_address(host) or is_loopback(host) else Reach.PRIVATE if self.private else Reach.PUBLIC
            )
        return Reach.LOOPBACK if self.loopback and is_loopback(host) else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
