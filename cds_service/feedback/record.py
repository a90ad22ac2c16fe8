"""Reads the body of a feedback call; one bad entry refuses the whole body, naming the element."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from cds_service.errors import RequestError
from cds_service.fhir.decoding import surrogates
from cds_service.store.records import FeedbackEntry, FeedbackOutcome, OverrideReason, identity

_LONGEST = 300  # characters of a system or a display
_LONGEST_COMMENT = 4000
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,99}")
FREE_TEXT = "free-text"
"""The code under which a reason is counted that was sent as a text."""


class Keeping(Struct, frozen=True):
    """What is kept of words: `reasons` are the displays that are ours by system and code; with `comments` users' own words are."""

    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)
    comments: bool = False


_CODES_ONLY = Keeping()


def read_feedback(
    body: bytes, received_at: datetime, *, client: str = "", keeping: Keeping = _CODES_ONLY
) -> list[FeedbackEntry]:
    """The entries of one call. Unknown cards, duplicates and unknown reasons are all kept (R-FB-04).

    Raises RequestError (400) for what cannot be feedback: no list, no card, an outcome or time that says nothing.
    """
    try:
        value = msgspec.json.decode(surrogates.replaced(body.removeprefix(b"\xef\xbb\xbf")))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise RequestError("The body is not JSON", code="structure") from None
    if not isinstance(value, dict):
        raise RequestError("The body is JSON, but not an object", code="structure")
    entries = value.get("feedback")
    if not isinstance(entries, list):
        raise _refused("feedback", "is missing" if entries is None else "is not a list")
    return [_entry(entry, f"feedback[{n}]", received_at, client, keeping) for n, entry in enumerate(entries)]


def _refused(element: str, problem: str) -> RequestError:
    return RequestError(f"{element} {problem}. Nothing in this call was stored.", expression=element)


def _entry(value: object, element: str, received_at: datetime, client: str, keeping: Keeping) -> FeedbackEntry:
    if not isinstance(value, dict):
        raise _refused(element, "is not an object")
    override = value.get("overrideReason")
    override = override if isinstance(override, dict) else {}
    return FeedbackEntry(
        card=identity(_identifier(value.get("card"), f"{element}.card")),
        outcome=_outcome(value.get("outcome"), f"{element}.outcome"),
        outcome_at=_moment(value.get("outcomeTimestamp"), f"{element}.outcomeTimestamp"),
        received_at=received_at,
        client=client,
        suggestions=tuple(
            map(identity, _suggestions(value.get("acceptedSuggestions"), f"{element}.acceptedSuggestions"))
        ),
        reason=_reason(override.get("reason"), keeping),
        comment=_text(override.get("userComment"), _LONGEST_COMMENT) if keeping.comments else "",
    )


def _identifier(value: object, element: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _refused(element, "is missing" if value is None else "is not a string")
    return value.strip()


def _outcome(value: object, element: str) -> FeedbackOutcome:
    try:
        return FeedbackOutcome(str(value))
    except ValueError:
        raise _refused(element, "is missing" if value is None else "is neither accepted nor overridden") from None


def _moment(value: object, element: str) -> datetime:
    if value is None:
        raise _refused(element, "is missing")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1900 <= moment.year < 9000:
        raise _refused(element, "is not a time with zone, such as 2026-11-22T09:00:00Z")
    return moment


def _suggestions(value: object, element: str) -> list[str]:
    """The ids in `[{"id": …}]`; bare ids are read too."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise _refused(element, "is not a list")
    ids = [item.get("id") if isinstance(item, dict) else item for item in value]
    return [_identifier(item, f"{element}[{n}].id") for n, item in enumerate(ids)]


def _reason(value: Any, keeping: Keeping) -> OverrideReason | None:
    """The coded reason. What is sent in place of a code, a system or a display may be a text about the patient."""
    if not isinstance(value, dict) or not _text(value.get("code")):
        return None
    system, code, display = (_text(value.get(name)) for name in ("system", "code", "display"))
    if not _CODE.fullmatch(code):
        return OverrideReason("", FREE_TEXT, display if keeping.comments else "")
    system = "" if re.search(r"\s", system) else system
    return OverrideReason(system, code, display if keeping.comments else keeping.reasons.get((system, code), ""))


def _text(value: object, longest: int = _LONGEST) -> str:
    # PostgreSQL refuses the character NUL in a text.
    return value.replace("\x00", "").strip()[:longest] if isinstance(value, str) else ""
