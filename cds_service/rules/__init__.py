"""The rule catalogue: every rule found in the theme packages below, nothing registered by hand."""

import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module

from msgspec.structs import replace

from cds_service.errors import RoleError
from cds_service.findings import Essential, Kind, Role, Rule
from cds_service.knowledge import Change, Knowledge

AFTERCARE = "aftercare"
"""The theme of what is said once the procedure was done."""

THEMES = {
    "fracture": "The fracture",
    "pain": "Pain and treatment so far",
    "imaging": "Imaging",
    "infection": "Infection",
    "bleeding": "Bleeding and antithrombotic drugs",
    "safety": "Neurology, pregnancy, allergy, fitness",
    "preparation": "Day of the procedure",
    AFTERCARE: "Aftercare",
    "evidence": "Evidence and payment",
}
"""The theme packages in the order in which catalogue and findings list them, each with its heading."""


_GUARDING = (Kind.ABSOLUTE, Kind.SURGEON_FIRST, Kind.CORRECTABLE)


@cache
def catalogue() -> tuple[Rule, ...]:
    """All rules, by theme and then by id. A module without a rule of its own name is a fault of the program."""
    found = []
    for theme in THEMES:
        package = import_module(f"{__name__}.{theme}")
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda item: item.name):
            rule = getattr(import_module(f"{package.__name__}.{module.name}"), module.name)
            if not isinstance(rule, Rule):
                raise TypeError(f"{module.name} is not a rule")
            found.append(rule)
    return tuple(found)


def require(needed_by: str, roles: Iterable[Role]) -> None:
    """Raises `RoleError` for the first of the roles that no rule of the catalogue fills; one that a site switched off fills it."""
    filled = {item.role for item in catalogue()}
    for role in roles:
        if role not in filled:
            raise RoleError(role, needed_by)


def guards(rule: Rule) -> bool:
    """Whether a rule may not be weakened in silence: it can stop or delay the procedure, or the disposition cannot do without it."""
    return rule.kind in _GUARDING or rule.essential is not Essential.NO


def changes(know: Knowledge) -> Iterator[Change]:
    """Everything that a site made different, the rules that it switched off included."""
    yield from know.changes
    for rule in catalogue():
        if rule.id in know.off:
            yield replace(know.off[rule.id], says=f"{rule.title} ({rule.id}): switched off", weakens=guards(rule))


def in_force(know: Knowledge) -> tuple[Rule, ...]:
    """The rules that are asked at this site. Raises `KnowledgeError` if it weakens a guarding rule and nobody accepted the risk."""
    for change in changes(know):
        if change.is_refused:
            raise change.refusal()
    return tuple(rule for rule in catalogue() if rule.id not in know.off)
