"""Whether vertebral augmentation was done in this encounter."""

from cds_service.chart import Chart, Procedure, Reading, Section, ValueSets
from cds_service.knowledge import Knowledge

SECTIONS = (Section.PROCEDURES, Section.ENCOUNTER)


def augmentations(chart: Chart, know: Knowledge) -> Reading[Procedure]:
    """Completed augmentations since the current encounter began, or of the last days; and the gap if procedures have one.

    One that is older, while the encounter is not known, leaves a gap too: it may belong to a long stay.
    """
    lately = know.parameter("shared/aftercare.lately").span
    stays = [stay.when.start for stay in chart.encounters if stay.current and stay.when]
    procedures, gaps = chart.procedures_in(ValueSets.VERTEBRAL_AUGMENTATION)
    done = [(item, item.when.last) for item in procedures if item.done and item.when]
    here = [item for item, at in done if chart.as_of - at <= lately or any(began <= at for began in stays)]
    if len(here) < len(done) and not stays and not gaps:
        gaps = chart.gap_unless_whole("whether the augmentation belongs to this encounter", Section.ENCOUNTER)
    return Reading(tuple(here), gaps)
