"""Keeps the account while the chart is read: how each resource ended, and what was not understood."""

from msgspec import Struct

from cds_service.chart import Section, Unreadable
from cds_service.chart.intake import EVENTS, Cause, End, Intake, NotUnderstood
from cds_service.chart.sections import RESOURCE_TYPE

_EVENTS = {RESOURCE_TYPE[section]: section for section in EVENTS}


class Doubted(Struct, frozen=True):
    """Of a term that was not understood, the key of its code system, and whether some of its words are known."""

    system: str = ""
    in_part: bool = False


_WHOLE = Doubted()


class Account:
    """Counts by section; `unreadable` are the gaps of readings that what was not understood leaves."""

    def __init__(self) -> None:
        self._counts: dict[Section, dict[End, int]] = {}
        self._not_understood: list[NotUnderstood] = []
        self.unreadable: list[Unreadable] = []

    def count(self, section: Section, end: End) -> None:
        """One resource of a section ended so."""
        counts = self._counts.setdefault(section, {})
        counts[end] = counts.get(end, 0) + 1

    def refuse(self, section: Section, cause: Cause, says: str, *, settled: bool = False) -> None:
        """An entry that is no resource of a known type: what it holds can only belong to the section that asked for it."""
        self.count(section, End.NOT_UNDERSTOOD)
        gap = Unreadable(says, RESOURCE_TYPE[section], None, section=section)
        self.doubt(section, cause, gap, says=says, settled=settled)

    def doubt(
        self,
        section: Section,
        cause: Cause,
        gap: Unreadable,
        *,
        says: str,
        settled: bool = False,
        term: Doubted = _WHOLE,
    ) -> None:
        """Something of a resource is not understood: a doubt of its section, or a gap of readings. One that is settled is only named."""
        about = _EVENTS.get(gap.section_type)
        self._not_understood.append(NotUnderstood(section, about, cause, says, term.system, settled, term.in_part))
        if about is None and not settled:
            self.unreadable.append(gap)

    @property
    def doubts(self) -> int:
        """How many there are so far."""
        return len(self._not_understood)

    def intake(self) -> Intake:
        """The account as the chart keeps it."""
        return Intake(self._counts, tuple(self._not_understood))
