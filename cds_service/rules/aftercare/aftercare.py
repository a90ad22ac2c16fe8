"""What follows the procedure: observation, what to look out for, and the next visit."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown, spoken
from cds_service.facts.aftercare.performed import SECTIONS, augmentations
from cds_service.facts.shared.phrasing import on
from cds_service.findings import Evidence, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="After the procedure",
    judges="completion of the procedure",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=SECTIONS,
    role=Role.PERFORMED,
)
def aftercare(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral augmentation was done in this encounter, or within the last days.

    ## Why it matters
    Leaks, bleeding and cement that reaches the lung show within hours; infection and new fractures later. That the procedure itself
    makes the neighbouring vertebrae break is not established.

    ## When it stays silent
    When no augmentation was completed, or it belongs to an earlier encounter.
    """
    found, gaps = augmentations(chart, know)
    if found:
        done = max(found, key=lambda item: (item.when.last.timestamp() if item.when else 0.0, item.source.reference))
        what = f"{done.concept.text}{f' at {spoken(done.levels)}' if done.levels else ''}{on(done.when)}"
        shown = (Evidence(done.source, "performed", done.when, done.concept.text),)
        lying, often, rest, fever = know.parameters("aftercare", "lying", "often", "rest", "fever")
        visit_from, visit_to = know.parameters("aftercare", "visit_from", "visit_to")
        yield Finding(
            f"{what}: usual observation lying for {lying.text}, legs and vital signs every {often.value:g} min at"
            f" first; light activity for {rest.text}",
            f"lying for {lying.text}",
            shown,
            uses=(lying, often, rest),
        )
        yield Finding(
            "At once to hospital for chest pain, breathlessness, new leg weakness, bladder or bowel change, or fever from"
            f" {fever.value:g} °C",
            "warning signs after the procedure",
            shown,
            uses=(fever,),
        )
        yield Finding(
            f"Visit after {visit_from.value:g} to {visit_to.text}; new pain: think of a new fracture, infection or a"
            " leak. That neighbouring vertebrae break more often is not established",
            f"visit after {visit_from.value:g}–{visit_to.text}",
            shown,
            uses=(visit_from, visit_to),
            cites=("vertos2-2010", "cochrane-2018"),
        )
    yield from gaps
