"""What findings carry for the cards beside their sentence: typed values, so that a card never reads a sentence."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from cds_service.chart import When


class SourceInterval(Struct, frozen=True):
    """What one source asks or allows, such as `72 h` by `ASRA 2018`; `source` is a citation id, `caveat` how sure the number is."""

    text: str
    source: str
    caveat: str = ""


class SourceAsk(Struct, frozen=True):
    """What one source asks before the procedure: a row of a card's table, such as `ASRA 2018`, `72 h`, from 2026-11-26 12:00.

    `used_here`: its interval is the one that the procedure waits for. `met_from` is when its interval, of a range the shorter, is met:
    after the last dose; for a drug still taken, after a dose taken now, if that were the last. None where it cannot be given.
    """

    label: str
    text: str
    used_here: bool
    met_from: datetime | None


class HoldPlan(Struct, frozen=True):
    """The hold of one drug: what it asks, when it was last given, and from when the procedure fits.

    `hours_least` is the interval that must be kept, `hours_full` the one after which no caution is left; both are only how far back an
    exposure is looked for where `consult` says that no interval is tabulated. `asks` has one row a source, the shortest interval first;
    none with `consult`. `planned` is None if no slot is stated. `earliest` and `earliest_full` follow from a recorded last dose. For a
    drug still taken `latest_dose` follows from the slot, and `earliest_if_last_now` from a dose taken now, if that were the last.
    Each is None where it cannot be given. `agreement` is whose agreement comes first, where interrupting the drug is itself hazardous.
    """

    ingredient: str
    drug: str
    hours_least: float
    hours_full: float
    source: str
    still_taken: bool
    planned: datetime | None
    last_dose: When | None
    earliest: datetime | None
    earliest_full: datetime | None
    latest_dose: datetime | None
    earliest_if_last_now: datetime | None
    agreement: tuple[str, ...]
    renal_function_unknown: bool
    consult: str
    check: str
    asks: tuple[SourceAsk, ...]
    restart: tuple[SourceInterval, ...]


def least_kept_from(plans: Iterable[HoldPlan]) -> datetime | None:
    """From when the interval that must be kept is kept for every drug; None without drugs, or where it cannot be given for one."""
    return _latest(plan.earliest for plan in plans)


def all_kept_from(plans: Iterable[HoldPlan]) -> datetime | None:
    """From when nothing is left of any drug's hold; None without drugs, or where it cannot be given for one."""
    return _latest(plan.earliest_full for plan in plans)


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    found = tuple(times)
    known = tuple(at for at in found if at is not None)
    return max(known) if known and len(known) == len(found) else None
