"""Reads the body of a call within a limit, and bounds whatever else may read one."""

from typing import Protocol

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import RequestError

_CHUNK = 1_000_000  # bytes
_INPUT = "wsgi.input"


class _Stream(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...

    def readline(self, size: int = -1, /) -> bytes: ...


class Bounded:
    """What was sent, up to a limit in bytes: whoever reads more, or tries to where more was announced, gets RequestEntityTooLarge."""

    def __init__(self, stream: _Stream, limit: int, announced: int | None) -> None:
        self.source = stream
        self._left = limit
        self._is_larger = announced is not None and announced > limit

    def read(self, size: int | None = -1) -> bytes:
        """As a file's; all that there is by default."""
        return self._counted(self.source.read(self._most(size)))

    def readline(self, size: int | None = -1) -> bytes:
        """As a file's."""
        return self._counted(self.source.readline(self._most(size)))

    def _most(self, size: int | None) -> int:
        if self._is_larger:
            raise RequestEntityTooLarge
        return self._left + 1 if size is None or size < 0 else min(size, self._left + 1)

    def _counted(self, read: bytes) -> bytes:
        self._left -= len(read)
        if self._left < 0:
            raise RequestEntityTooLarge
        return read


def bound(request: Request, limit: int) -> None:
    """From now on no more than `limit` bytes of this request can be read, in whichever way."""
    request.environ[_INPUT] = Bounded(request.environ[_INPUT], limit, request.content_length)


def is_compressed(request: Request) -> bool:
    """Whether what was sent has a content coding, of which this service takes none."""
    return request.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")


def body(request: Request, limit: int) -> bytes:
    """All that was sent. Raises RequestError if it was cut short, RequestEntityTooLarge if it is over `limit` bytes.

    Read from the server itself: Flask cuts a body of unknown length at the limit in silence, and copies one of known
    length twice.
    """
    environ, announced = request.environ, request.content_length
    bounded: Bounded = environ[_INPUT]
    stream = bounded.source
    length = announced if announced is not None else limit + 1 if environ.get("wsgi.input_terminated") else 0
    read = stream.read(min(length, limit + 1))
    if len(read) > limit:
        # A client that is still sending would see a broken connection instead of the answer.
        for _ in range(limit // _CHUNK + 1):
            if not stream.read(min(_CHUNK, length)):
                break
        raise RequestEntityTooLarge
    if len(read) < (announced or 0):
        raise RequestError("The body ended early", code="structure")
    return read
