"""Sums up all results in one word: the first line that fits, from surgery first down to criteria met."""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from cds_service.chart import Reason
from cds_service.findings import CRITERIA, Essential, Kind, Result, Results, Role, Status


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


class Assessment(Struct, frozen=True):
    """The disposition, what it requires (`specialist-agreement`), and the results that decided it."""

    disposition: Disposition
    requires: tuple[str, ...]
    because: tuple[Result, ...]


NEEDED_ROLES = (*CRITERIA, Role.LESION, Role.MEASURED_FIRST, Role.INTERRUPTION_HAZARD)
"""The roles that some rule must fill: without one, a question of the disposition would go unasked without a word."""
_LACKING = frozenset((Reason.OMITTED, Reason.FAILED, Reason.CUT, Reason.UNREADABLE))
_INDICATING = (Role.FRACTURE, Role.ACTIVITY)
_QUALIFYING = frozenset(CRITERIA).difference(_INDICATING)


def assess(results: Iterable[Result]) -> Assessment:
    """The disposition of a chart's results, by the table in the README (first line that fits wins)."""
    seen = Results.of(results)
    against = (
        (Disposition.REFER_SPINE_SURGERY, seen.having(Kind.SURGEON_FIRST)),
        (Disposition.CONTRAINDICATED, seen.having(Kind.ABSOLUTE)),
        (Disposition.NOT_INDICATED, [*seen.having(Kind.NOT_INDICATED), *_nothing_there(seen)]),
        (Disposition.INSUFFICIENT_DATA, _not_judged(seen)),
    )
    for disposition, because in against:
        if because:
            return Assessment(disposition, (), tuple(because))
    if not _indicated(seen):
        unknown = [item for item in seen.open if item.rule.role in (Role.FRACTURE, Role.LESION)]
        return Assessment(Disposition.INSUFFICIENT_DATA, (), tuple(unknown or seen.in_role(Role.ACTIVITY)))
    hazardous = any(item.effect is not Kind.INFORMATION for item in seen.met_in(Role.INTERRUPTION_HAZARD))
    requires = ("specialist-agreement",) if hazardous else ()
    left = (
        (Disposition.AFTER_CORRECTION, [*seen.having(Kind.CORRECTABLE), *_never_measured(seen)]),
        (Disposition.CAUTION, [*seen.having(Kind.RELATIVE), *_criteria_open(seen), *_cautions_unknown(seen)]),
    )
    for disposition, because in left:
        if because:
            return Assessment(disposition, requires, tuple(because))
    return Assessment(Disposition.CRITERIA_MET, requires, ())


def _indicated(seen: Results) -> bool:
    """A fracture whose activity is shown, or a lesion that is an indication of its own."""
    return bool(seen.met_in(Role.LESION)) or all(seen.met_in(role) for role in _INDICATING)


def _nothing_there(seen: Results) -> list[Result]:
    """No fracture and no lesion, where all that could show one was read."""
    lesions = seen.in_role(Role.FRACTURE, Role.LESION)
    return seen.in_role(Role.FRACTURE) if all(item.status is Status.NOT_MET for item in lesions) else []


def _not_judged(seen: Results) -> list[Result]:
    """What must be known before any favourable answer, and is not: the gravest first."""
    gaps = sorted([item for item in seen.open if _blocks(item, seen)], key=_weight)
    return [*seen.having(Kind.INSUFFICIENT_DATA), *gaps]


def _weight(item: Result) -> tuple[bool, bool]:
    return item.rule.essential is not Essential.JUDGED, item.rule.kind not in (Kind.SURGEON_FIRST, Kind.ABSOLUTE)


def _blocks(item: Result, seen: Results) -> bool:
    """Whether what is open must be known. Age and activity are settled by activity that is shown, and by a lesion of its own."""
    if item.says_what_it_moves:
        return item.effect is Kind.INSUFFICIENT_DATA
    if item.rule.essential is Essential.JUDGED:
        return item.rule.role not in (Role.AGE, Role.ACTIVITY) or not seen.met_in(Role.ACTIVITY, Role.LESION)
    return item.rule.essential is Essential.SUPPLIED and _not_supplied(item)


def _not_supplied(item: Result) -> bool:
    """Whether a rule could not read what it needs, or raised; a value that was never measured is no gap of this sort."""
    return item.status is Status.ERROR or any(gap.reason in _LACKING for gap in item.missing)


def _never_measured(seen: Results) -> list[Result]:
    """What the procedure waits for, such as an INR: supplied without a current value, so it is to be measured."""
    return [item for item in seen.in_role(Role.MEASURED_FIRST) if _awaits_a_value(item)]


def _awaits_a_value(item: Result) -> bool:
    return item.status is Status.UNKNOWN and not item.says_what_it_moves


def _criteria_open(seen: Results) -> list[Result]:
    """Criteria of an indicated fracture that are neither met nor not applicable (a waiver makes them met or not applicable)."""
    lacking = (Status.NOT_MET, Status.UNKNOWN, Status.ERROR)
    unmet = {role for role in _QUALIFYING if not seen.met_in(role)}
    return [item for item in seen if item.rule.role in unmet and item.status in lacking]


def _cautions_unknown(seen: Results) -> list[Result]:
    """Cautions whose section was omitted, failed or cut, and what is unknown with the effect of a caution."""
    return [item for item in seen.open if item.effect is Kind.RELATIVE or _is_unread_caution(item)]


def _is_unread_caution(item: Result) -> bool:
    return item.rule.kind is Kind.RELATIVE and not item.says_what_it_moves and _not_supplied(item)
