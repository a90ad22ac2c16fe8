"""The public keys of a client: from its pinned file, or from an address that it may name, kept for a while."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from time import monotonic

import jwt
import msgspec
import structlog

from cds_service.errors import SettingsError
from cds_service.settings import Client

log = structlog.get_logger()

FRESH = 600.0  # seconds after which keys are read again
USABLE = 3600.0  # seconds for which keys are used that could not be read again
PAUSE = 15.0  # seconds between two readings, however many unknown keys are named
PATIENCE = 0.2  # seconds that a call waits for keys; they come for the next one if they are slower
_PUBLIC = {"EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e")}
_CURVE = {"P-384": ("ES384",), "P-256": ("ES256",)}
_RSA = ("RS384", "RS256", "PS384")
_LEAST_BITS = 2048

Found = Mapping[tuple[str, str], jwt.PyJWK]
"""Keys by kid and algorithm: a key serves the algorithms of its type and curve only."""


class Keys:
    """The keys of one client, found by kid and algorithm."""

    def __init__(self, client: Client, read: Callable[[str], bytes]) -> None:
        self._pinned = None if client.jwks is None else _Source(client.jwks.read_bytes)
        self._addresses = {address: _Source(partial(read, address)) for address in client.jku}
        if client.jwks is not None and self._pinned is not None:
            _refuse_unusable(client.jwks)
            self._pinned.load()

    def find(self, kid: str, algorithm: str, jku: object = None) -> jwt.PyJWK | str:
        """The key, or why there is none. `jku` is the address that the token names; one that is not allowed is never read."""
        if self._pinned is not None:
            key = self._pinned.find(kid, algorithm)
            if key is not None or not self._addresses:
                return key or "the key that the token names is not in the pinned file"
        sources = tuple(source for address, source in self._addresses.items() if jku in (None, address))
        if not sources:
            return "the address of keys that the token names is not allowed"
        for source in sources:
            key = source.find(kid, algorithm)
            if key is not None:
                return key
        return "the key that the token names was not found"


def _refuse_unusable(file: Path) -> None:
    """Raises SettingsError if no key of the file can be used."""
    try:
        if parse(file.read_bytes()):
            return
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError:
        pass
    raise SettingsError(f"{file}: is not a JWK Set with a public key of type EC or RSA and a kid")


class _Source:
    """One JWK Set: read when needed, again after a while or for an unknown kid, but never often."""

    def __init__(self, read: Callable[[], bytes], clock: Callable[[], float] = monotonic) -> None:
        self._read = read
        self._clock = clock
        self._keys: Found = {}
        self._read_at = self._tried_at = float("-inf")
        self._starting = Lock()
        self._reading: Thread | None = None

    def find(self, kid: str, algorithm: str) -> jwt.PyJWK | None:
        """The key; None if the set does not have it even after it was read again."""
        if not self._is_fresh:
            self._refresh()
        if (kid, algorithm) not in self._keys:
            self._refresh()
        return self._keys.get((kid, algorithm)) if self._clock() - self._read_at <= USABLE else None

    def load(self) -> bool:
        """Reads the set; whether it holds a key that can be used."""
        try:
            keys = parse(self._read())
        except (OSError, ValueError) as error:
            log.warning("keys not read", error=error)
            return False
        self._keys, self._read_at = keys, self._clock()
        return bool(keys)

    @property
    def _is_fresh(self) -> bool:
        return self._clock() - self._read_at <= FRESH

    @property
    def _may_try(self) -> bool:
        return self._clock() - self._tried_at > PAUSE

    def _refresh(self) -> None:
        """Reads again unless that was tried just now. Whoever still has keys does not wait for another's reading."""
        with self._starting:
            running = self._reading if self._reading and self._reading.is_alive() else None
            if not running and not self._may_try:
                return
            reading = running or Thread(target=self._read_once, name="keys", daemon=True)
            if not running:
                self._reading = reading
                reading.start()
        if not running or not self._keys:
            reading.join(PATIENCE)

    def _read_once(self) -> None:
        was_fresh = self._is_fresh
        # A set that was merely due may be read once more for a kid that it lacks.
        if not self.load() or was_fresh:
            self._tried_at = self._clock()


def parse(text: bytes) -> Found:
    """The usable keys of a JWK Set. Raises ValueError if it is none; keys of other types or uses are passed over."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("is not JSON") from error
    listed = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise ValueError("has no list of keys")
    found: dict[tuple[str, str], jwt.PyJWK] = {}
    for item in listed:
        if not isinstance(item, dict) or not isinstance(item.get("kid"), str) or item.get("use", "sig") != "sig":
            continue
        for algorithm in _algorithms(item):
            key = _key(item, algorithm)
            if key is not None:
                found.setdefault((item["kid"], algorithm), key)
    return found


def _algorithms(item: Mapping[str, object]) -> tuple[str, ...]:
    kind = item.get("kty")
    fitting = _RSA if kind == "RSA" else _CURVE.get(str(item.get("crv")), ()) if kind == "EC" else ()
    stated = item.get("alg")
    return tuple(name for name in fitting if stated in (None, name))


def _key(item: Mapping[str, object], algorithm: str) -> jwt.PyJWK | None:
    public = {name: item[name] for name in _PUBLIC[str(item["kty"])] if name in item}
    try:
        key = jwt.PyJWK(public, algorithm=algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    return None if public["kty"] == "RSA" and key.key.key_size < _LEAST_BITS else key
