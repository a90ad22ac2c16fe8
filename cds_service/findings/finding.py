"""A finding is one thing that is true of a patient, with the evidence that it rests on."""

from msgspec import Struct

from cds_service.chart import Basis, Certainty, Source, When
from cds_service.findings.kinds import Indicator, Kind, Proposal
from cds_service.knowledge import Parameter


class Evidence(Struct, frozen=True):
    """One element of one resource that a finding rests on; `value` is what it says, for people."""

    source: Source
    path: str
    when: When | None = None
    value: str = ""


class Finding(Struct, frozen=True):
    """One thing that is true of this patient.

    `says` is one sentence with number, unit and date; `short` is the same in at most five words, for a list of several, with the value
    but without the date. `effect` and `indicator` follow the rule's kind unless stated. `uses` are the parameters that decided; their
    sources are cited without being named again. `values` is a typed payload for the cards.
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
