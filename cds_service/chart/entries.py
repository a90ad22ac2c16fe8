"""What a chart holds once it is read: typed entries with a source, a status of ours and dates as intervals."""

from enum import IntEnum, StrEnum
from math import floor, log10

from msgspec import Struct

from cds_service.chart.dangers import Danger
from cds_service.chart.levels import Level
from cds_service.chart.sections import Section
from cds_service.chart.time import When


class Basis(StrEnum):
    """How an entry was recognised."""

    CODE = "code"
    TEXT = "text"
    NAME = "name"


class Certainty(StrEnum):
    """Whether a diagnosis is confirmed. Refuted and erroneous entries are never in a chart."""

    CONFIRMED = "confirmed"
    POSSIBLE = "possible"


class State(StrEnum):
    """Whether a diagnosis or allergy is current."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    RESOLVED = "resolved"


class Episode(StrEnum):
    """What the seventh character of an ICD-10-CM injury or fracture code says."""

    INITIAL = "initial"
    SUBSEQUENT = "subsequent"
    DELAYED = "delayed"
    NONUNION = "nonunion"
    MALUNION = "malunion"
    SEQUELA = "sequela"


class Source(Struct, frozen=True):
    """Where an entry came from: `Condition/1`, its JSON as received, and what was odd about it."""

    reference: str
    raw: bytes = b""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without what was received: it is about a patient."""
        return f"Source({self.reference!r})"

    @property
    def type(self) -> str:
        """The FHIR resource type."""
        return self.reference.partition("/")[0]


class Concept(Struct, frozen=True):
    """A coded or written term: what a person reads, the value sets and families of danger it belongs to, and how that was found."""

    text: str
    sets: frozenset[str] = frozenset()
    basis: Basis = Basis.CODE
    levels: frozenset[Level] = frozenset()
    episode: Episode | None = None
    dangers: tuple[Danger, ...] = ()


class Patient(Struct, frozen=True):
    """The person; `sex` is FHIR's administrative gender (`male`, `female`, `other`, `unknown` or empty when not given).

    `birth_unread` says that a birth date is given and cannot be read. `died` is what the record says, `died_on` when, if that is known.
    `replaced_by` and `main_record` refer to another record of the person, which stands in the place of this one or holds the main data.
    `modifier` says what else changes the meaning of the record and is not understood.
    """

    source: Source
    born: When | None
    sex: str
    birth_unread: bool = False
    died: bool = False
    died_on: When | None = None
    active: bool = True
    replaced_by: str = ""
    main_record: str = ""
    modifier: str = ""


class Condition(Struct, frozen=True):
    """A diagnosis or problem. `onset` is when it began; `recorded` is only when somebody wrote it down.

    `encounter` refers to the stay or visit in which it was made (`Encounter/1`); empty if it does not say.
    """

    source: Source
    concept: Concept
    state: State
    certainty: Certainty
    onset: When | None = None
    recorded: When | None = None
    abated: When | None = None
    levels: frozenset[Level] = frozenset()
    encounter: str = ""

    @property
    def dated(self) -> When | None:
        """The best date there is: onset, else the day it was recorded."""
        return self.onset or self.recorded


_SPOKEN = {
    "1": "",
    "{score}": "",
    "Cel": "°C",
    "10*9/L": "×10⁹/L",
    "[IU]/L": "IU/L",
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
}
"""What people write for a UCUM unit, where it is not the unit itself."""
_MEASURED = 4


class Quantity(Struct, frozen=True):
    """A number in the canonical unit of its measurement (the unit in the value set's file), with FHIR's comparator or none."""

    value: float
    unit: str
    comparator: str = ""

    def __str__(self) -> str:
        """With the digits that were measured: a number with more than four was converted, and has three of its own."""
        unit = _SPOKEN.get(self.unit, self.unit)
        number = f"{self.value:g}"
        if len(number.replace(".", "").lstrip("-0")) > _MEASURED and "." in number:
            number = f"{self.value:.{max(0, 2 - floor(log10(abs(self.value))))}f}"
        return f"{self.comparator}{number} {unit}".rstrip()


class ResultStatus(StrEnum):
    """Whether a result may be relied on; cancelled and erroneous ones are never in a chart."""

    FINAL = "final"
    PRELIMINARY = "preliminary"


class Measurement(Struct, frozen=True):
    """One observation, or one component of one. Exactly one of `quantity`, `answer` is set, or `absent` says why neither is."""

    source: Source
    concept: Concept
    when: When | None
    status: ResultStatus
    quantity: Quantity | None = None
    answer: Concept | None = None
    absent: str = ""


class Severity(IntEnum):
    """How severe an allergic reaction was, or could be."""

    UNSTATED = 0
    MILD = 1
    MODERATE = 2
    SEVERE = 3


class Allergy(Struct, frozen=True):
    """An allergy or intolerance, or the statement that none is known (value set `no-known-allergy`)."""

    source: Source
    concept: Concept
    severity: Severity
    certainty: Certainty
    recorded: When | None = None


class Procedure(Struct, frozen=True):
    """Something that was done (never one that was not done)."""

    source: Source
    concept: Concept
    when: When | None
    done: bool
    levels: frozenset[Level] = frozenset()


class Encounter(Struct, frozen=True):
    """A visit or stay; `inpatient` follows Encounter.class, `current` its status."""

    source: Source
    class_code: str
    inpatient: bool
    current: bool
    when: When | None = None


class RequestedService(Struct, frozen=True):
    """A service already ordered or drafted (a laboratory test, imaging, a referral), or a task; `open` until it is carried out."""

    source: Source
    concept: Concept
    when: When | None
    drafted: bool = False
    open: bool = True


class Device(Struct, frozen=True):
    """An implanted or used device."""

    source: Source
    concept: Concept


class Coverage(Struct, frozen=True):
    """Who pays: the payor's name or type as text, and the value sets of its type."""

    source: Source
    concept: Concept
    state_code: str = ""


class Unreadable(Struct, frozen=True):
    """A resource that could not be read, or not whole; `sets` are the value sets that its code names, None when no code was legible.

    `says` tells why in words, where that is known. What it could belong to is every section of its type, or the one that brought it
    if `section` is given.
    """

    reference: str
    section_type: str
    sets: frozenset[str] | None
    says: str = ""
    section: Section | None = None
