"""Signed tokens and JWK Sets for tests, made with keys of their own."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cds_service.settings import Client

ISSUER = "https://ehr.example/issuer"
ELSEWHERE: dict[str, Any] = {
    "host": "10.0.0.1",
    "public_url": "http://cds.example",
    "clients": (Client(issuer=ISSUER, name="North", jku=("https://ehr.example/jwks.json",)),),
}
"""Settings of a service that other machines can reach."""
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


def forged(text: str, **header: Any) -> str:
    """A token with members of its header changed, its signature left."""
    head, rest = text.split(".", 1)
    value = json.loads(base64.urlsafe_b64decode(head + "=="))
    return _part(value | header) + "." + rest


def confused(text: str) -> str:
    """The claims of a token signed with HMAC, the public RSA key as the secret."""
    secret = key("RSA").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(text, options={"verify_signature": False})
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'RSA'})}.{_part(claims)}"
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed.encode(), secret)
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def unsigned(text: str) -> str:
    """A token that claims to need no signature, and has none."""
    return forged(text, alg="none").rsplit(".", 1)[0] + "."


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/jwks.json")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b" " * 3_000_000 if self.path == "/huge" else key_set("P-384", "RSA"))


@contextmanager
def publishing() -> Iterator[tuple[str, list[str]]]:
    """The address of a server of keys (`P-384` and `RSA` at `/jwks.json`), and the paths that it was asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
