"""Where each antithrombotic stands against its hold at the slot: inside it, inside what others ask, or past it."""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from cds_service.chart import Chart, Reading, Section, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.bleeding.drug_courses import DrugCourse, drug_courses
from cds_service.facts.bleeding.renal import Clearance, creatinine_clearance, current, renal_failure
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.slot import slot
from cds_service.findings import Evidence
from cds_service.knowledge import Hold, Knowledge
from cds_service.knowledge.holds import ANTITHROMBOTICS

EXPOSURE_SECTIONS = (
    *DRUG_SECTIONS,
    Section.RENAL,
    Section.VITALS,
    Section.PATIENT,
    Section.ENCOUNTER,
    Section.COAGULATION,
    Section.CONDITIONS,
)
"""What is read to tell where an antithrombotic stands."""

_HOUR = timedelta(hours=1)
_FAILED = "end-stage kidney disease or dialysis"


class Tier(StrEnum):
    """How far a drug is through its hold; the first two keep the procedure waiting or ask for caution."""

    CRITICAL = "critical"
    WARNING = "warning"
    LONGER = "longer"
    """Past its own hold, inside the interval of another guideline."""
    PAST = "past"


class Exposure(Struct, frozen=True):
    """A drug at the slot. `hours` since the dose that counts as the last; None if the drug is still taken or no dose is recorded.

    `clearance` decides between holds where `by_renal_function`; None if it does not or is unknown. `in_renal_failure` is the tier
    that it would have with failed kidneys. `inr` is the current one by which the rest of a vitamin K antagonist's hold is a caution
    only, if there is one.
    """

    drug: DrugCourse
    hold: Hold
    tier: Tier
    hours: float | None
    clearance: Clearance | None
    by_renal_function: bool
    in_renal_failure: Tier
    inr: Lab | None = None

    @property
    def renal_function_unknown(self) -> bool:
        """Whether the hold depends on a renal function that is not known."""
        return self.by_renal_function and self.clearance is None

    @property
    def taken_until_slot(self) -> bool:
        """Whether the drug counts as taken until the slot: it is active, and no recorded dose counts as the last."""
        return self.drug.still_taken and self.hours is None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The two entries that tell most of the drug, the one with the last dose first."""
        return tuple(
            Evidence(
                use.source,
                "effectivePeriod.end" if use.end else "effectiveDateTime" if use.last_dose else "status",
                use.end or use.last_dose,
                use.name,
            )
            for use in self.drug.uses[:2]
        )

    @property
    def top_tier(self) -> Tier:
        """The tier that this drug has right after a dose."""
        return _tier(self.hold, 0.0)

    @property
    def on_board(self) -> bool:
        """Whether the drug may still act at the slot."""
        return self.tier in (Tier.CRITICAL, Tier.WARNING)


@computed_once
def exposures(chart: Chart, know: Knowledge) -> Reading[Exposure]:
    """Every antithrombotic with its hold; and the gap if the drug list has one, or if renal failure could lengthen a hold.

    A renal function that was never measured is no gap: the longer of the tabulated intervals counts.
    """
    found = tuple(_exposure(drug, chart, know) for drug in drug_courses(chart, know, ANTITHROMBOTICS))
    return Reading(found, _gap(found, chart, know))


def _gap(found: tuple[Exposure, ...], chart: Chart, know: Knowledge) -> tuple[Unknown, ...]:
    unlisted = chart.gap_unless_drugs_listed("whether an antithrombotic is taken")
    if unlisted or not any(item.in_renal_failure is Tier.CRITICAL and not item.on_board for item in found):
        return unlisted
    clearance = creatinine_clearance(chart, know, chart.as_of).if_measured()
    return (*renal_failure(chart).gaps, *clearance.gaps)[:1]


def every_guideline_counts(know: Knowledge) -> bool:
    """Whether the site lets the longest interval of any guideline count as a caution, not only the one that decides."""
    return know.parameter("shared/antithrombotics.stricter_guideline").value > 0


def _exposure(drug: DrugCourse, chart: Chart, know: Knowledge) -> Exposure:
    matters = any(hold.by_clearance for hold in know.holds.candidates(drug.ingredient, drug.dose, drug.route))
    clearance = _known_clearance(chart, know) if matters else None
    hold = know.holds.of(drug.ingredient, clearance.value if clearance else None, drug.dose, drug.route)
    hours = _since_last_dose(drug, hold, chart, know)
    if hours is not None:
        free = hours
    elif drug.still_taken:
        free = 0.0
    else:  # ended, no dose recorded: it was off by now, or by the time somebody said so
        off = min(drug.off_by or chart.as_of, chart.as_of)
        free = max(0.0, (slot(chart) - off) / _HOUR)
    tier, worst = _tier(hold, free), _tier(know.holds.of(drug.ingredient, 0.0, drug.dose, drug.route), free)
    inr = _inr_that_is_down(drug, chart, know) if tier is Tier.CRITICAL and hold.inr_decides else None
    return Exposure(drug, hold, Tier.WARNING if inr else tier, hours, clearance, matters, worst, inr)


def _known_clearance(chart: Chart, know: Knowledge) -> Clearance | None:
    for failure in renal_failure(chart).values:
        evidence = Evidence(failure.source, "code", failure.dated, failure.concept.text)
        return Clearance(0.0, _FAILED, f"{_FAILED} on record", (evidence,), failed=True)
    return next(iter(creatinine_clearance(chart, know, chart.as_of).values), None)


def _since_last_dose(drug: DrugCourse, hold: Hold, chart: Chart, know: Knowledge) -> float | None:
    """Hours from the last dose to the slot, never below zero.

    The last recorded dose of an active drug counts only shortly before the slot, and not if it would show the interval as kept
    while a further dose is due.
    """
    if drug.last_dose is None:
        return None
    hours = max(0.0, (slot(chart) - drug.last_dose.last) / _HOUR)
    if not drug.still_taken:
        return hours
    recent = hours <= know.parameter("shared/antithrombotics.still_counts").value
    kept = _tier(hold, hours) is not _tier(hold, 0.0)
    return hours if recent and not (kept and drug.further_dose_due) else None


def _tier(hold: Hold, hours: float) -> Tier:
    if hold.critical and hours < hold.critical.value:
        return Tier.CRITICAL
    if hold.warning and hours < hold.warning.value:
        return Tier.WARNING
    return Tier.LONGER if any(hours < number.value for number in hold.longer) else Tier.PAST


def _inr_that_is_down(drug: DrugCourse, chart: Chart, know: Knowledge) -> Lab | None:
    """A current INR, taken after the last dose of a drug that is no longer taken, if it is at the limit or below."""
    for inr in current(
        chart, ValueSets.INR, know.parameter("shared/coagulation.lab_window_unstable"), chart.as_of
    ).values:
        since = not drug.still_taken and drug.last_dose is not None and inr.taken.start >= drug.last_dose.last
        if since and labs.at_most(inr, know.parameter("shared/coagulation.inr_limit").value):
            return inr
    return None
