"""Whether an OperationOutcome says that its sender keeps no resources of the type asked for: strictly, as no list then means no gap."""

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
    try:
        found = _ISSUES.decode(issues)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    errors = [issue for issue in found if issue.severity in _ERRORS]
    return bool(errors) and all(map(_says_so, errors))


def _says_so(issue: _Issue) -> bool:
    said = issue.details.text if issue.details else None
    text = " ".join(
        map(str, filter(None, (said, issue.diagnostics, *(issue.location or ()), *(issue.expression or ()))))
    )
    if _UNKNOWN_TYPE.search(text):
        return True
    return issue.code == _NOT_SUPPORTED and not _ABOUT_THE_REQUEST.search(text)
