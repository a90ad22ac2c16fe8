"""A site overlay is a directory whose files mirror the knowledge: they replace numbers, add codes and switch rules off, with reasons."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from msgspec import field
from msgspec.structs import replace

from cds_service.errors import KnowledgeError
from cds_service.knowledge import Knowledge, files, hold_files
from cds_service.knowledge.changes import Change, Hours, Stated, StatedAmount, StatedValue, replaced
from cds_service.knowledge.codes import CodeIndex
from cds_service.knowledge.files import Table, Text, refer
from cds_service.knowledge.holds import Hold, HoldTable
from cds_service.knowledge.parameters import Parameter
from cds_service.knowledge.site import with_codes
from cds_service.knowledge.value_sets import check_code


class _Numbers(Table, frozen=True):
    """Numbers of one file that a site replaces."""

    parameters: dict[str, StatedValue] = field(default_factory=dict)


class _Tiers(Table, frozen=True, kw_only=True):
    """Intervals of one hold."""

    critical: Hours | None = None
    warning: Hours | None = None


class _Holds(Table, frozen=True):
    """Intervals and prophylactic doses."""

    holds: dict[str, _Tiers] = field(default_factory=dict)
    prophylactic: dict[str, StatedAmount] = field(default_factory=dict)


class _System(Stated, frozen=True, kw_only=True):
    """More addresses of one code system."""

    addresses: tuple[Text, ...]


class _Rules(Table, frozen=True):
    """Rules that are not asked: each with its reason alone, or with a table that also accepts the risk."""

    off: dict[str, Text | Stated]


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
    file, mirrored = str(path), place.with_suffix("").as_posix()
    if mirrored == hold_files.PLACE:
        return _holds(know, file, files.read(path, _Holds, file))
    if mirrored in know.rules:
        return _numbers(know, file, mirrored, files.read(path, _Numbers, file))
    if mirrored == "tables/systems":
        return _systems(know, file, files.read(path, dict[str, _System], file))
    if mirrored == "rules":
        return _switched_off(know, file, files.read(path, _Rules, file))
    if place.parent.as_posix() == "valuesets" and place.stem in know.index.value_sets:
        return _value_set(know, path, file)
    raise KnowledgeError(file, "", "is no rule, value set or other file that an overlay may hold")


def _numbers(know: Knowledge, file: str, place: str, stated: _Numbers) -> Knowledge:
    """Replaces numbers of one file."""
    own = know.rules[place]
    parameters, changes = dict(own.parameters), list(know.changes)
    for name, value in stated.parameters.items():
        key = f"parameters.{name}"
        refer(file, key, name, parameters, f"number of {place}.toml")
        parameters[name], change = replaced(file, key, value, parameters[name])
        changes.append(change)
    return replace(know, changes=tuple(changes), rules={**know.rules, place: replace(own, parameters=parameters)})


def _holds(know: Knowledge, file: str, stated: _Holds) -> Knowledge:
    """Replaces intervals of the holds, and prophylactic doses."""
    holds = {hold.id: hold for hold in know.holds.all}
    doses = {item.amount.key.partition(".")[2]: item for item in know.holds.prophylactic}
    changes = list(know.changes)
    for name, tiers in stated.holds.items():
        key = f"holds.{name}"
        holds[name], changed = _hold(file, key, tiers, holds[refer(file, key, name, holds, "hold")])
        changes.extend(changed)
    for name, value in stated.prophylactic.items():
        key = f"prophylactic.{name}"
        dose = doses[refer(file, key, name, doses, "prophylactic dose")]
        amount, change = replaced(file, key, value, dose.amount)
        doses[name] = replace(dose, amount=amount)
        changes.append(change)
    made = HoldTable(holds.values(), doses.values(), know.holds.reviewed)
    rules = {**know.rules, hold_files.PLACE: made.numbers}
    return replace(know, holds=made, rules=rules, changes=tuple(changes))


def _hold(file: str, key: str, stated: _Tiers, before: Hold) -> tuple[Hold, list[Change]]:
    """A hold with the site's intervals. A default that asks for longer than the site does stays named beside them.

    A critical interval that reaches the default one of caution takes its place.
    """
    tiers: dict[str, Parameter | None] = {"critical": before.critical, "warning": before.warning}
    changes, asked = [], list(before.longer)
    for name, hours in (("critical", stated.critical), ("warning", stated.warning)):
        if hours is None:
            continue
        default = tiers[name]
        if default is None:
            raise KnowledgeError(file, f"{key}.{name}", "is no interval of this hold")
        tiers[name], change = replaced(file, f"{key}.{name}", hours, default)
        asked.append(replace(default, key=f"{default.key}-default"))
        changes.append(change)
    critical, warning = tiers["critical"], tiers["warning"]
    if critical and warning and not stated.warning and critical.value >= warning.value:
        warning = None
    hold = replace(before, critical=critical, warning=warning, longer=())
    longer = {number.value: number for number in asked if number.value > hold.full.value}
    doses = f"{hold.least.text}, set by this site" if before.doses else ""
    hold = replace(hold, longer=tuple(longer[value] for value in sorted(longer)), doses=doses)
    if not hold.grows:
        raise KnowledgeError(file, key, "the critical interval must stay shorter than the warning interval")
    return hold, changes


def _value_set(know: Knowledge, path: Path, file: str) -> Knowledge:
    """Adds codes; a code system is one of ours by its key, or a local one by its address."""
    name, systems, listed = path.stem, know.index.systems, files.tables(path, file)
    stated = files.fit(file, {key: item for key, item in listed.items() if key == "reason"}, Stated)
    listed.pop("reason")
    codes = []
    for system in listed:
        if ":" not in system:
            refer(file, system, system, systems.patterns, "key of a code system, nor an address")
    for system, table in files.fit(file, listed, dict[str, dict[str, Text]]).items():
        for code, display in table.items():
            check_code(file, f"{system}.{code}", code, display, systems.patterns.get(system))
            codes.append((system, code, display))
    if not codes:
        raise KnowledgeError(file, "", "adds no code")
    shown = ", ".join(f"{code} ({display})" for _, code, display in codes)
    change = Change(file, "", f"value set {name}: also {shown}", stated.why, value_set=name)
    return replace(with_codes(know, name, codes), changes=(*know.changes, change))


def _systems(know: Knowledge, file: str, stated: Mapping[str, _System]) -> Knowledge:
    """More addresses of known code systems."""
    before = know.index.systems
    systems, changes = before, list(know.changes)
    for key, system in stated.items():
        refer(file, key, key, before.patterns, "code system")
        for address in system.addresses:
            try:
                systems = systems.also(address, key)
            except ValueError:
                raise KnowledgeError(file, f"{key}.addresses", f"{address!r} is an address of another system") from None
        says = f"code system {key}: also known as {', '.join(system.addresses)}"
        changes.append(Change(file, key, says, system.why))
    index = CodeIndex(know.index.value_sets, systems)
    return replace(know, index=index, changes=tuple(changes))


def _switched_off(know: Knowledge, file: str, stated: _Rules) -> Knowledge:
    off = dict(know.off)
    rules = [place for place in know.rules if "/" not in place]
    for name, item in stated.off.items():
        key = f"off.{refer(file, f'off.{name}', name, rules, 'rule')}"
        why = Stated(reason=item) if isinstance(item, str) else item
        off[name] = Change(file, key, f"rule {name}: off", why.why, why.accepted)
    return replace(know, off=off)
