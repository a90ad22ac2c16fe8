"""What follows the procedure: lying and activity, warning signs, and the next visit."""

from collections.abc import Iterator

from cds_service.chart import Chart, Unknown, spoken
from cds_service.facts.aftercare.performed import SECTIONS, augmentations
from cds_service.facts.shared.phrasing import briefly, on
from cds_service.findings import Evidence, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="After the procedure",
    judges="completion of the procedure",
    kind=Kind.INFORMATION,
    card=Topic.WORKUP,
    needs=SECTIONS,
    settle="Ask whether the procedure was done",
    role=Role.PERFORMED,
)
def aftercare(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral augmentation was done in this encounter, or within the last days.

    ## Why it matters
    Leaks, bleeding and cement that reaches the lung show within hours; infection and new fractures later. It is not established that
    the procedure itself makes neighbouring vertebrae fracture.

    ## When it stays silent
    When no augmentation was completed, or it belongs to an earlier encounter.
    """
    found, gaps = augmentations(chart, know)
    if found:
        done = max(found, key=lambda item: (item.when.last.timestamp() if item.when else 0.0, item.source.reference))
        name = briefly(done.concept.text, "Vertebral augmentation", proper=True)
        what = f"{name}{f' at {spoken(done.levels)}' if done.levels else ''}{on(done.when)}"
        shown = (Evidence(done.source, "performed", done.when, done.concept.text),)
        lying_from, lying_to, often = know.parameters("aftercare", "lying_from", "lying_to", "often")
        rest_from, rest_to, fever = know.parameters("aftercare", "rest_from", "rest_to", "fever")
        visit_from, visit_to = know.parameters("aftercare", "visit_from", "visit_to")
        is_lying = done.when is None or chart.as_of - done.when.last <= lying_to.span
        yield Finding(
            f"{what}: lying {lying_from.value:g} to {lying_to.text}, light activity {rest_from.value:g} to {rest_to.text}",
            f"lying for {lying_from.value:g}–{lying_to.text}",
            shown,
            headline=what,
            uses=(lying_from, lying_to, often, rest_from, rest_to),
            steps=(f"Check legs and vital signs every {often.value:g} min in the first hour",) if is_lying else (),
        )
        yield Finding(
            "Return to hospital at once for chest pain, breathlessness, new leg weakness, bladder or bowel change, or fever from"
            f" {fever.value:g} °C",
            "warning signs after the procedure",
            shown,
            uses=(fever,),
        )
        yield Finding(
            "New pain may be a new fracture, an infection or a leak",
            "new pain: fracture, infection, leak",
            shown,
            uses=(visit_from, visit_to),
            cites=("vertos2-2010", "cochrane-2018"),
            explains="That neighbouring vertebrae break more often after the procedure is not established.",
            steps=(f"Arrange a visit after {visit_from.value:g} to {visit_to.text}",),
        )
    yield from gaps
