"""The ordered level, or another one, was augmented before."""

from collections.abc import Iterator

from cds_service.chart import (
    Assertion,
    Chart,
    ImagingFinding,
    ImagingSign,
    Level,
    Procedure,
    Section,
    Unknown,
    ValueSets,
    spoken,
)
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, target_levels
from cds_service.facts.fracture.imaging import current_at_target, described, evidence
from cds_service.facts.shared.phrasing import on
from cds_service.findings import Evidence, Finding, Indicator, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_REASONS = (ImagingSign.OEDEMA, ImagingSign.UPTAKE, ImagingSign.CLEFT)


@rule(
    title="Augmented before",
    judges="earlier augmentation",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=(Section.PROCEDURES, *FRACTURE_SECTIONS),
)
def prior_augmentation(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral augmentation is recorded as done at the ordered level, or, where the order names none, at the fracture's. It says
    when, and whether imaging since then shows marrow oedema, uptake or a cleft, which published repeats were done for. An augmentation
    whose level is not recorded may have been at this one. One at another level is information.

    ## Why it matters
    A repeat at the same level was published in small series only, where pain came back with new oedema, more collapse or a part that
    was not filled. An order a few days after the procedure may be a slip.

    ## When it stays silent
    When the procedures on record hold no completed augmentation. Procedures that were not sent are unknown.
    """
    target = target_levels(chart)
    done, gaps = chart.procedures_in(ValueSets.VERTEBRAL_AUGMENTATION)
    for item in done:
        if item.done and not (item.when and chart.is_ahead(item.when)):
            yield _finding(item, target, chart, know)
    yield from gaps


def _finding(item: Procedure, target: frozenset[Level], chart: Chart, know: Knowledge) -> Finding:
    lately = know.parameter("prior_augmentation.lately")
    days = (chart.as_of - item.when.last).days if item.when else None
    elsewhere = bool(item.levels and target and not item.levels & target)
    soon = days is not None and days < lately.value and not elsewhere
    where = f"at {spoken(item.levels)}" if item.levels else "at a level that is not recorded"
    reasons = () if elsewhere else _new_on_images(item, chart, know)
    says = f"Augmented before {where}{on(item.when) or ', date not recorded'}"
    if soon:
        says += f", {days} d ago: is this order meant?"
    elif not elsewhere:
        says += f"; since then {described(reasons[0])}" if reasons else "; no new oedema, uptake or cleft on record"
    return Finding(
        says=says,
        short=f"augmented before{f', {days} d ago' if days is not None else ''}",
        evidence=(Evidence(item.source, "code", item.when, item.concept.text), *map(evidence, reasons)),
        uses=(lately,) if soon else (),
        cites=("redo-2018",),
        effect=Kind.INFORMATION if elsewhere else None,
        indicator=Indicator.INFO if elsewhere else Indicator.WARNING,
        basis=item.concept.basis,
    )


def _new_on_images(item: Procedure, chart: Chart, know: Knowledge) -> tuple[ImagingFinding, ...]:
    """The newest sign at the target on an image after the augmentation, of those for which repeats were published."""
    seen = [found for sign in _REASONS for found in current_at_target(chart, know, sign)]
    shown = [found for found in seen if found.assertion is Assertion.PRESENT]
    return tuple(found for found in shown if item.when and found.when and found.when.start > item.when.last)[:1]
