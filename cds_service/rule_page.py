"""The page of a rule as markdown: what it checks and why, what it says, its numbers with their sources, value sets and cases."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from cds_service import cases, rules
from cds_service.cases import Case
from cds_service.findings import Finding, Kind, Result, Rule
from cds_service.findings.date_style import in_words
from cds_service.knowledge import Knowledge, Parameter, ValueSet
from cds_service.knowledge.families import Cleared, Family, Listed
from cds_service.knowledge.holds import Remark
from cds_service.rules import THEMES


def catalogue(listed: Iterable[Rule]) -> str:
    """Rules as a table."""
    lines = ["| rule | theme | kind | speaks when |", "|---|---|---|---|"]
    lines += [f"| `{item.id}` | {THEMES[item.theme]} | {item.kind} | {item.title} |" for item in listed]
    return "\n".join(lines)


class Saying(Struct, frozen=True):
    """What a rule says in one of its cases, with dates in words: the line of a card, what explains it, and what a person can do."""

    case: Case
    effect: Kind | None
    says: str
    explains: str
    steps: tuple[str, ...]


class Read(Struct, frozen=True):
    """What a rule goes by, found by running its cases. `numbers` are its own, those of files that it shows as a whole, then others.

    `value_sets` are those that it asks for; `sources` are those of the rule, of the numbers and of what it says in its cases, each with
    where in it to look, as far as that is on record. `sayings` are examples of what it says, one of each effect and set of sources.
    """

    numbers: tuple[Parameter, ...]
    value_sets: tuple[ValueSet, ...]
    sources: Mapping[str, str]
    sayings: tuple[Saying, ...]


def read(item: Rule, know: Knowledge, listed: Iterable[Case]) -> Read:
    """The numbers, value sets and sources of one rule."""
    own, found = know.rules[item.id], cases.looked_at(item, know, listed)
    whole = (own, *(know.rules[name] for name in own.shows))
    its = tuple(number for file in whole for number in file.parameters.values())
    numbers = (*its, *sorted(found.numbers.difference(its), key=lambda number: number.key))
    findings = [result.finding for _, result in found.found if result.finding]
    places: dict[str, dict[str, None]] = {name: {} for finding in findings for name in finding.cites}
    entries: list[Parameter | Remark] = [*numbers, *(remark for _, remark in remarks(item, know))]
    for entry in entries:
        places.setdefault(entry.source, {})[entry.locator] = None
    sources = {name: "; ".join(found) for name, found in places.items()} | dict(own.citations)
    value_sets = tuple(know.index.value_sets[name] for name in sorted(found.value_sets))
    return Read(numbers, value_sets, sources, tuple(_sayings(found.found)))


def _sayings(found: Iterable[tuple[Case, Result]]) -> Iterator[Saying]:
    """The first example of each effect and set of sources: findings that share both are explained alike. Each explanation stands once."""
    seen, explained = set[tuple[Kind | None, frozenset[str]]](), {""}
    for case, result in found:
        finding = result.finding
        if finding and (kind := (result.effect, _cited(finding))) not in seen:
            seen.add(kind)
            yield Saying(
                case=case,
                effect=result.effect,
                says=in_words(finding.says, case.as_of),
                explains="" if finding.explains in explained else in_words(finding.explains, case.as_of),
                steps=tuple([in_words(text, case.as_of) for text in finding.steps or result.rule.steps]),
            )
            explained.add(finding.explains)


def _cited(finding: Finding) -> frozenset[str]:
    return frozenset((*finding.cites, *(number.source for number in finding.uses)))


def remarks(item: Rule, know: Knowledge) -> tuple[tuple[str, Remark], ...]:
    """What sources say in words, for rules that tell it: the hold's name and the remark."""
    kind = know.rules[item.id].remarks
    return tuple((hold.id.replace("-", " "), remark) for hold in know.holds.all for remark in getattr(hold, kind, ()))


