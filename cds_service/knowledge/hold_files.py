"""Reads the holds from `antithrombotic_hold.toml` and checks that every antithrombotic has exactly one for every patient."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.citations import Citation
from cds_service.knowledge.drugs import Ingredient
from cds_service.knowledge.holds import ANTITHROMBOTICS, ANY_ROUTE, DoseClass, Hold, HoldTable, ProphylacticDose, Remark
from cds_service.knowledge.parameters import Parameter, RuleKnowledge, Stricter, confidence, known, one_of

RULE = "antithrombotic_hold"
TABLES = frozenset(("holds", "prophylactic"))
_FILE = f"{RULE}.toml"
_ROUTES = ("intravenous", "subcutaneous")
_HOLD = frozenset(
    (
        *("ingredients", "clearance", "dose", "route", "doses", "consult", "check", "inr_decides"),
        *("critical", "warning", "longer", "differs", "restart"),
    )
)
_NUMBER = frozenset(("hours", "source", "locator", "confidence"))
_REMARK = frozenset(("text", "source", "locator", "confidence"))
_PROPHYLACTIC = frozenset(("ingredient", "amount", "unit", "every_hours", "source", "locator", "confidence"))


class _Reader:
    """Reads the tables of the file, with what they may refer to."""

    def __init__(self, own: RuleKnowledge, citations: Mapping[str, Citation], drugs: Mapping[str, Ingredient]) -> None:
        self.own = own
        self.citations = citations
        self.drugs = drugs

    def hold(self, name: str, table: Mapping[str, Any]) -> Hold:
        key = f"holds.{name}"
        files.only(_FILE, key, table, _HOLD)
        clearance = table.get("clearance", {})
        files.only(_FILE, f"{key}.clearance", clearance, frozenset(("from", "below")))
        tiers = {tier: self.number(name, tier, table[tier]) for tier in ("critical", "warning") if tier in table}
        if not tiers:
            raise KnowledgeError(_FILE, key, "has neither a critical nor a warning interval")
        found = Hold(
            id=name,
            ingredients=tuple(
                self.ingredient(key, slug) for slug in files.member(_FILE, key, table, "ingredients", list)
            ),
            critical=tiers.get("critical"),
            warning=tiers.get("warning"),
            clearance_from=float(clearance.get("from", 0)),
            clearance_below=float(clearance.get("below", "inf")),
            dose=DoseClass(one_of(_FILE, key, table, "dose", tuple(DoseClass))) if "dose" in table else None,
            route=one_of(_FILE, key, table, "route", _ROUTES) if "route" in table else ANY_ROUTE,
            longer=tuple(
                self.number(name, f"longer-{place}", item)
                for place, item in enumerate(table.get("longer", ()), start=1)
            ),
            doses=table.get("doses", ""),
            consult=table.get("consult", ""),
            check=table.get("check", ""),
            inr_decides=table.get("inr_decides", False),
            differs=self.remarks(f"{key}.differs", table.get("differs", ())),
            restart=self.remarks(f"{key}.restart", table.get("restart", ())),
        )
        if bool(found.doses) == bool(found.consult):
            raise KnowledgeError(_FILE, key, "needs the source's wording (`doses`), or `consult` where there is none")
        if not found.grows:
            raise KnowledgeError(_FILE, key, "intervals must grow from critical to warning to longer")
        return found

    def ingredient(self, key: str, slug: str) -> str:
        if slug not in self.drugs or self.drugs[slug].drug_class not in ANTITHROMBOTICS:
            raise KnowledgeError(_FILE, f"{key}.ingredients", f"{slug!r} is no antithrombotic of drugs.toml")
        return slug

    def number(self, hold: str, tier: str, table: Mapping[str, Any]) -> Parameter:
        key = f"holds.{hold}.{tier}"
        files.only(_FILE, key, table, _NUMBER)
        return self.parameter(
            f"{hold}.{tier}", key, table, ("hours", "h"), f"{hold.replace('-', ' ')}: {_MEANS[tier.partition('-')[0]]}"
        )

    def parameter(
        self, name: str, key: str, table: Mapping[str, Any], amount: tuple[str, str], means: str
    ) -> Parameter:
        member, unit = amount
        return Parameter(
            key=f"{RULE}.{name}",
            value=float(files.member(_FILE, key, table, member, (int, float))),
            unit=unit,
            means=means,
            source=known(_FILE, f"{key}.source", files.member(_FILE, key, table, "source", str), self.citations),
            locator=files.member(_FILE, key, table, "locator", str),
            confidence=confidence(_FILE, key, table),
            reviewed=self.own.reviewed,
            # A longer interval, and a smaller dose that still passes for prophylactic, keep more procedures waiting.
            stricter=Stricter.HIGHER if unit == "h" else Stricter.LOWER,
        )

    def remarks(self, key: str, tables: Any) -> tuple[Remark, ...]:
        found = []
        for table in tables:
            files.only(_FILE, key, table, _REMARK)
            text, source, locator = (
                files.member(_FILE, key, table, name, str) for name in ("text", "source", "locator")
            )
            known(_FILE, f"{key}.source", source, self.citations)
            found.append(Remark(text, source, locator, confidence(_FILE, key, table)))
        return tuple(found)

    def prophylactic(self, name: str, table: Mapping[str, Any]) -> ProphylacticDose:
        key = f"prophylactic.{name}"
        files.only(_FILE, key, table, _PROPHYLACTIC)
        every = float(files.member(_FILE, key, table, "every_hours", (int, float)))
        unit = files.member(_FILE, key, table, "unit", str)
        amount = self.parameter(name, key, table, ("amount", unit), f"prophylactic up to this dose every {every:g} h")
        return ProphylacticDose(self.ingredient(key, files.member(_FILE, key, table, "ingredient", str)), amount, every)


_MEANS = {
    "critical": "inside this interval the procedure waits",
    "warning": "inside this interval, caution",
    "longer": "asked by another guideline",
}


def load(own: RuleKnowledge, citations: Mapping[str, Citation], drugs: Mapping[str, Ingredient]) -> HoldTable:
    """The hold table. Raises `KnowledgeError` naming the key at fault, or the drug and clearance without exactly one hold."""
    reader = _Reader(own, citations, drugs)
    table = HoldTable(
        [reader.hold(name, item) for name, item in own.extra.get("holds", {}).items()],
        [reader.prophylactic(name, item) for name, item in own.extra.get("prophylactic", {}).items()],
    )
    for slug, ingredient in drugs.items():
        if ingredient.drug_class in ANTITHROMBOTICS:
            if not table.covers(slug):
                raise KnowledgeError(_FILE, f"holds ({slug})", "this antithrombotic has no hold")
            for problem in _gaps(table, slug):
                raise KnowledgeError(_FILE, f"holds ({slug})", problem)
    return table


def _gaps(table: HoldTable, slug: str) -> Iterator[str]:
    """Where a drug has no hold, or more than one, at some clearance, dose and route."""
    for dose in DoseClass:
        for route in (ANY_ROUTE, *_ROUTES):
            found = table.candidates(slug, dose, route)
            for clearance in {0.0, *(hold.clearance_from for hold in found), *(hold.clearance_below for hold in found)}:
                fitting = [hold.id for hold in found if hold.holds_at(min(clearance, 1e6))]
                if len(fitting) != 1:
                    yield f"{len(fitting)} holds at {clearance:g} mL/min, {dose} dose, {route or 'any'} route"
