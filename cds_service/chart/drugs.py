"""What a chart holds about drugs: one entry for each ingredient in each resource."""

from enum import StrEnum

from msgspec import Struct

from cds_service.chart.entries import Basis, Source
from cds_service.chart.time import When


class UseStatus(StrEnum):
    """Whether a drug is being taken; the last five are a recorded end of exposure."""

    TAKING = "taking"
    INTENDED = "intended"
    UNCLEAR = "unclear"
    ENDED = "ended"
    ON_HOLD = "on-hold"
    STOPPED = "stopped"
    COMPLETED = "completed"
    NOT_TAKEN = "not-taken"

    @property
    def ends_exposure(self) -> bool:
        """Whether the chart records that the drug is no longer taken."""
        return self not in (UseStatus.TAKING, UseStatus.INTENDED, UseStatus.UNCLEAR)


class Dosage(Struct, frozen=True):
    """One dose and how often: `amount` in `unit` (UCUM), every `interval_hours`; None where the chart does not say."""

    amount: float | None = None
    unit: str = ""
    interval_hours: float | None = None
    as_needed: bool = False
    route: str = ""


class DrugUse(Struct, frozen=True):
    """One ingredient in one resource about a drug.

    `ingredient` is empty when nothing identified the drug; `nameless` says why then, if what should name it did not come.
    """

    source: Source
    name: str
    ingredient: str
    drug_class: str
    status: UseStatus
    basis: Basis = Basis.CODE
    start: When | None = None
    end: When | None = None
    last_dose: When | None = None
    stated: When | None = None
    dosage: Dosage = Dosage()
    reasons: frozenset[str] = frozenset()
    drafted: bool = False
    nameless: str = ""
