"""A site overlay is a directory whose files mirror the knowledge: they replace numbers, add codes and switch rules off, with reasons."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cds_service.errors import KnowledgeError
from cds_service.knowledge import Knowledge, files, hold_files
from cds_service.knowledge.changes import ACCEPTED, Change, accepted, reason, replaced
from cds_service.knowledge.codes import CodeIndex, Systems, check_code
from cds_service.knowledge.holds import Hold, HoldTable
from cds_service.knowledge.parameters import Parameter
from cds_service.knowledge.site import with_codes

_SHARED = "shared"
_TABLES = "tables"
_VALUE_SETS = "valuesets"
_TIERS = frozenset(("critical", "warning"))


def applied(know: Knowledge, directory: Path) -> Knowledge:
    """The knowledge with a site's overlay laid over it, and every difference in its `changes`; its version tells the overlay apart.

    Raises `KnowledgeError` with the overlay's file and the key for a file or key that mirrors nothing, a missing reason, another
    unit, or a code that does not fit. What weakens a guarding rule is only marked: `cds_service.rules.in_force` refuses it.
    """
    if not directory.is_dir():
        raise KnowledgeError(str(directory), "", "is no directory")
    digest = sha256()
    # Sorted, so that tables/systems.toml comes before the value sets that use its addresses.
    for path in sorted(directory.rglob("*.toml")):
        know = _file(know, path, path.relative_to(directory))
        digest.update(path.read_bytes())
    return replace(know, version=f"{know.version}+site.{digest.hexdigest()[:8]}")


def _file(know: Knowledge, path: Path, place: Path) -> Knowledge:
    file, tables = str(path), files.read(path, str(path))
    folder, stem = place.parent.as_posix(), place.stem
    if folder == _VALUE_SETS and stem in know.index.value_sets:
        return _value_set(know, file, stem, tables)
    if folder == _TABLES and stem == "systems":
        return _systems(know, file, tables)
    if folder == "." and stem == "rules":
        return _switched_off(know, file, tables)
    if folder == "." and stem in know.rules:
        return _numbers(know, file, stem, tables)
    raise KnowledgeError(file, "", "is no rule, value set or other file that an overlay may hold")


def _numbers(know: Knowledge, file: str, stem: str, tables: Mapping[str, Any]) -> Knowledge:
    """Replaces parameters of one rule, and intervals and doses of the holds."""
    more = hold_files.TABLES if stem == hold_files.RULE else frozenset[str]()
    files.only(file, "", tables, more | {"parameters"})
    parameters = dict(know.rules[stem].parameters)
    changes = list(know.changes)
    for name, table in _each(file, "parameters", tables, parameters.keys() - know.holds.parameters.keys()):
        parameters[name], change = replaced(file, f"parameters.{name}", table, parameters[name])
        changes.append(change)
    know = replace(know, changes=tuple(changes))
    return _with_holds(know, file, tables, parameters) if more else _with_parameters(know, stem, parameters)


def _with_parameters(know: Knowledge, stem: str, parameters: Mapping[str, Parameter]) -> Knowledge:
    return replace(know, rules={**know.rules, stem: replace(know.rules[stem], parameters=parameters)})


def _with_holds(
    know: Knowledge, file: str, tables: Mapping[str, Any], parameters: Mapping[str, Parameter]
) -> Knowledge:
    holds = {hold.id: hold for hold in know.holds.all}
    doses = {item.amount.key.partition(".")[2]: item for item in know.holds.prophylactic}
    changes = list(know.changes)
    for name, table in _each(file, "holds", tables, holds.keys()):
        holds[name], changed = _hold(file, f"holds.{name}", table, holds[name])
        changes.extend(changed)
    for name, table in _each(file, "prophylactic", tables, doses.keys()):
        amount, change = replaced(file, f"prophylactic.{name}", table, doses[name].amount, "amount")
        doses[name] = replace(doses[name], amount=amount)
        changes.append(change)
    made = HoldTable(holds.values(), doses.values())
    others = {name: number for name, number in parameters.items() if name not in know.holds.parameters}
    know = replace(know, holds=made, changes=tuple(changes))
    return _with_parameters(know, hold_files.RULE, {**others, **made.parameters})


def _hold(file: str, key: str, table: Mapping[str, Any], before: Hold) -> tuple[Hold, list[Change]]:
    """A hold with the site's intervals. A default that asks for longer than the site does stays named beside them.

    A critical interval that reaches the default one of caution takes its place.
    """
    tiers = {name: number for name in _TIERS if (number := getattr(before, name)) is not None}
    files.only(file, key, table, frozenset(tiers))
    changes, asked = [], list(before.longer)
    for name, stated in _each(file, "", table, tiers.keys(), key):
        default = tiers[name]
        tiers[name], change = replaced(file, f"{key}.{name}", stated, default, "hours")
        asked.append(replace(default, key=f"{default.key}-default"))
        changes.append(change)
    critical, warning = tiers.get("critical"), tiers.get("warning")
    if critical and warning and "warning" not in table and critical.value >= warning.value:
        warning = None
    hold = replace(before, critical=critical, warning=warning, longer=())
    longer = {number.value: number for number in asked if number.value > hold.full.value}
    doses = f"{hold.least.shown}, set by this site" if before.doses else ""
    hold = replace(hold, longer=tuple(longer[value] for value in sorted(longer)), doses=doses)
    if not hold.grows:
        raise KnowledgeError(file, key, "the critical interval must stay shorter than the warning interval")
    return hold, changes


def _value_set(know: Knowledge, file: str, stem: str, tables: Mapping[str, Any]) -> Knowledge:
    """Adds codes; a code system is one of ours by its key, or a local one by its address."""
    systems = know.index.systems
    why = reason(file, "", tables)
    listed = {name: table for name, table in tables.items() if name != "reason"}
    codes = []
    for system in listed:
        if system not in systems.patterns and ":" not in system:
            raise KnowledgeError(file, system, "is neither the key of a code system nor an address")
        for code, display in _table(file, system, listed).items():
            check_code(file, f"{system}.{code}", code, display, systems.patterns.get(system))
            codes.append((system, code, display))
    if not codes:
        raise KnowledgeError(file, "", "adds no code")
    readers = ", ".join(sorted(name for name, rule in know.rules.items() if stem in rule.value_sets))
    shown = ", ".join(f"{code} ({display})" for _, code, display in codes)
    says = f"value set {stem}: also {shown}" + (f"; read by {readers}" if readers else "")
    return replace(with_codes(know, stem, codes), changes=(*know.changes, Change(file, "", says, why)))


def _systems(know: Knowledge, file: str, tables: Mapping[str, Any]) -> Knowledge:
    """More addresses of known code systems."""
    before = know.index.systems
    keys, changes = dict(before.keys), list(know.changes)
    for key, table in _each(file, "", tables, before.patterns.keys()):
        files.only(file, key, table, frozenset(("addresses", "reason")))
        addresses = files.member(file, key, table, "addresses", list)
        for address in addresses:
            if not isinstance(address, str) or keys.setdefault(address, key) != key:
                raise KnowledgeError(file, f"{key}.addresses", f"{address!r} is no address, or one of another system")
        says = f"code system {key}: also known as {', '.join(addresses)}"
        changes.append(Change(file, key, says, reason(file, key, table)))
    index = CodeIndex(know.index.value_sets, Systems(keys, before.patterns, before.closed))
    return replace(know, index=index, changes=tuple(changes))


def _switched_off(know: Knowledge, file: str, tables: Mapping[str, Any]) -> Knowledge:
    """Rules that are not asked: each with its reason alone, or with a table that also accepts the risk."""
    files.only(file, "", tables, frozenset(("off",)))
    off = dict(know.off)
    for name, stated in _table(file, "off", tables).items():
        key = f"off.{name}"
        if name not in know.rules or name == _SHARED:
            raise KnowledgeError(file, key, "is no rule")
        table = stated if isinstance(stated, dict) else {"reason": stated}
        files.only(file, key, table, frozenset(("reason", ACCEPTED)))
        off[name] = Change(file, key, f"rule {name}: off", reason(file, key, table), accepted(file, key, table))
    return replace(know, off=off)


def _each(
    file: str, name: str, tables: Mapping[str, Any], known: Any, above: str = ""
) -> list[tuple[str, Mapping[str, Any]]]:
    """The tables below `name` (of the file itself if that is empty), each of which must have the name of something known."""
    listed = _table(file, name, tables) if name else tables
    key = above or name
    files.only(file, key, listed, frozenset(known))
    return [(item, _table(file, item, listed, key)) for item in listed]


def _table(file: str, name: str, tables: Mapping[str, Any], above: str = "") -> Mapping[str, Any]:
    """A table of the file; empty if it is not there."""
    found: Mapping[str, Any] = files.member(file, above, {name: tables.get(name, {})}, name, dict)
    return found
