"""Compares what a rule came to with what its case expects."""

from collections.abc import Iterable, Mapping
from typing import Any

from cds_service.cases.case import Case


def differences(case: Case, actual: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """How a rule's rows differ from what the case expects, in words; empty if they are as expected.

    Each expected row names a status and, where given, effect, indicator, a part of the sentence (`says`) or all of it (`sentence`),
    `missing`, and, whole and as the response has them, `short`, `headline`, `explains`, `steps`, `evidence` and `citations`. An empty
    text or list says that there is none.
    """
    remaining = [_plain(item) for item in actual]
    wrong = []
    for expected in case.expect:
        match = next((item for item in remaining if _fits(item, expected)), None)
        if match is None:
            wrong.append(f"expected {expected}, got {remaining}")
        else:
            remaining.remove(match)
    return (*wrong, *(f"not expected: {item}" for item in remaining))


_COMPARED = (
    "status",
    "effect",
    "indicator",
    "says",
    "short",
    "headline",
    "explains",
    "steps",
    "basis",
    "evidence",
    "citations",
)


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a case may expect of a row, gaps as `section: reason`."""
    kept = {name: item[name] for name in _COMPARED if name in item}
    missing = [f"{gap['section']}: {gap['reason']}" for gap in item.get("missing", ())]
    return kept | ({"missing": missing} if missing else {})


def _fits(item: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    said = item.get("says", "")
    others = {name: value for name, value in expected.items() if name not in ("says", "sentence")}
    spoken = expected.get("says", "") in said and expected.get("sentence", said) == said
    return spoken and all((item.get(name) or None) == (value or None) for name, value in others.items())
