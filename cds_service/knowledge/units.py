"""The unit table: every spelling of a unit that is sent, and what turns a value in it into the unit that rules compare."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from math import isclose
from pathlib import Path

from msgspec import Struct

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import Table, Text, name, read, refer


class UnitLine(Struct, frozen=True):
    """How a number is brought from one unit to another: times `times`, plus `plus`."""

    times: float = 1.0
    plus: float = 0.0

    def of(self, value: float) -> float:
        """The number in the other unit, to nine digits: 100.4 °F is 38 °C, not a hair above it."""
        return float(f"{value * self.times + self.plus:.9g}")

    def then(self, after: "UnitLine") -> "UnitLine":
        """This line, and another after it."""
        return UnitLine(self.times * after.times, self.plus * after.times + after.plus)

    def back(self) -> "UnitLine":
        """The line in the other direction."""
        return UnitLine(1 / self.times, -self.plus / self.times)

    def agrees(self, other: "UnitLine") -> bool:
        """Whether both come to the same number."""
        return isclose(self.times, other.times, rel_tol=1e-6) and isclose(self.plus, other.plus, rel_tol=1e-6)


class Unit(Struct, frozen=True):
    """A unit by its UCUM code; `line` leads to the first unit of its kind."""

    code: str
    kind: str
    line: UnitLine


class Limits(Struct, frozen=True):
    """The least and the most that a measure can be, in `unit`."""

    least: float
    most: float
    unit: Unit


class UnitTable(Struct, frozen=True):
    """Units by UCUM code and by spelling, and what a measure can possibly be.

    `conversions` lead, for a measure, from the first unit of one kind to the first of another.
    """

    codes: Mapping[str, Unit]
    exact: Mapping[str, Unit]
    folded: Mapping[str, tuple[Unit, ...]]
    conversions: Mapping[tuple[str, str, str], UnitLine]
    possible: Mapping[str, Limits]

    def named(self, text: str) -> tuple[Unit, ...]:
        """The units that a spelling can mean, the likeliest first; more than one only if they differ by capitals alone."""
        plain = spelling(text)
        first = self.exact.get(plain)
        others = self.folded.get(plain.casefold(), ())
        return others if first is None else (first, *(unit for unit in others if unit is not first))

    def line(self, measure: str, given: Unit, wanted: Unit) -> UnitLine | None:
        """How a value of a measure is brought to another unit, or None if nothing leads from the one to the other."""
        if given is wanted:
            return UnitLine()
        same = given.kind == wanted.kind
        between = UnitLine() if same else self.conversions.get((measure, given.kind, wanted.kind))
        return None if between is None else given.line.then(between).then(wanted.line.back())


_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = str.maketrans({"º": "°", "˚": "°", "×": "x", "✕": "x", "·": ".", "⋅": ".", "^": "*", "−": "-", ",": "."})
_RAISED = re.compile(r"[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_POWER = re.compile(r"^x?(?:10(?:\*+|e\+?|exp|\()|1?e\+?)(\d+)\)?", re.IGNORECASE)
_CUBIC_MILLIMETRE = re.compile(r"(?<=/)(?:cu?\.?mm|mmc|mm\*3)", re.IGNORECASE)
_CELLS = re.compile(r"^cells?(?=x?10|/)|\.?cells?(?=/)", re.IGNORECASE)
_INVERSE = re.compile(r"(?:^|[\s.])([a-z]+)\*?-1$", re.IGNORECASE)
_MICRO = re.compile(r"(?<![a-z])mc(?=g|l|mol)", re.IGNORECASE)
_ANNOTATION = re.compile(r"\{(?![^{}]*1[.,]73)[^{}]*\}")
_PER = re.compile(r"(?:^|(?<!\s)\s+)per\s+", re.IGNORECASE)


def spelling(text: str) -> str:
    """A unit without the differences that need no line in the table; capitals stay."""
    raised = _RAISED.sub(lambda found: "*" + found[0].translate(_SUPERSCRIPTS), text)
    # Compatibility forms would make a letter of the sign of degree, and only they show the signs of a wide keyboard.
    signs = unicodedata.normalize("NFKC", raised.translate(_SIGNS)).translate(_SIGNS).replace("μ", "u")
    divided = _PER.sub("/", _INVERSE.sub(r"/\1", _ANNOTATION.sub("", signs).strip()))
    plain = _CELLS.sub("", "".join(divided.split()).replace("./", "/"))
    cubic = _CUBIC_MILLIMETRE.sub("mm3", _POWER.sub(r"10*\1", plain))
    return _MICRO.sub("u", cubic).rstrip("/.") or ""


class _Factor(Table, frozen=True, kw_only=True):
    times: float
    plus: float = 0.0

    @property
    def line(self) -> UnitLine:
        return UnitLine(self.times, self.plus)


class _Spelled(_Factor, frozen=True, kw_only=True):
    """A unit: how it leads to the first unit of its kind, and how it is spelled beside its UCUM code."""

    spelled: tuple[str, ...] = ()


class _Conversion(_Factor, frozen=True, kw_only=True):
    """What leads from a unit to one of another kind for one measure, and why it may."""

    gives: Text
    why: Text


class _Possible(Table, frozen=True):
    least: float
    most: float
    unit: Text


class _File(Table, frozen=True):
    """The whole of `units.toml`."""

    reviewed: date
    units: dict[str, dict[str, _Spelled]]
    analytes: dict[str, dict[str, _Conversion]]
    possible: dict[str, _Possible]


def load(path: Path) -> UnitTable:
    """The table of `units.toml`. Raises `KnowledgeError` for a spelling that stands twice or a unit that is not there."""
    file = read(path, _File)
    by_code: dict[str, Unit] = {}
    exact: dict[str, Unit] = {}
    folded: dict[str, tuple[Unit, ...]] = {}
    for key, unit, spelled in _units(file):
        by_code[unit.code] = unit
        for text in (unit.code, *spelled):
            plain = spelling(text)
            if exact.setdefault(plain, unit) is not unit:
                raise KnowledgeError(name(path), key, f"{text!r} is also spelled so for {exact[plain].code}")
            others = folded.get(plain.casefold(), ())
            if any(other.kind == unit.kind and other is not unit for other in others):
                raise KnowledgeError(
                    name(path), key, f"{text!r} differs from another unit of its kind by capitals alone"
                )
            folded[plain.casefold()] = others if unit in others else (*others, unit)
    return UnitTable(
        by_code, exact, folded, _conversions(name(path), file, by_code), _possible(name(path), file, by_code)
    )


def _units(file: _File) -> Iterator[tuple[str, Unit, tuple[str, ...]]]:
    for kind, rows in file.units.items():
        for code, row in rows.items():
            yield f"units.{kind}.{code}", Unit(code, kind, row.line), row.spelled


def _conversions(shown: str, file: _File, units: Mapping[str, Unit]) -> Mapping[tuple[str, str, str], UnitLine]:
    found = {}
    for measure, rows in file.analytes.items():
        for code, row in rows.items():
            key = f"analytes.{measure}.{code}"
            given, gives = _unit(shown, key, code, units), _unit(shown, f"{key}.gives", row.gives, units)
            found[measure, given.kind, gives.kind] = given.line.back().then(row.line).then(gives.line)
    return found


def _possible(shown: str, file: _File, units: Mapping[str, Unit]) -> Mapping[str, Limits]:
    return {
        measure: Limits(row.least, row.most, _unit(shown, f"possible.{measure}.unit", row.unit, units))
        for measure, row in file.possible.items()
    }


def _unit(file: str, key: str, code: str, units: Mapping[str, Unit]) -> Unit:
    return units[refer(file, key, code, units, "unit of this file")]
