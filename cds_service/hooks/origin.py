"""Who made a call: a client about a patient, or somebody who tries the service with one of its own tools."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cds_service.hooks.request import HookRequest
from cds_service.store.records import CallOrigin

ORIGIN_HEADER = "X-Call-Origin"
"""The header in which our own tools name themselves."""
_TOOLS = frozenset((CallOrigin.WORKBENCH, CallOrigin.REPLAY))


def origin_of(asked: HookRequest, body: bytes, example: Mapping[str, Any], named: str = "") -> CallOrigin:
    """Who made the call that was read from `body`; what no tool can be known by is a client's.

    `named` is the header, to be left empty for a caller that is a configured client: that one cannot hide a call. `example` is the
    request of the page at `/connect`: sent with nothing but another hookInstance, by whomever, it is about nobody.
    """
    if named in _TOOLS:
        return CallOrigin(named)
    if asked.patient == example["context"]["patientId"] and _content(_read(body)) == _content(example):
        return CallOrigin.SELF_TEST
    return CallOrigin.CLIENT


def _read(body: bytes) -> Mapping[str, Any]:
    """The call in a body; empty if some of it cannot be read, which the example is never."""
    try:
        call: dict[str, Any] = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    return call


def _content(call: Mapping[str, Any]) -> dict[str, Any]:
    """All that a call says apart from its hookInstance."""
    return {name: value for name, value in call.items() if name != "hookInstance"}
