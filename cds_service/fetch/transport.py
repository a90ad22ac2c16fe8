"""Connections that lead only to addresses within reach and give a whole answer only the time asked for."""

from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from cds_service.fetch.origins import Reach

_LEAST = 0.001  # seconds; zero would mean not to wait at all


class OutOfReach(Exception):
    """A server's name led to an address that it may not have."""


class _BodyReader(RawIOBase):
    """Reads a socket until a moment: a server that sends a byte now and then cannot hold a thread for longer."""

    def __init__(self, connected: socket, until: float) -> None:
        self._socket = connected
        self._raw = connected.makefile("rb", buffering=0)
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(max(self._until - monotonic(), _LEAST))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Timed:
    """The part of a socket that an HTTP response uses."""

    def __init__(self, connected: socket, seconds: float) -> None:
        self._socket = connected
        self._seconds = seconds

    def makefile(self, *_: object) -> BufferedReader:
        return BufferedReader(_BodyReader(self._socket, monotonic() + self._seconds))


def _within(reach: Reach) -> dict[str, type[HTTPConnectionPool]]:
    """The pools by scheme of a transport that keeps to `reach`."""

    class GuardedAdapter(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            if not reach.covers(self.sock.getpeername()[0]):
                self.close()
                raise OutOfReach

        def response_class(  # type: ignore[override]
            self, connected: socket, *args: Any, **options: Any
        ) -> HTTPResponse:
            seconds = self.timeout if isinstance(self.timeout, int | float) else _LEAST
            return HTTPResponse(_Timed(connected, seconds), *args, **options)  # type: ignore[arg-type]

    class Plain(HTTPConnectionPool):
        ConnectionCls = GuardedAdapter

    class GuardedTLS(GuardedAdapter, HTTPSConnection):
        pass

    class Secure(HTTPSConnectionPool):
        ConnectionCls = GuardedTLS

    return {"http": Plain, "https": Secure}


class Transport(HTTPAdapter):
    """An adapter of `requests` whose connections are so guarded."""

    def __init__(self, reach: Reach, size: int) -> None:
        self._pools = _within(reach)
        super().__init__(pool_maxsize=size)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """The usual manager with our pools."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools
