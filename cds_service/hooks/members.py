"""Decodes objects and counts their members: of one that comes twice the decoder keeps the last alone, and does not say so."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import Raw

from cds_service.errors import RequestError

Members = Mapping[str, Raw]


class _Read(threading.local):
    """The names of the members that were read in this thread; empty for those whose name is not known."""

    names: list[str] = []  # noqa: RUF012 - replaced before each use


_READ = _Read()


class Name(str):
    """The name of a member, counted as it is read."""

    __slots__ = ()


class Value:
    """A member that may be of any type, counted as it is read."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value


def restart() -> None:
    """Counts from none."""
    _READ.names = []


def count(_decoded: object) -> None:
    """Counts one member: for the `__post_init__` of a struct."""
    _READ.names.append("")


def counted(kind: type[Any], value: Any) -> Any:
    """Makes and counts a `Name` or a `Value`: for a decoder's `dec_hook`."""
    _READ.names.append(value if kind is Name else "")
    return kind(value)


def number() -> int:
    """How many were read since the restart."""
    return len(_READ.names)


_OBJECT = msgspec.json.Decoder(dict[Name, Raw], dec_hook=counted)


def members(raw: bytes | Raw, element: str, known: Collection[str]) -> Members:
    """The members of an object. Raises RequestError (400) if it names one twice, and what msgspec raises for what is no object.

    `element` is its path; a name that is not `known` is not repeated, as it may be anything.
    """
    restart()
    found: dict[Any, Raw] = _OBJECT.decode(raw)
    if len(found) < number():
        twice = Counter(_READ.names).most_common(1)[0][0]
        path = ".".join(filter(None, (element, twice if twice in known else "")))
        problem = "is there twice" if twice in known else "names a member twice"
        raise RequestError(f"{path or 'The body'} {problem}", code="structure", expression=path)
    return found
