"""A finding is one thing that is true of a patient, with the evidence that it rests on."""

from msgspec import Struct

from cds_service.chart import Basis, Certainty, Source, When
from cds_service.findings.kinds import Indicator, Kind, Proposal
from cds_service.knowledge import Parameter

CONFIRM = "Confirm: "
"""With what the sentence of a finding begins that would be grave and is not proven."""


class Evidence(Struct, frozen=True):
    """One element of one resource that a finding rests on; `value` is what it says, for people."""

    source: Source
    path: str
    when: When | None = None
    value: str = ""


class Finding(Struct, frozen=True):
    """One thing that is true of this patient.

    `says` is one sentence of at most 22 words with number, unit and date: a line of a card. `short` is the same in at most five words,
    for a list of several, with the value but without the date. `headline` is what a summary says where this decides; by default that is
    `short` with the date of the evidence. `explains` stands behind the link: thresholds, and what guidelines say otherwise. `steps` are
    what a person can do about it, by default those of the rule.

    `effect` and `indicator` follow the rule's kind unless stated. `uses` are the parameters that decided; their sources are cited
    without being named again. `values` is a typed payload for the cards. Dates in all texts are as FHIR writes them (`date_style`).
    """

    says: str
    short: str
    evidence: tuple[Evidence, ...] = ()
    uses: tuple[Parameter, ...] = ()
    cites: tuple[str, ...] = ()
    effect: Kind | None = None
    indicator: Indicator | None = None
    basis: Basis = Basis.CODE
    certainty: Certainty = Certainty.CONFIRMED
    values: object = None
    proposes: tuple[Proposal, ...] = ()
    headline: str = ""
    explains: str = ""
    steps: tuple[str, ...] = ()
