"""Sums up all results in one word: the first line that fits, from surgery first down to criteria met."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cds_service.chart import Reason
from cds_service.engine import Essential, Kind, Result, Status


class Disposition(StrEnum):
    """The answer in one word. `rank` orders from best to worst."""

    CRITERIA_MET = "criteria-met"
    CAUTION = "caution"
    AFTER_CORRECTION = "after-correction"
    INSUFFICIENT_DATA = "insufficient-data"
    NOT_INDICATED = "not-indicated"
    CONTRAINDICATED = "contraindicated"
    REFER_SPINE_SURGERY = "refer-spine-surgery"

    @property
    def rank(self) -> int:
        """Zero for the most favourable."""
        return _RANK[self]

    @property
    def favourable(self) -> bool:
        """Whether the procedure may go ahead, perhaps after something is put right."""
        return self.rank <= Disposition.AFTER_CORRECTION.rank

    @property
    def discourages(self) -> bool:
        """Whether the chart speaks against the procedure as such."""
        return self.rank >= Disposition.NOT_INDICATED.rank


_RANK = {disposition: rank for rank, disposition in enumerate(Disposition)}


@dataclass(frozen=True, slots=True)
class Assessment:
    """The disposition, what it requires (`specialist-agreement`), and the results that decided it."""

    disposition: Disposition
    requires: tuple[str, ...]
    because: tuple[Result, ...]


_LACKING = frozenset((Reason.OMITTED, Reason.FAILED, Reason.CUT, Reason.UNREADABLE))
_PROOF_OF_ITS_OWN = ("malignant_fracture", "fracture_nonunion", "symptomatic_haemangioma")
_CRITERIA = ("severe_pain", "failed_conservative_care", "recent_fracture")
_MEASURED_FIRST = ("inr_above_limit", "low_platelets")


class _Results:
    """The results by rule, with the few questions that the lines below ask of them."""

    def __init__(self, results: Iterable[Result]) -> None:
        self.all = tuple(results)
        self.by_rule: dict[str, list[Result]] = {}
        for result in self.all:
            self.by_rule.setdefault(result.rule.id, []).append(result)

    def met(self, *rules: str) -> tuple[Result, ...]:
        return tuple(item for rule in rules for item in self.by_rule.get(rule, ()) if item.status is Status.MET)

    def having(self, effect: Kind) -> tuple[Result, ...]:
        return tuple(item for item in self.all if item.status is Status.MET and item.effect is effect)

    def open(self, rule: str) -> tuple[Result, ...]:
        """The results of a rule that are neither met nor not-met."""
        return tuple(item for item in self.by_rule.get(rule, ()) if item.status in (Status.UNKNOWN, Status.ERROR))

    def status(self, rule: str, status: Status) -> bool:
        return any(item.status is status for item in self.by_rule.get(rule, ()))


def assess(results: Iterable[Result]) -> Assessment:
    """The disposition of a chart's results, by the table in the README (first line that fits wins)."""
    seen = _Results(results)
    requires = ("specialist-agreement",) if seen.met("interruption_hazard") else ()
    against = (
        (Disposition.REFER_SPINE_SURGERY, seen.having(Kind.SURGEON_FIRST)),
        (Disposition.CONTRAINDICATED, seen.having(Kind.ABSOLUTE)),
        (Disposition.NOT_INDICATED, (*seen.having(Kind.NOT_INDICATED), *_nothing_there(seen))),
        (Disposition.INSUFFICIENT_DATA, _not_judged(seen)),
    )
    for disposition, because in against:
        if because:
            return Assessment(disposition, (), because)
    if not _indicated(seen):
        return Assessment(Disposition.INSUFFICIENT_DATA, (), seen.open("vertebral_fracture"))
    correctable = (*seen.having(Kind.CORRECTABLE), *_never_measured(seen))
    if correctable:
        return Assessment(Disposition.AFTER_CORRECTION, requires, correctable)
    cautions = (*seen.having(Kind.RELATIVE), *_criteria_open(seen), *_cautions_unknown(seen))
    if cautions:
        return Assessment(Disposition.CAUTION, requires, cautions)
    return Assessment(Disposition.CRITERIA_MET, requires, ())


def _indicated(seen: _Results) -> bool:
    """A fracture whose activity is shown, or a lesion that is an indication of its own."""
    if seen.met(*_PROOF_OF_ITS_OWN):
        return True
    return bool(seen.met("vertebral_fracture") and seen.met("active_fracture_on_imaging"))


def _nothing_there(seen: _Results) -> tuple[Result, ...]:
    """No fracture and no lesion, where all that could show one was read."""
    lesions = ("vertebral_fracture", *_PROOF_OF_ITS_OWN)
    absent = seen.status("vertebral_fracture", Status.NOT_MET) and not seen.met(*lesions)
    return tuple(seen.by_rule["vertebral_fracture"]) if absent and not any(map(seen.open, lesions)) else ()


def _not_judged(seen: _Results) -> tuple[Result, ...]:
    """What must be known before any favourable answer, and is not: the gravest first."""
    gaps = sorted((item for item in seen.all if _blocks(item, seen)), key=_weight)
    return (*seen.having(Kind.INSUFFICIENT_DATA), *gaps)


def _weight(item: Result) -> tuple[bool, bool]:
    return item.rule.essential is not Essential.JUDGED, item.rule.kind not in (Kind.SURGEON_FIRST, Kind.ABSOLUTE)


def _blocks(item: Result, seen: _Results) -> bool:
    if item.status not in (Status.UNKNOWN, Status.ERROR):
        return False
    needed = item.rule.essential
    if needed is Essential.JUDGED:
        return not _judged_otherwise(item, seen)
    supplied = item.status is Status.UNKNOWN and not any(gap.reason in _LACKING for gap in item.missing)
    return needed is Essential.SUPPLIED and not supplied


def _judged_otherwise(item: Result, seen: _Results) -> bool:
    """Age does not matter once activity is shown or an age waiver applies; activity is also judged by a cleft or by healing."""
    if item.rule.id == "recent_fracture":
        return bool(seen.met("active_fracture_on_imaging", *_PROOF_OF_ITS_OWN))
    if item.rule.id == "active_fracture_on_imaging":
        return bool(seen.met("active_fracture_on_imaging", *_PROOF_OF_ITS_OWN))
    return False


def _never_measured(seen: _Results) -> tuple[Result, ...]:
    """INR and platelets: supplied without a current value, so they are to be measured."""
    return tuple(item for rule in _MEASURED_FIRST for item in seen.open(rule))


def _criteria_open(seen: _Results) -> tuple[Result, ...]:
    """Indication criteria that are neither met nor not applicable (a waiver makes them met or not applicable)."""
    return tuple(
        item
        for rule in _CRITERIA
        if not seen.met(rule)
        for item in seen.by_rule.get(rule, ())
        if item.status in (Status.NOT_MET, Status.UNKNOWN, Status.ERROR)
    )


def _cautions_unknown(seen: _Results) -> tuple[Result, ...]:
    """Relative rules whose section was omitted, failed or cut; a value that was never measured is no unknown here."""
    return tuple(
        item
        for item in seen.all
        if item.rule.kind is Kind.RELATIVE
        and (
            item.status is Status.ERROR
            or (item.status is Status.UNKNOWN and any(gap.reason in _LACKING for gap in item.missing))
        )
    )
