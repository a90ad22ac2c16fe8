"""What images of the spine say: which are current, and how a finding speaks of them."""

from datetime import date

from cds_service.chart import (
    Basis,
    Chart,
    ImagingFinding,
    ImagingSign,
    ImagingStudy,
    Missing,
    Reason,
    ResultStatus,
    Section,
    days_since,
)
from cds_service.facts.fracture.age import onsets
from cds_service.facts.fracture.fractures import Fracture, path_of
from cds_service.facts.fracture.quoting import quote
from cds_service.facts.fracture.target import at_target
from cds_service.facts.shared.memo import computed_once
from cds_service.facts.shared.phrasing import brief, on, room
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge

WINDOW = "shared/fracture.imaging_window"
"""How old an image may be to say anything about the fracture as it is now."""
NOT_REPORTED = Missing(Section.IMAGING_REPORTS, Reason.NOT_MEASURED)
"""What is missing where every image was answered and none says it."""
READ_REPORT = "Look for marrow oedema in the MRI report, or order MRI"
"""What a person can do where no image says whether the fracture is active."""


@computed_once
def current(chart: Chart, know: Knowledge) -> tuple[ImagingFinding, ...]:
    """The dated findings that are neither older than the window nor older than the fracture, nor of a day to come."""
    window = know.parameter(WINDOW)
    began = min((when.start for when in onsets(chart)), default=None)
    return tuple(
        [
            seen
            for seen in chart.imaging
            if seen.when is not None
            and 0 <= days_since(seen.when.start, chart.as_of) <= window.value
            and not (began and seen.when.last < began)
        ]
    )


def current_at_target(chart: Chart, know: Knowledge, sign: ImagingSign) -> list[ImagingFinding]:
    """Current findings of a sign at the target level or without a level, newest first."""
    found = [seen for seen in current(chart, know) if seen.sign is sign and at_target(seen.levels, chart)]
    return sorted(found, key=recency, reverse=True)


@computed_once
def examinations(chart: Chart) -> tuple[ImagingStudy | ImagingFinding, ...]:
    """Everything that tells of an image of the spine: the studies, and the findings, whose study may not be on record.

    One of a day to come was not made yet; one without a date was made some time.
    """
    everything: tuple[ImagingStudy | ImagingFinding, ...] = (*chart.imaging_studies, *chart.imaging)
    return tuple(item for item in everything if not (item.when and chart.is_ahead(item.when)))


def examined(item: ImagingStudy | ImagingFinding) -> Evidence:
    """The element of the chart that tells that an examination was made."""
    path = "modality" if item.source.type == "ImagingStudy" else "effective"
    return Evidence(item.source, path, item.when, item.modality)


def evidence(seen: ImagingFinding) -> Evidence:
    """The element of the chart that holds a finding."""
    return Evidence(seen.source, path_of(seen), seen.when, seen.sentence)


def described(seen: ImagingFinding, note: str = "", *, beside: str = "") -> str:
    """Where a finding comes from, for a sentence: `MRI 2026-11-12, preliminary: "Oedema at T12"`; `note` follows the date.

    The quote has the room that `beside`, the rest of the sentence, leaves.
    """
    early = ", preliminary" if seen.status is ResultStatus.PRELIMINARY else ""
    source = f"{dated(seen)}{early}{note}"
    words = quote(seen, room(beside, source)) if seen.basis is Basis.TEXT else ""
    return f'{source}: "{words}"' if words else source


def recorded(item: Fracture, named: str) -> str:
    """A fracture under a name and what records it: `T12 fracture: Wedge fracture, 2026-11-03`, or `…, MRI 2026-11-17: "…"`."""
    if item.image:
        return f"{named}, {described(item.image, beside=named)}"
    dated_on = on(item.onset or item.seen)
    return f"{named}: {brief(item.text, words=room(named, dated_on))}{dated_on}"


def dated(item: ImagingStudy | ImagingFinding) -> str:
    """An image by its modality and day, such as `MRI 2026-11-12`."""
    return f"{item.modality} {item.when.start.date()}" if item.when else f"{item.modality} without a date"


def day(seen: ImagingFinding) -> date:
    """The day of a finding, for sorting; the first of all days if it has none."""
    return seen.when.last.date() if seen.when else date.min


def recency(seen: ImagingFinding) -> tuple[date, str, str, str]:
    """Newest last; equal days fall back on what is said, so that the order of the resources never matters."""
    return (day(seen), seen.source.reference, seen.sign, seen.sentence)
