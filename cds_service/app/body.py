"""Reads the body of a call, within a limit."""

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.errors import RequestError

_CHUNK = 1_000_000  # bytes


def body(request: Request, limit: int) -> bytes:
    """All that was sent. Raises RequestError if it was cut short, RequestEntityTooLarge if it is over `limit` bytes.

    Read from the server itself: Flask cuts a body of unknown length at the limit in silence, and copies one of known
    length twice.
    """
    stream, told = request.environ["wsgi.input"], request.content_length
    length = told if told is not None else limit + 1 if request.environ.get("wsgi.input_terminated") else 0
    read: bytes = stream.read(min(length, limit + 1))
    if len(read) > limit:
        # A client that is still sending would see a broken connection instead of the answer.
        for _ in range(limit // _CHUNK + 1):
            if not stream.read(min(_CHUNK, length)):
                break
        raise RequestEntityTooLarge
    if len(read) < (told or 0):
        raise RequestError("The body ended early", code="structure")
    return read
