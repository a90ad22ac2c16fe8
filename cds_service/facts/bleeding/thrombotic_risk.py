"""One reason not to interrupt antithrombotics, and who has to agree before it is done."""

from msgspec import Struct

from cds_service.chart import Basis, Certainty, Condition, Procedure
from cds_service.findings import Evidence
from cds_service.knowledge import Parameter

CARDIOLOGY, NEUROLOGY, HAEMATOLOGY = "cardiology", "neurology", "haematology"


class ThromboticRisk(Struct, frozen=True):
    """One reason not to interrupt drugs of `classes`.

    `lesser` where only a longer interval of another source applies; `differs` is what another source says that waits for less.
    """

    says: str
    short: str
    classes: frozenset[str]
    agree_with: str
    evidence: tuple[Evidence, ...]
    uses: tuple[Parameter, ...] = ()
    cites: tuple[str, ...] = ()
    basis: Basis = Basis.CODE
    certainty: Certainty = Certainty.CONFIRMED
    lesser: bool = False
    differs: str = ""


def evidence_of(item: Condition | Procedure) -> Evidence:
    """The element of the chart that a risk rests on."""
    return Evidence(item.source, "code", item.dated if isinstance(item, Condition) else item.when, item.concept.text)
