"""What an OperationOutcome says of the data that was asked for: that there is no such type, or that something was held back."""

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

_NOT_SUPPORTED = "not-supported"
_UNKNOWN_TYPE = re.compile(r"\b(?:unknown|unsupported) resource type\b", re.IGNORECASE)
"""Servers that give the issue another code say it in these words, HAPI FHIR among them."""
_ABOUT_THE_REQUEST = re.compile(r"param|modifier|search|operation|interaction|method|\b_[a-z]+|\bhttp\.", re.IGNORECASE)
"""What is not supported is a part of the request; resources of the type there may be."""
_ERRORS = ("error", "fatal")
_SECURITY = ("security", "login", "unknown", "expired", "forbidden", "suppressed")
_TRANSIENT = ("transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled")
_HELD_BACK = frozenset((*_SECURITY, *_TRANSIENT, "too-costly"))
"""Issue types of R4 that say, at any severity, that not all was returned."""


class _Details(Struct, gc=False):
    text: str | None = None


class _Issue(Struct, gc=False):
    severity: str | None = None
    code: str | None = None
    details: _Details | None = None
    diagnostics: str | None = None
    location: list[Any] | None = None
    expression: list[Any] | None = None


_ISSUES = msgspec.json.Decoder(list[_Issue])


def says_no_such_type(issues: Raw) -> bool:
    """Whether every error among the issues of an OperationOutcome says so; not what cannot be read, or may be about the request."""
    errors = [issue for issue in _read(issues) or () if issue.severity in _ERRORS]
    return bool(errors) and all(map(_says_so, errors))


def says_part_is_missing(issues: Raw) -> bool:
    """Whether an OperationOutcome beside data says that not all of it came; also one that cannot be read or says nothing."""
    found = _read(issues)
    return not found or any(map(_is_gap, found))


def _read(issues: Raw) -> list[_Issue] | None:
    try:
        return _ISSUES.decode(issues)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _is_gap(issue: _Issue) -> bool:
    severity, code = ((text or "").strip().lower() for text in (issue.severity, issue.code))
    return severity not in ("information", "warning", "success") or code in _HELD_BACK


def _says_so(issue: _Issue) -> bool:
    said = issue.details.text if issue.details else None
    text = " ".join(
        map(str, filter(None, (said, issue.diagnostics, *(issue.location or ()), *(issue.expression or ()))))
    )
    if _UNKNOWN_TYPE.search(text):
        return True
    return issue.code == _NOT_SUPPORTED and not _ABOUT_THE_REQUEST.search(text)
