"""Reads an object in which a member came twice, the later time empty: the decoder would keep the empty one alone."""

import json
import re
from collections import Counter
from typing import Any

from cds_service.fhir.decoding import repair

_EMPTY = (b"null", b"[]", b"{}")
_EMPTY_MEMBER = re.compile(rb'"([^"\\]{1,64})"\s{0,64}:\s{0,64}(?:null|\[\]|\{\})')
_MEMBER = re.compile(rb'"([^"\\]{1,64})"\s{0,64}:')


def may_hide(raw: bytes) -> bool:
    """Whether an empty member may hide another of the same name; false for nearly all that has none that is empty."""
    if _EMPTY[0] not in raw and _EMPTY[1] not in raw and _EMPTY[2] not in raw:
        return False
    empty = frozenset(_EMPTY_MEMBER.findall(raw))
    return any(number > 1 for name, number in Counter(_MEMBER.findall(raw)).items() if name in empty)


def repeats(raw: bytes, name: bytes) -> bool:
    """Whether a JSON object has a member twice, of which the decoder would keep the last alone; objects inside it do not count."""
    if raw.count(b'"%s"' % name) < 2:
        return False
    try:
        members = json.loads(raw, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return False
    return isinstance(members, list) and sum(member[0] == name.decode() for member in members if len(member) == 2) > 1


def read(raw: bytes) -> dict[str, Any] | None:
    """The JSON object, of which no empty member hides another; None if it is not JSON or not an object."""
    return _whole(raw) if may_hide(raw) else repair.as_object(raw)


def _whole(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw, object_pairs_hook=_filled)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _filled(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The last of each name, as the decoder has it, unless it is empty and another came before."""
    found: dict[str, Any] = {}
    for name, value in members:
        if name not in found or value not in (None, [], {}):
            found[name] = value
    return found
