"""Reads the holds from `shared/holds.toml` and checks that every antithrombotic has exactly one for every patient."""

from collections.abc import Iterator, Mapping
from datetime import date
from math import inf
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, field

from cds_service.errors import KnowledgeError
from cds_service.knowledge.citations import Citation
from cds_service.knowledge.drugs import Ingredient
from cds_service.knowledge.files import SHARED, Table, Text, read, refer
from cds_service.knowledge.holds import ANTITHROMBOTICS, ANY_ROUTE, DoseClass, Hold, HoldTable, ProphylacticDose, Remark
from cds_service.knowledge.parameters import Confidence, Parameter, Stricter, cited

PLACE = f"{SHARED}/holds"
_FILE = f"{PLACE}.toml"
Route = Literal["intravenous", "subcutaneous"]
_ROUTES: tuple[Route, ...] = ("intravenous", "subcutaneous")
_Amount = Annotated[float, Meta(ge=0)]


class _Sourced(Table, frozen=True, kw_only=True):
    source: Text
    locator: Text
    confidence: Confidence


class _Interval(_Sourced, frozen=True, kw_only=True):
    hours: _Amount


class _Clearance(Table, frozen=True):
    """The creatinine clearances, in mL/min, for which a hold is."""

    least: _Amount = field(name="from", default=0.0)
    below: _Amount = inf


class _Hold(Table, frozen=True, kw_only=True):
    """A hold as the file has it: see `Hold`."""

    ingredients: Annotated[tuple[Text, ...], Meta(min_length=1)]
    clearance: _Clearance = _Clearance()
    dose: DoseClass | None = None
    route: Route | None = None
    doses: str = ""
    consult: str = ""
    check: str = ""
    inr_decides: bool = False
    critical: _Interval | None = None
    warning: _Interval | None = None
    longer: tuple[_Interval, ...] = ()
    differs: tuple[Remark, ...] = ()
    restart: tuple[Remark, ...] = ()

    def __post_init__(self) -> None:
        numbers = [item.hours for item in (self.critical, self.warning, *self.longer) if item]
        if not (self.critical or self.warning):
            raise ValueError("has neither a critical nor a warning interval")
        if bool(self.doses) == bool(self.consult):
            raise ValueError("needs the source's wording (`doses`), or `consult` where there is none")
        if numbers != sorted(set(numbers)):
            raise ValueError("intervals must grow from critical to warning to longer")


class _Dose(_Sourced, frozen=True, kw_only=True):
    """The largest dose that is prophylactic."""

    ingredient: Text
    amount: _Amount
    unit: Text
    every_hours: _Amount


class _File(Table, frozen=True):
    """The whole file."""

    reviewed: date
    prophylactic: dict[str, _Dose]
    holds: dict[str, _Hold]


def load(path: Path, citations: Mapping[str, Citation], drugs: Mapping[str, Ingredient]) -> HoldTable:
    """The hold table. Raises `KnowledgeError` naming the key at fault, or the drug and clearance without exactly one hold."""
    file = read(path, _File)
    _check(file, citations, drugs)
    table = HoldTable(
        [_hold(name, item, file.reviewed) for name, item in file.holds.items()],
        [_dose(name, item, file.reviewed) for name, item in file.prophylactic.items()],
        file.reviewed,
    )
    for slug, ingredient in drugs.items():
        if ingredient.drug_class in ANTITHROMBOTICS:
            if not table.covers(slug):
                raise KnowledgeError(_FILE, f"holds ({slug})", "this antithrombotic has no hold")
            for problem in _gaps(table, slug):
                raise KnowledgeError(_FILE, f"holds ({slug})", problem)
    return table


def _check(file: _File, citations: Mapping[str, Citation], drugs: Mapping[str, Ingredient]) -> None:
    """Raise `KnowledgeError` for a source or a drug that is not there."""
    antithrombotics = [slug for slug, item in drugs.items() if item.drug_class in ANTITHROMBOTICS]
    for key, slug in _ingredients(file):
        refer(_FILE, key, slug, antithrombotics, "antithrombotic of drugs.toml")
    for key, source in _sources(file):
        cited(_FILE, f"{key}.source", source, citations)


def _ingredients(file: _File) -> Iterator[tuple[str, str]]:
    for name, hold in file.holds.items():
        yield from ((f"holds.{name}.ingredients", slug) for slug in hold.ingredients)
    for name, dose in file.prophylactic.items():
        yield f"prophylactic.{name}.ingredient", dose.ingredient


def _sources(file: _File) -> Iterator[tuple[str, str]]:
    for name, hold in file.holds.items():
        for tier in ("critical", "warning", "longer", "differs", "restart"):
            found = getattr(hold, tier) or ()
            for item in found if isinstance(found, tuple) else (found,):
                yield f"holds.{name}.{tier}", item.source
    for name, dose in file.prophylactic.items():
        yield f"prophylactic.{name}", dose.source


def _hold(name: str, table: _Hold, reviewed: date) -> Hold:
    def number(tier: str, interval: _Interval) -> Parameter:
        means = f"{name.replace('-', ' ')}: {_MEANS[tier.partition('-')[0]]}"
        return _parameter(f"{name}.{tier}", interval.hours, "h", means, interval, reviewed)

    return Hold(
        id=name,
        ingredients=table.ingredients,
        critical=number("critical", table.critical) if table.critical else None,
        warning=number("warning", table.warning) if table.warning else None,
        clearance_from=table.clearance.least,
        clearance_below=table.clearance.below,
        dose=table.dose,
        route=table.route or ANY_ROUTE,
        longer=tuple(number(f"longer-{place}", item) for place, item in enumerate(table.longer, start=1)),
        doses=table.doses,
        consult=table.consult,
        check=table.check,
        inr_decides=table.inr_decides,
        differs=table.differs,
        restart=table.restart,
    )


_MEANS = {
    "critical": "inside this interval the procedure waits",
    "warning": "inside this interval, caution",
    "longer": "asked by another guideline",
}


def _dose(name: str, table: _Dose, reviewed: date) -> ProphylacticDose:
    means = f"prophylactic up to this dose every {table.every_hours:g} h"
    amount = _parameter(name, table.amount, table.unit, means, table, reviewed)
    return ProphylacticDose(table.ingredient, amount, table.every_hours)


def _parameter(name: str, value: float, unit: str, means: str, stated: _Sourced, reviewed: date) -> Parameter:
    return Parameter(
        key=f"{PLACE}.{name}",
        value=value,
        unit=unit,
        means=means,
        source=stated.source,
        locator=stated.locator,
        confidence=stated.confidence,
        reviewed=reviewed,
        # A longer interval, and a smaller dose that still passes for prophylactic, keep more procedures waiting.
        stricter=Stricter.HIGHER if unit == "h" else Stricter.LOWER,
    )


def _gaps(table: HoldTable, slug: str) -> Iterator[str]:
    """Where a drug has no hold, or more than one, at some clearance, dose and route."""
    for dose in DoseClass:
        for route in (ANY_ROUTE, *_ROUTES):
            found = table.candidates(slug, dose, route)
            for clearance in {0.0, *(hold.clearance_from for hold in found), *(hold.clearance_below for hold in found)}:
                fitting = [hold.id for hold in found if hold.holds_at(min(clearance, 1e6))]
                if len(fitting) != 1:
                    yield f"{len(fitting)} holds at {clearance:g} mL/min, {dose} dose, {route or 'any'} route"
