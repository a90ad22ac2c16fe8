"""Logs, one JSON line an event. No line ever holds a name, an identifier, a token or a text of a patient."""

import json
import logging
import sys
from typing import TextIO

import msgspec
import structlog


def log_to(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """From now on, writes events as JSON lines to `stream`, by default standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _fault,
            structlog.processors.JSONRenderer(_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger().addHandler(_BRIDGE)


def log_by_default() -> None:
    """The same to standard error unless somebody has said where to: no server may tell our events in a manner of its own."""
    if not structlog.is_configured():
        log_to()


class _Bridge(logging.Handler):
    """Brings what is told through Python's own logging into the same lines.

    Of other packages only the name is told: their texts may hold an address, and with it whom was asked about.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == __package__:
            told = {name: value for name in ("rule", "error") if (value := getattr(record, name, None)) is not None}
            structlog.get_logger().log(record.levelno, record.getMessage(), **told)
        else:
            structlog.get_logger().log(record.levelno, "told by a library", library=record.name)


_BRIDGE = _Bridge(logging.WARNING)


def _json(event: object, **_options: object) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which a token may hold; no line is lost for it
        return json.dumps(event, default=repr)


def _fault(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception as its type and where it was raised: its text may quote a patient."""
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        trace = error.__traceback__
        places = []
        while trace is not None:
            code = trace.tb_frame.f_code
            places.append(f"{code.co_filename.rpartition('cds_service/')[2]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        event["at"] = places[-6:]
    return event
