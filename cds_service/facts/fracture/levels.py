"""Whether the order, the fractures on record and the images name the same vertebrae."""

from msgspec import Struct

from cds_service.chart import Basis, Certainty, Chart, ImagingFinding, Level
from cds_service.facts.fracture.activity import ActivityState, activity, activity_elsewhere
from cds_service.facts.fracture.fractures import Fracture, current_fractures
from cds_service.facts.fracture.imaging import evidence
from cds_service.facts.shared.memo import computed_once
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge


class NamedLevels(Struct, frozen=True):
    """The levels ordered, the current fractures that name a level, and the current images that show one to be active."""

    ordered: frozenset[Level]
    fractures: tuple[Fracture, ...]
    images: tuple[ImagingFinding, ...]

    @property
    def fractured(self) -> frozenset[Level]:
        """The levels of the fractures on record."""
        return frozenset().union(*(item.levels for item in self.fractures))

    @property
    def imaged(self) -> frozenset[Level]:
        """The levels that current images show to be active."""
        return frozenset().union(*(seen.levels for seen in self.images))

    @property
    def differ(self) -> bool:
        """Whether the order shares no level with the fractures, or none with the active images; what is not stated does not differ."""
        return bool(self.ordered and self._others)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The first three fractures and two images that name levels."""
        return (*(item.evidence for item in self.fractures[:3]), *map(evidence, self.images[:2]))

    @property
    def basis(self) -> Basis:
        """Text, if every record that names other levels than the order is only written."""
        return Basis.CODE if any(item.basis is Basis.CODE for item in self._others) else Basis.TEXT

    @property
    def certainty(self) -> Certainty:
        """Possible, if every record that names other levels than the order is unsure."""
        sure = any(not isinstance(item, Fracture) or item.certainty is Certainty.CONFIRMED for item in self._others)
        return Certainty.CONFIRMED if sure else Certainty.POSSIBLE

    @property
    def _others(self) -> tuple[Fracture | ImagingFinding, ...]:
        """The fractures, or the images, none of which names an ordered level."""
        fractures = () if self.fractured & self.ordered else self.fractures
        images = () if self.imaged & self.ordered else self.images
        return (*fractures, *images)


@computed_once
def named_levels(chart: Chart, know: Knowledge) -> NamedLevels:
    """The levels that each source names. It comes without gaps: a rule that finds no difference must still require the sections."""
    found, _ = current_fractures(chart)
    everywhere = (*activity(chart, know), *activity_elsewhere(chart, know))
    return NamedLevels(
        ordered=chart.order.levels,
        fractures=tuple(item for item in found if item.levels),
        images=tuple(
            item.finding for item in everywhere if item.verdict is ActivityState.ACTIVE and item.finding.levels
        ),
    )
