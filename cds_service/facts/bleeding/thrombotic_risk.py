"""One reason not to interrupt antithrombotics, and who has to agree before it is done."""

from msgspec import Struct

from cds_service.chart import Basis, Certainty, Condition, Procedure
from cds_service.facts.shared.phrasing import briefly
from cds_service.findings import Evidence
from cds_service.knowledge import Parameter

CARDIOLOGY, NEUROLOGY, HAEMATOLOGY = "cardiology", "neurology", "haematology"


class ThromboticRisk(Struct, frozen=True):
    """One reason not to interrupt drugs of `classes`.

    `says` names it with its date and the limit of time, `headline` with the date alone, `short` without. `until` is the day on which the
    limit ends. `lesser` where only a longer interval of another source applies; `explains` is what else a reviewer wants.
    """

    says: str
    headline: str
    short: str
    classes: frozenset[str]
    agree_with: str
    evidence: tuple[Evidence, ...]
    uses: tuple[Parameter, ...] = ()
    cites: tuple[str, ...] = ()
    basis: Basis = Basis.CODE
    certainty: Certainty = Certainty.CONFIRMED
    until: str = ""
    lesser: bool = False
    explains: str = ""


def named(problem: Condition) -> str:
    """The chart's own words for a diagnosis, in brackets, if they are few and plain; else nothing."""
    said = briefly(problem.concept.text, "")
    return f" ({said})" if said else ""


def evidence_of(item: Condition | Procedure) -> Evidence:
    """The element of the chart that a risk rests on."""
    return Evidence(item.source, "code", item.dated if isinstance(item, Condition) else item.when, item.concept.text)
