"""The catalogue at /rules with its search, and the page of each rule: what it checks and says, its numbers, codes, sources and cases."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from flask import url_for
from msgspec import Struct

from cds_service import rule_page
from cds_service.cases import Case
from cds_service.findings import Rule
from cds_service.knowledge import Citation, Knowledge, Parameter, ValueSet
from cds_service.knowledge.holds import Remark
from cds_service.rule_page import Saying
from cds_service.rules import THEMES
from cds_service.web import examples

MOST_CODES = 60
"""How many codes of one code system a page lists."""


class Entry(Struct, frozen=True):
    """A rule in the catalogue."""

    rule: Rule
    cases: int
    numbers: int
    by_site: bool


class Theme(Struct, frozen=True):
    """The rules of one theme under its heading."""

    id: str
    heading: str
    entries: tuple[Entry, ...]


class RuleNumber(Struct, frozen=True):
    """A number in force with the source that gives it."""

    parameter: Parameter
    source: Citation


class Codes(Struct, frozen=True):
    """The codes of one code system in a value set, as many as are shown, and how many more there are."""

    system: str
    shown: tuple[tuple[str, str], ...]
    more: int


class CodeList(Struct, frozen=True):
    """A value set with its codes by system."""

    value_set: ValueSet
    codes: tuple[Codes, ...]


class RulePage(Struct, frozen=True):
    """All that the page of one rule shows beside its text. A source comes with where in it to look, as far as that is on record.

    `sayings` are examples of what it says, each with the number of its case, from one on.
    """

    rule: Rule
    text: str
    theme: str
    reviewed: date
    sayings: tuple[tuple[int, Saying], ...]
    numbers: tuple[RuleNumber, ...]
    remarks: tuple[tuple[str, Remark], ...]
    value_sets: tuple[CodeList, ...]
    sources: tuple[tuple[Citation, str], ...]
    cases: tuple[tuple[Case, tuple[str, ...]], ...]


def catalogue(rules: Iterable[Rule], know: Knowledge, query: str = "") -> tuple[Theme, ...]:
    """The rules by theme, only those that hold every word of `query` somewhere; a theme without any is left out."""
    words = query.lower().split()
    found: dict[str, list[Entry]] = {theme: [] for theme in THEMES}
    for rule in rules:
        if all(word in haystack(rule, know) for word in words):
            found[rule.theme].append(_entry(rule, know))
    return tuple(Theme(theme, THEMES[theme], tuple(entries)) for theme, entries in found.items() if entries)


def haystack(rule: Rule, know: Knowledge) -> str:
    """The text in which a rule is searched for: its names, its page, its numbers and its sources, in lower case."""
    found = _read(rule, know)
    more = [*(item.means for item in found.numbers), *(know.citation(name).label for name in found.sources)]
    return " ".join((rule.id, rule.title, rule.kind, rule.theme, rule.page, *rule.needs, *more)).lower()


def page(rule: Rule, know: Knowledge) -> RulePage:
    """The page of a rule."""
    read = _read(rule, know)
    cases = examples.rule_cases(rule.id)
    return RulePage(
        rule=rule,
        text=rule_page.text(rule, _linked),
        theme=THEMES[rule.theme],
        reviewed=know.rules[rule.id].reviewed,
        sayings=tuple((cases.index(item.case) + 1, item) for item in read.sayings),
        numbers=tuple(RuleNumber(item, know.citation(item.source)) for item in read.numbers),
        remarks=rule_page.remarks(rule, know),
        value_sets=tuple(map(_code_list, read.value_sets)),
        sources=tuple((know.citation(name), locator) for name, locator in read.sources.items()),
        cases=tuple((case, tuple(map(_expected, case.expect))) for case in cases),
    )


def _linked(rule: Rule) -> str:
    return f"[{rule.title}]({url_for('web.rule', identifier=rule.id)})"


def _entry(rule: Rule, know: Knowledge) -> Entry:
    numbers = _read(rule, know).numbers
    return Entry(rule, len(examples.rule_cases(rule.id)), len(numbers), any(item.site_reason for item in numbers))


@lru_cache(maxsize=512)
def _read(rule: Rule, know: Knowledge) -> rule_page.Read:
    """What a rule goes by: found once, for all its cases are run, which for all rules takes two seconds."""
    return rule_page.read(rule, know, examples.rule_cases(rule.id))


def _code_list(item: ValueSet) -> CodeList:
    listed = [(system, sorted(codes.items())) for system, codes in sorted(item.codes.items()) if codes]
    return CodeList(
        item,
        tuple(Codes(system, tuple(codes[:MOST_CODES]), max(0, len(codes) - MOST_CODES)) for system, codes in listed),
    )


def _expected(row: Mapping[str, Any]) -> str:
    """What a case expects, in a few words."""
    more = [str(row[name]) for name in ("effect", "indicator") if name in row] + list(row.get("missing", ()))
    return str(row["status"]) + (f" ({', '.join(more)})" if more else "")
