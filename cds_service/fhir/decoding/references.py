"""Resolves references as R4 says, in every form."""

from msgspec import Struct

_VERSION = "/_history/"
_SCHEMES = ("https://", "http://")
URN = "urn:"


class Address(Struct, frozen=True):
    """Where a resource lies: the server's root (without scheme, in lower case), the type and the id; each may be empty.

    A `urn:` is an id without root and type.
    """

    root: str = ""
    type: str = ""
    id: str = ""

    @property
    def path(self) -> str:
        """Type and id, as a relative reference has them."""
        return f"{self.type}/{self.id}" if self.type else self.id


NOWHERE = Address()


def address(text: str | None) -> Address:
    """The address that a reference or a fullUrl names, its version left out; NOWHERE for one that cannot be followed.

    Contained (`#x`) and conditional (`Patient?identifier=…`) references name none.
    """
    plain = (text or "").strip()
    if not plain or "?" in plain or plain[0] == "#":
        return NOWHERE
    if plain[:4].lower() == URN:
        return Address(id=URN + plain[4:])
    plain, _, _ = plain.partition(_VERSION)
    scheme = next((scheme for scheme in _SCHEMES if plain[: len(scheme)].lower() == scheme), "")
    path, _, name = plain[len(scheme) :].rstrip("/").rpartition("/")
    root, _, kind = path.rpartition("/")
    return Address(root.lower() if scheme else "", kind, name)


def same_urn(urn: str, name: str) -> bool:
    """Whether a `urn:uuid:` or `urn:oid:` is a resource's id, as where a chart was exported with its ids."""
    return urn.startswith(URN) and urn.rpartition(":")[2].lower() == name.lower()
