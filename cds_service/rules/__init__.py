"""The rule catalogue: every rule found in the theme packages below, nothing registered by hand."""

import pkgutil
from functools import cache
from importlib import import_module

from cds_service.engine import Rule

THEMES = {
    "fracture": "The fracture",
    "pain": "Pain and treatment so far",
    "imaging": "Imaging",
    "infection": "Infection",
    "bleeding": "Bleeding and antithrombotic drugs",
    "safety": "Neurology, pregnancy, allergy, fitness",
    "preparation": "Day of the procedure",
    "aftercare": "Aftercare",
    "evidence": "Evidence and payment",
}
"""The theme packages in the order in which catalogue and findings list them, each with its heading."""


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
