"""What letting a client in costs over checking the bare signature (ES384), and how many times that is."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import jwt

from cds_service.auth.authenticator import Authenticator
from cds_service.settings import Client
from tests import tokens

_ROUNDS = 300
_AUDIENCE = "https://cds.example/cds-services"


def ratio() -> float:
    """CPU of one whole check, without the database that remembers spent tokens, over that of `jwt`'s signature check alone."""
    signed = [tokens.token(tokens.NOW, _AUDIENCE) for _ in range(_ROUNDS)]
    key = tokens.key("P-384").public_key()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "keys.json"
        file.write_bytes(tokens.key_set("P-384"))
        client = Client(name="EHR", issuer=tokens.ISSUER, jwks=file)
        let_in = Authenticator((client,), lambda _: b"", lambda *_: True)
        whole, bare = [], []
        for token in signed:  # in turn, so that whatever else the machine does meets both
            whole.append(_cpu(lambda token: let_in.client(f"Bearer {token}", [_AUDIENCE], tokens.NOW), token))
            bare.append(_cpu(lambda token: jwt.api_jws.decode(token, key, algorithms=["ES384"]), token))
    return statistics.median(whole) / statistics.median(bare)


def _cpu(check: Callable[[str], object], token: str) -> float:
    began = time.thread_time()
    check(token)
    return time.thread_time() - began
