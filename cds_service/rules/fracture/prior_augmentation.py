"""The ordered level, or another one, was augmented before."""

from collections.abc import Iterator

from cds_service.chart import (
    Age,
    Assertion,
    Chart,
    ImagingFinding,
    ImagingSign,
    Procedure,
    Section,
    Unknown,
    ValueSets,
    spoken,
)
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, IMAGING
from cds_service.facts.fracture.imaging import current_at_target, described, evidence
from cds_service.facts.fracture.target import target_levels
from cds_service.facts.shared.phrasing import on
from cds_service.findings import Evidence, Finding, Indicator, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_NEW = (ImagingSign.OEDEMA, ImagingSign.UPTAKE, ImagingSign.CLEFT, ImagingSign.HEIGHT_LOSS)


@rule(
    title="Augmented before",
    judges="earlier augmentation",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=(Section.PROCEDURES, *FRACTURE_SECTIONS),
    settle="Ask whether this level was augmented before",
)
def prior_augmentation(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether vertebral augmentation is among the procedures as done at the ordered level or, where the order names none, at the
    fracture's: when, and whether a current image after it shows marrow oedema, uptake, a cleft or loss of height there. An augmentation
    whose level is not recorded may have been at this one. One at another level is information.

    ## Why it matters
    Repeats at the same level were published in small series only, in patients whose pain stayed or came back, with further loss of
    height. An order a few days after the procedure may be a slip. Whether pain came back is for the clinician to judge.

    ## When it stays silent
    When the procedures on record hold no completed augmentation; only procedures are read. Procedures that were not sent are unknown.
    """
    target = target_levels(chart)
    done, gaps = chart.procedures_in(ValueSets.VERTEBRAL_AUGMENTATION)
    over = [item for item in done if item.done and not (item.when and chart.is_ahead(item.when))]
    elsewhere = [item for item in over if item.levels and target and not item.levels & target]
    here = [item for item in over if item not in elsewhere]
    for item in here:
        yield from _at_target(item, chart, know)
    for item in elsewhere:
        says = f"Augmented before at another level, {spoken(item.levels)}{on(item.when)}"
        yield Finding(says, f"{spoken(item.levels)} augmented before", (_evidence(item),), effect=Kind.INFORMATION)
    if over and not chart.order.levels:
        yield from chart.gap_unless_whole("level to be treated", *FRACTURE_SECTIONS)
    yield from gaps


def _at_target(item: Procedure, chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    lately = know.parameter("prior_augmentation.lately")
    age = Age.since(item.when, chart.as_of) if item.when else None
    soon = age is not None and age.least < lately.value
    where = f"at {spoken(item.levels)}" if item.levels else "at a level that is not recorded"
    ago = "today" if age and age.most == 0 else f"{age} ago"
    done = f"Augmented before {where}{on(item.when) or ', date not recorded'}{f', {ago}' if soon else ''}"
    since = _new_on_images(item, chart, know)
    new = f"; new signs since: {described(since[0], beside=f'{done} new signs since')}" if since else ""
    yield Finding(
        says=f"{done}{new}",
        short=f"augmented {ago}".replace(" to ", "–") if soon else "augmented before",
        headline=f"Augmented {ago}{on(item.when)}, {where}" if soon else f"Augmented before {where}{on(item.when)}",
        explains="Repeats at one level were published in small series only, in patients whose pain stayed or came back, with further "
        "loss of height.",
        steps=tuple(_steps(item, soon=soon, seen=bool(since))),
        evidence=(_evidence(item), *map(evidence, since)),
        uses=(lately,) if soon else (),
        cites=("redo-2018",),
        indicator=Indicator.WARNING,
        basis=item.concept.basis,
    )
    if not since:
        yield from chart.gap_unless_whole("new signs since the augmentation", *IMAGING)


def _steps(item: Procedure, *, soon: bool, seen: bool) -> Iterator[str]:
    """What to settle first, and where to look for a reason to repeat if no image shows one."""
    if not item.levels:
        yield "Look up which level was augmented"
    yield "Confirm that this order is meant" if soon else "Ask whether the pain stayed or came back after it"
    if not seen:
        yield "Look for oedema, a cleft or further loss of height on images made since"


def _new_on_images(item: Procedure, chart: Chart, know: Knowledge) -> tuple[ImagingFinding, ...]:
    """The first sign at the target on a current image after the augmentation, of those for which repeats were published."""
    seen = [found for sign in _NEW for found in current_at_target(chart, know, sign)]
    shown = [found for found in seen if found.assertion is Assertion.PRESENT]
    return tuple(found for found in shown if item.when and found.when and found.when.start > item.when.last)[:1]


def _evidence(item: Procedure) -> Evidence:
    return Evidence(item.source, "code", item.when, item.concept.text)
