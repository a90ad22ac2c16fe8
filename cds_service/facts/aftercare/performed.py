"""Whether vertebral augmentation was done in this encounter."""

from collections.abc import Iterator

from cds_service.chart import Chart, Procedure, Section, ValueSets
from cds_service.facts.shared.gaps import gathered
from cds_service.knowledge import Knowledge

SECTIONS = (Section.PROCEDURES, Section.ENCOUNTER)


def augmentations(chart: Chart, know: Knowledge) -> Iterator[Procedure]:
    """Completed augmentations since the current encounter began, or of the last days; then `Unknown` if procedures have gaps.

    One that is older, while the encounter is not known, raises `Unknown` too: it may belong to a long stay.
    """
    lately = know.parameter("shared/aftercare.lately").span
    stays = [stay.when.start for stay in chart.encounters if stay.current and stay.when]
    found, gaps = gathered(chart.procedures_in(ValueSets.VERTEBRAL_AUGMENTATION))
    older = False
    for item in found:
        if not item.done or item.when is None:
            continue
        here = chart.as_of - item.when.last <= lately or any(began <= item.when.last for began in stays)
        if here:
            yield item
        older = older or not here
    for gap in gaps:
        raise gap
    if older and not stays:
        chart.require("whether the augmentation belongs to this encounter", Section.ENCOUNTER)
