"""Whether the order, the fractures on record and the images name the same vertebrae."""

from dataclasses import dataclass

from cds_service.chart import Basis, Chart, Level
from cds_service.engine import Evidence
from cds_service.facts.fracture import current_fractures
from cds_service.facts.gathered import gathered
from cds_service.facts.imaging import Verdict, activity, activity_elsewhere, evidence
from cds_service.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class NamedLevels:
    """The levels ordered, those of the fractures on record, and those that current images show to be active."""

    ordered: frozenset[Level]
    fractured: frozenset[Level]
    imaged: frozenset[Level]
    evidence: tuple[Evidence, ...]
    coded: bool

    @property
    def differ(self) -> bool:
        """Whether the order shares no level with the fractures, or none with the active images; what is not stated does not differ."""
        return bool(self.ordered) and any(named and not named & self.ordered for named in (self.fractured, self.imaged))


def named_levels(chart: Chart, know: Knowledge) -> NamedLevels:
    """The levels that each source names. It does not raise: a rule that finds no difference must still require the sections."""
    found, _ = gathered(current_fractures(chart))
    stated = [item for item in found if item.levels]
    active = [
        item.finding
        for item in (*activity(chart, know), *activity_elsewhere(chart, know))
        if item.verdict is Verdict.ACTIVE and item.finding.levels
    ]
    none = frozenset[Level]()
    return NamedLevels(
        ordered=chart.order.levels,
        fractured=none.union(*(item.levels for item in stated)),
        imaged=none.union(*(item.levels for item in active)),
        evidence=(*(item.evidence for item in stated[:3]), *map(evidence, active[:2])),
        coded=Basis.CODE in {*(item.basis for item in stated), *(seen.basis for seen in active)},
    )
