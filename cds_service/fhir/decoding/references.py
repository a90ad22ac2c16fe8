"""Resolves references as R4 says: within the resource, the Bundle or the server that the resource came from, in every form."""

from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import parse_qsl

from msgspec import Struct

from cds_service.fhir.decoding.datatypes import Reference

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


def version(text: str) -> str:
    """The version that a versioned address names; empty for none."""
    return text.partition(_VERSION)[2].strip("/ ")


def identifier(reference: Reference | None) -> str:
    """The bare id that a reference names; empty for none, and for one that cannot be followed without what came beside it."""
    named = address(reference.reference) if reference else NOWHERE
    return "" if named.id.startswith(URN) else named.id


def person(reference: Reference | None) -> str:
    """Whom a subject names: the patient's bare id, a `urn:`, or type and id of what is no patient; empty where it does not say.

    Empty too for what cannot be followed: a contained or conditional reference, or an identifier alone, is not another patient.
    """
    if reference is None or not reference.reference:
        return ""
    usual, is_usual, name = reference.reference.partition("Patient/")
    if is_usual and not usual and "/" not in name and "?" not in name:
        return name.strip()  # as nearly all are
    named = address(reference.reference)
    return named.id if named.type.lower() in ("", "patient") else named.path


def same_urn(urn: str, name: str) -> bool:
    """Whether a `urn:uuid:` or `urn:oid:` is a resource's id, as where a chart was exported with its ids."""
    return urn.startswith(URN) and urn.rpartition(":")[2].lower() == name.lower()


Target = TypeVar("Target")


class Directory(Generic[Target]):
    """What references may lead to, of some types of resources, however the reference is written."""

    def __init__(self) -> None:
        self._at: dict[Address, Target] = {}
        self._by_path: dict[str, dict[str, Target]] = {}
        self._by_identifier: dict[str, Target | None] = {}

    def add(self, target: Target, kind: str, name: str | None, full_url: str, identifiers: Iterable[str] = ()) -> None:
        """Enters a resource by its id, by the address of its entry, and by its business identifiers (`system|value`)."""
        entry = address(full_url)
        root = entry.root if entry.type == kind else ""
        if entry != NOWHERE:
            self._at.setdefault(entry, target)
        if name or entry.type == kind:
            self._by_path.setdefault(f"{kind}/{name or entry.id}", {}).setdefault(root, target)
        for text in identifiers:
            held = self._by_identifier.setdefault(text, target)
            if held is not target:
                self._by_identifier[text] = None  # two that have the same name: nobody can tell which is meant

    def refer(self, target: Target, reference: Reference, kind: str, full_url: str) -> None:
        """Enters a target for what a reference of the entry at `full_url` names: it may not have come, or come later."""
        wanted = address(reference.reference)
        root = wanted.root or address(full_url).root
        if wanted.id.startswith(URN):
            self._at.setdefault(wanted, target)
        elif wanted != NOWHERE:
            self._by_path.setdefault(f"{wanted.type or kind}/{wanted.id}", {}).setdefault(root, target)

    def at(self, path: str, full_url: str) -> Target | None:
        """What belongs to the entry at `full_url` with this type and id."""
        if full_url[:4].lower() == URN:
            return self._at.get(address(full_url))
        return self.find(path, "", full_url) if path in self._by_path else None

    def find(self, reference: Reference | str | None, kind: str, full_url: str = "") -> Target | None:
        """What a reference leads to from the entry at `full_url`; `kind` is the type that a bare id is of.

        A relative reference belongs to its own entry's server. Only where a root is not known, one resource of the name is enough.
        """
        written = reference if isinstance(reference, str) else reference.reference if reference else None
        if not written:
            return self._by_identifier.get(named(reference)) if isinstance(reference, Reference) else None
        if "?" in written:
            return self._by_condition(written)
        wanted = address(written)
        if wanted == NOWHERE:
            return None
        if wanted.id.startswith(URN):
            return self._at.get(wanted)
        root = wanted.root or address(full_url).root
        held = self._by_path.get(f"{wanted.type or kind}/{wanted.id}", {})
        if root and root in held:
            return held[root]
        if root:
            return held.get("")
        return next(iter(held.values())) if len(held) == 1 else None

    def beside(self, full_url: str) -> "Neighbours[Target]":
        """What references lead to from one entry."""
        return Neighbours(self, full_url)

    def _by_condition(self, written: str) -> Target | None:
        texts = [value for name, value in parse_qsl(written.partition("?")[2]) if name == "identifier"]
        return self._by_identifier.get(texts[0]) if len(texts) == 1 else None


class Neighbours(Generic[Target]):
    """A directory as one entry sees it: its relative references belong to the server that it came from."""

    def __init__(self, directory: Directory[Target], full_url: str) -> None:
        self._directory = directory
        self._full_url = full_url

    def find(self, reference: Reference | str | None, kind: str) -> Target | None:
        """What a reference leads to, see `Directory.find`."""
        return self._directory.find(reference, kind, self._full_url)


def named(reference: Reference) -> str:
    """The business identifier by which a reference names a resource, as `system|value`; empty for none."""
    found = reference.identifier
    return f"{found.system or ''}|{found.value}" if found and found.value else ""
