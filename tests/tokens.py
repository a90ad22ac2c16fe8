"""Signed tokens and JWK Sets for tests, made with keys of their own."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

ISSUER = "https://ehr.example/issuer"
Key = EllipticCurvePrivateKey | RSAPrivateKey


@cache
def key(name: str) -> Key:
    """A private key: `P-384`, `P-256`, `RSA` or `RSA-1024`, with anything after a space for another of the kind."""
    kind = name.split(maxsplit=1)[0]
    if kind.startswith("P"):
        return ec.generate_private_key(ec.SECP384R1() if kind == "P-384" else ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024 if kind == "RSA-1024" else 2048)


def public(name: str, **changes: Any) -> dict[str, Any]:
    """Its public half as a JWK whose kid is the name."""
    half = key(name).public_key()
    holder = jwt.algorithms.RSAAlgorithm if isinstance(half, RSAPublicKey) else jwt.algorithms.ECAlgorithm
    return {**json.loads(holder.to_jwk(half)), "kid": name} | changes  # type: ignore[arg-type]


def key_set(*names: str) -> bytes:
    return json.dumps({"keys": [public(name) for name in names]}).encode()


def token(
    now: datetime, audience: Any, name: str = "P-384", algorithm: str = "ES384", /, *, jku: Any = None, **claims: Any
) -> str:
    """A token as the specification wants it; claims that are given replace its own, None removes one."""
    moment = int(now.timestamp())
    usual = {"iss": ISSUER, "aud": audience, "exp": moment + 300, "iat": moment, "jti": str(uuid4())}
    kept = {claim: value for claim, value in (usual | claims).items() if value is not None}
    header = {"kid": name, "typ": "JWT"} | ({"jku": jku} if jku else {})
    return jwt.encode(kept, key(name), algorithm, headers=header)


NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
