"""The examples that a visitor can open: the hook requests in the fixtures, and every case of every rule."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cds_service import cases
from cds_service.cases import FIXTURES, Case
from cds_service.errors import RequestError
from cds_service.knowledge import Knowledge

FIRST = "apixaban-20h-before-slot"
"""What the page opens with."""


@cache
def requests() -> Mapping[str, Path]:
    """The whole requests by name, which is the name of their file."""
    return {path.stem: path for path in sorted((FIXTURES / "requests").glob("*.json"))}


def rule_cases(rule: str) -> tuple[Case, ...]:
    """The cases of a rule; none if it has no file."""
    return cases.of_rule(rule)


def title(name: str) -> str:
    """A name as people read it; a case of a rule is told by its own name."""
    rule, _, number = name.partition("/")
    if number:
        return f"{rule}: {_case(rule, number).name}"
    return name.replace("-", " ").capitalize()


def first() -> dict[str, Any]:
    """The request that the page at /connect sends. Raises RequestError if it is not installed."""
    return _request(FIRST)


def load(name: str, know: Knowledge) -> dict[str, Any]:
    """The request of that name (a case is named `<rule>/<number>`, from 1). Raises RequestError (404) if there is none."""
    rule, _, number = name.partition("/")
    if number:
        return cases.request(_case(rule, number), know)
    return _request(name)


def _request(name: str) -> dict[str, Any]:
    path = requests().get(name)
    if path is None:
        raise _none(name)
    loaded: dict[str, Any] = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    return loaded


def _case(rule: str, number: str) -> Case:
    listed = rule_cases(rule) if rule.isidentifier() else ()
    if not number.isdecimal() or not 1 <= int(number) <= len(listed):
        raise _none(f"{rule}/{number}")
    return listed[int(number) - 1]


def _none(name: str) -> RequestError:
    return RequestError(f"There is no example named {name}", status=404, expression="fixture", code="not-found")