def rule(item: Rule, know: Knowledge, listed: Iterable[Case]) -> str:
    """The whole page of one rule."""
    listed = tuple(listed)
    seen = read(item, know, listed)
    parts = [
        f"# {item.title}",
        f"`{item.id}` · kind *{item.kind}* · card *{item.card}* · reads {', '.join(item.needs) or 'the order only'}",
        text(item, lambda other: f"*{other.title}* (`{other.id}`)"),
        _block("What it says", [_saying(entry) for entry in seen.sayings]),
        _block("Numbers in force", [_parameter(entry, know) for entry in seen.numbers]),
        _block("Value sets", [_value_set(entry) for entry in seen.value_sets]),
        _block("Families of danger", [_family(entry) for entry in know.families.answered_by(item.id)]),
        _block("What sources say", [_remark(drug, entry, know) for drug, entry in remarks(item, know)]),
        _block("Sources", [_source(name, locator, know) for name, locator in seen.sources.items()]),
        _block("Cases", [], _case_table(listed)),
    ]
    return "\n\n".join(part for part in parts if part)


def text(item: Rule, name: Callable[[Rule], str]) -> str:
    """What a rule says of itself, as markdown. A rule named in it by id is named by `name`; one that is gone in plain words."""
    there = {other.id: other for other in rules.catalogue()}

    def named(found: re.Match[str]) -> str:
        return name(there[found[1]]) if found[1] in there else found[1].replace("_", " ")

    return re.sub(r"`([a-z0-9_]+)`", named, item.page)


def _block(heading: str, lines: list[str], body: str = "") -> str:
    text = "\n".join(f"- {line}" for line in lines) or body
    return f"## {heading}\n\n{text}" if text else ""


def _saying(item: Saying) -> str:
    steps = f" To do: {'. '.join(item.steps)}." if item.steps else ""
    return f"*{item.effect}*: **{item.says}**.{f' {item.explains}' if item.explains else ''}{steps} Case: {item.case.name}."


def _parameter(item: Parameter, know: Knowledge) -> str:
    source = know.citation(item.source)
    caveat = f" ({item.confidence.caveat})" if item.confidence.caveat and not item.site_reason else ""
    site = f" **Set by this site:** {item.site_reason}." if item.site_reason else ""
    return (
        f"**{item.text}** — {item.means}. {source.label}, {item.locator}. Confidence {item.confidence}{caveat}, "
        f"reviewed {item.reviewed}. Key `{item.key}`.{site}"
    )


def _remark(drug: str, item: Remark, know: Knowledge) -> str:
    caveat = f" ({item.confidence.caveat})" if item.confidence.caveat else ""
    label = know.citation(item.source).label
    return f"{drug}: **{item.text}**. {label}, {item.locator}. Confidence {item.confidence}{caveat}."


def _value_set(item: ValueSet) -> str:
    systems = ", ".join(f"{len(codes)} {system}" for system, codes in sorted(item.codes.items()) if codes)
    included = f"; includes {', '.join(item.includes)}" if item.includes else ""
    return f"`{item.id}` — {item.title} ({systems or 'recognised by text'}{included})"


def _family(item: Family) -> str:
    """A family that the rule answers, with what of it weighs less or is cleared, and why."""
    full, *lesser = item.lists
    parts = [
        f"`{item.id}` — {item.title}: {_named(full)}; *{full.effect}* if not judged",
        *(f"weighs less ({entry.reason}): {_named(entry)}" for entry in lesser),
        *(f"cleared ({entry.reason}): {_named(entry)}" for entry in item.cleared),
    ]
    return ". ".join(part[0].upper() + part[1:] for part in parts) + f". {item.source}; reviewed {item.reviewed}."


def _named(item: Listed | Cleared) -> str:
    """The codes of ICD-10-CM of a list, then how many stems of words it has."""
    codes, count = ", ".join(item.codes["icd-10-cm"]), len(item.words)
    return "; ".join(filter(None, [codes, f"{count} stem{'' if count == 1 else 's'}" if count else ""]))


def _source(identifier: str, locator: str, know: Knowledge) -> str:
    source = know.citation(identifier)
    title = f"[{source.title}]({source.url})" if source.url else source.title
    where = f": {locator}" if locator else ""
    return f"**{source.label}** — {title}{where}. Seen: {source.seen}; reviewed {source.reviewed}."


def _case_table(listed: Iterable[Case]) -> str:
    lines = ["| case | comes to |", "|---|---|"]
    lines += [f"| {case.name.replace('|', '/')} | {'; '.join(map(_expected, case.expect))} |" for case in listed]
    return "\n".join(lines)


def _expected(row: Mapping[str, Any]) -> str:
    more = [row[name] for name in ("effect", "indicator") if name in row] + list(row.get("missing", ()))
    return str(row["status"]) + (f" ({', '.join(more)})" if more else "")
