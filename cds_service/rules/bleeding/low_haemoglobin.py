"""A very low or lately fallen haemoglobin."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, Unknown, ValueSets
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.bleeding.lab_window import stale
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.findings import Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_EXPLAINED = "SIR 2019 asks for haemoglobin before a procedure of high bleeding risk and names no threshold: the number is local policy."


@rule(
    title="Haemoglobin low or falling",
    kind=Kind.RELATIVE,
    card=Topic.ANTITHROMBOTICS,
    needs=(Section.BLOOD_COUNT, *DRUG_SECTIONS, Section.CONDITIONS, Section.ENCOUNTER),
    judges="haemoglobin",
    steps=("Look for a bleed, and repeat haemoglobin before the procedure",),
    settle="Order a haemoglobin",
)
def low_haemoglobin(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the latest haemoglobin is below the limit, or has fallen by more than the limit from the highest of the days before.

    ## Why it matters
    A fall without a cause can be a bleed that a drug has started. Guidelines ask for the value before a procedure of high bleeding
    risk and name no threshold: the numbers are this site's.

    ## When it stays silent
    When a current value is neither low nor fallen.
    """
    limit, fall = know.parameters("low_haemoglobin", "limit", "fall")
    values, gaps = labs.history(chart, ValueSets.HAEMOGLOBIN, "haemoglobin")
    if not values:
        yield from gaps
        return
    latest, before = values[0], _highest_before(values, know)
    if labs.below(latest, limit.value):
        yield Finding(
            f"Haemoglobin {latest}, limit {limit.text}",
            latest.short,
            (latest.evidence,),
            (limit,),
            cites=("sir-2019",),
            headline=latest.headline(limit.text),
            explains=_EXPLAINED,
        )
    elif before and before.quantity.value - latest.quantity.value >= fall.value:
        yield Finding(
            f"Haemoglobin fell from {before} to {latest}",
            f"{latest.what} {before.quantity.value:g} to {latest.quantity}",
            (before.evidence, latest.evidence),
            (fall,),
            cites=("sir-2019",),
            headline=f"Haemoglobin fell from {before.quantity.value:g} to {latest.quantity}, {latest.taken}",
            explains=f"A fall by {fall.text} or more counts. {_EXPLAINED}",
        )
    else:
        yield from latest.doubts()
        yield from stale(latest, chart, know)


def _highest_before(values: tuple[Lab, ...], know: Knowledge) -> Lab | None:
    """The highest value of the time before the latest one, which is the first; None if there is none."""
    latest, *others = values
    span = know.parameter("low_haemoglobin.fall_window").span
    earlier = [item for item in others if latest.taken.last - item.taken.last <= span]
    return max(earlier, key=lambda item: item.quantity.value, default=None)
