"""What became of everything that arrived: each resource ends in exactly one way, and what was not understood says why."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from cds_service.chart.sections import Section


class End(StrEnum):
    """How a resource that was sent or fetched ends; see README, "Everything that arrives"."""

    READ = "read"
    OF_NO_CONCERN = "of-no-concern"
    PARTLY_READ = "partly-read"
    SUPERSEDED = "superseded"
    ANOTHERS = "another-patients"
    NOT_UNDERSTOOD = "not-understood"


class Cause(StrEnum):
    """Why an entry was not understood."""

    ENTRY = "entry"
    TYPE = "type"
    SYSTEM = "code-system"
    CODE = "code"
    WORDS = "words"
    LANGUAGE = "language"
    ATTACHMENT = "attachment"
    UNIT = "unit"
    DATE = "date"
    REFERENCE = "reference"
    MODIFIER = "modifier"
    VERSIONS = "versions"


EVENTS = (Section.CONDITIONS, Section.ALLERGIES, Section.PROCEDURES, Section.DEVICES)
"""The sections that prove absence by what they do not hold: an entry that is not understood is a doubt of every rule that reads them
(`engine`). In any other it is a gap of the readings that it could belong to."""


class NotUnderstood(Struct, frozen=True):
    """One entry that nobody here understands, and so cannot be a no.

    `section` is the prefetch key that brought it, `about` the section of events that it may belong to, None if it is a gap of readings.
    `says` names it in words, `system` is the key of its code system, empty for none, `other` for one that we do not know. One that is
    `settled` (resolved, ended) is only counted; of one understood `in_part` some words are known.
    """

    section: Section
    about: Section | None
    cause: Cause
    says: str = ""
    system: str = ""
    settled: bool = False
    in_part: bool = False


class Intake(Struct, frozen=True, dict=True):
    """The account: how many resources of each section ended in each way, and what was not understood, in the order in which it came."""

    counts: Mapping[Section, Mapping[End, int]] = {}
    not_understood: tuple[NotUnderstood, ...] = ()

    @cached_property
    def doubts(self) -> Mapping[Section, tuple[NotUnderstood, ...]]:
        """What was not understood among the events and is not settled, by the section whose rules it may concern.

        Without those of which only the date was not: what they mean is known.
        """
        found: dict[Section, list[NotUnderstood]] = {}
        for item in self.not_understood:
            if item.about is not None and not item.settled and item.cause is not Cause.DATE:
                found.setdefault(item.about, []).append(item)
        return {section: tuple(items) for section, items in found.items()}

    @property
    def undated(self) -> tuple[NotUnderstood, ...]:
        """The events whose date was not understood, though what they mean for the procedure depends on it."""
        return tuple(
            item for item in self.not_understood if item.cause is Cause.DATE and item.about and not item.settled
        )
