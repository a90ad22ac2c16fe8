"""Decides who calls: the signed token of a call leads to one configured client, or to a refusal that explains nothing (R-JWT)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any, TypeGuard

import jwt

from cds_service.auth import ALGORITHMS, LONGEST, SKEW
from cds_service.auth.keys import Keys
from cds_service.auth.spent import Spend, SpentTokens
from cds_service.errors import Unauthorized
from cds_service.settings import Client

_LONGEST_TEXT = 200
_END_OF_TIME = datetime.max.replace(tzinfo=UTC).timestamp()
_NO_CHECKS = {"verify_signature": False}


class Authenticator:
    """Lets in the clients of the settings.

    `read` gives the bytes at an address of keys and raises OSError; `spend` tells whether a token is used for the first time and
    raises StoreUnavailable. Raises SettingsError if a file of keys cannot be used.
    """

    def __init__(self, clients: Sequence[Client], read: Callable[[str], bytes], spend: Spend) -> None:
        self._clients = {client.issuer: client for client in clients}
        self._keys = {client.issuer: Keys(client, read) for client in clients}
        self._spent = SpentTokens(spend)

    def client(self, authorization: str, audiences: Collection[str], now: datetime) -> Client:
        """Whose token the header `Authorization` carries; `audiences` are the addresses that the token may be meant for.

        Raises Unauthorized with the reason, which is for the log only.
        """
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("no bearer token was sent")
        header, claims = _opened(token.strip())
        issuer = claims.get("iss")
        client = self._clients.get(issuer) if isinstance(issuer, str) else None
        if client is None:
            raise Unauthorized("the issuer is not configured", issuer=str(issuer)[:_LONGEST_TEXT])
        refuse = partial(Unauthorized, issuer=client.issuer)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise refuse(f"the algorithm is not one of {', '.join(ALGORITHMS)}")
        if str(header.get("typ", "JWT")).upper() != "JWT":
            raise refuse("the typ of the token is not JWT")
        problem = _audience(claims, {*audiences, *client.audiences}) or _times(claims, now)
        if problem:
            raise refuse(problem)
        if not isinstance(kid, str) or not kid:
            raise refuse("the token names no key (kid)")
        found = self._keys[client.issuer].find(kid, str(algorithm), header.get("jku"))
        if isinstance(found, str):
            raise refuse(found)
        try:
            jwt.api_jws.decode(token.strip(), found, algorithms=[str(algorithm)])
        except (jwt.PyJWTError, ValueError, TypeError):
            raise refuse("the signature does not fit the key") from None
        self._use_once(claims, client, now)
        return client

    def _use_once(self, claims: Mapping[str, Any], client: Client, now: datetime) -> None:
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti:
            raise Unauthorized("the token has no jti", issuer=client.issuer)
        # A digest is of one length and of characters that every database takes.
        digest = sha256(jti.encode("utf-8", "surrogatepass")).hexdigest()
        until = datetime.fromtimestamp(claims["exp"], UTC) + SKEW
        if not self._spent.is_first(client.issuer, digest, until, now):
            raise Unauthorized("the token was used before", issuer=client.issuer)


def _opened(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, nothing of which is believed yet."""
    try:
        opened = jwt.decode_complete(token, options=_NO_CHECKS)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthorized("what was sent is not a JWT") from None
    return opened["header"], opened["payload"]


def _audience(claims: Mapping[str, Any], accepted: Collection[str]) -> str:
    """What is wrong with `aud`, a text or a list of texts; empty if one of them is accepted, with or without a slash at its end."""
    value = claims.get("aud")
    named = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    allowed = {address.rstrip("/") for address in accepted}
    if any(isinstance(item, str) and item.rstrip("/") in allowed for item in named):
        return ""
    sent = ", ".join(map(str, named))[:_LONGEST_TEXT]
    return f"the audience, {sent or 'which is missing'}, is not one of {', '.join(sorted(allowed))}"


def _is_moment(value: object) -> TypeGuard[float]:
    """Whether it is a number of seconds that a calendar has; neither of 310 digits, nor infinite, nor none (NaN)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _END_OF_TIME


def _times(claims: Mapping[str, Any], now: datetime) -> str:
    """What is wrong with `exp`, `iat` and, if there, `nbf`."""
    expires, issued, starts = claims.get("exp"), claims.get("iat"), claims.get("nbf", claims.get("iat"))
    if not (_is_moment(expires) and _is_moment(issued) and _is_moment(starts)):
        return "exp, iat or nbf is not a number of seconds"
    seconds, skew = now.timestamp(), SKEW.total_seconds()
    if expires + skew < seconds:
        return "the token has expired"
    if max(issued, starts) - skew > seconds:
        return "the token is not valid yet"
    if not 0 < expires - issued <= LONGEST.total_seconds():
        return f"the token is valid for more than {LONGEST.total_seconds() / 3600:g} hours, or for no time at all"
    return ""
