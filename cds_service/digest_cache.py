"""Remembers what was made of the words of a chart by a digest of them, so that no text of a chart stays after the call."""

import secrets
from collections.abc import Callable, Hashable
from functools import wraps
from typing import TypeVar, cast

import msgspec

_FIRST, _SECOND = secrets.token_bytes(16), secrets.token_bytes(16)
"""Secrets of this process: without them nobody can tell what a digest stands for, or make two texts of one digest."""
_encoded = msgspec.msgpack.Encoder().encode
Function = TypeVar("Function", bound=Callable[..., object])


def digest_cached(most: int) -> Callable[[Function], Function]:
    """A decorator that calls a function once for the same words, for as many as `most`; then it forgets all and begins anew.

    The first argument comes from a chart: a text, bytes, a term, or a tuple of them. Only its digest is kept. The second, if there is
    one, is what it is read with, such as the knowledge, and is kept as it is. So is the value, which must hold no text of a chart.
    """

    def decorate(function: Function) -> Function:
        found: dict[Hashable, object] = {}

        @wraps(function)
        def cached(words: object, *means: object) -> object:
            try:
                text = _FIRST + _encoded(words)
            except UnicodeEncodeError:  # half of a surrogate pair, of which no digest is made
                return function(words, *means)
            # Python's own hash is keyed, and takes a tenth of the time of BLAKE2; two of them are 128 bits.
            key = hash(text), hash(_SECOND + text), means
            try:
                return found[key]
            except KeyError:
                pass
            value = function(words, *means)
            if len(found) >= most:
                found.clear()
            found[key] = value
            return value

        return cast(Function, cached)

    return decorate
