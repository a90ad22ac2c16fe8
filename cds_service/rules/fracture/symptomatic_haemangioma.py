"""A haemangioma of the target vertebra that is called aggressive or symptomatic, or that goes with pain."""

import re
from collections.abc import Iterator

from cds_service.chart import Chart, Condition, Section, State, Unknown, ValueSets, spoken
from cds_service.facts.pain import scores
from cds_service.facts.shared.phrasing import begun, brief, hedged, on, recorded, shortened
from cds_service.facts.shared.setting import Setting
from cds_service.findings import Evidence, Finding, Kind, Role, Topic, rule
from cds_service.knowledge import Knowledge, Parameter

_CALLED = re.compile(
    r"(?<!\bnon[- ])(?<!\bnot )(?<!\bno longer )\b(?:aggressive|symptomatic|painful|expansile)\b", re.IGNORECASE
)


@rule(
    title="Symptomatic haemangioma of a vertebra",
    judges="vertebral haemangioma",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=(Section.CONDITIONS, Section.PAIN, Section.ENCOUNTER),
    role=Role.LESION,
    settle="Ask for a pain score, 0 to 10",
)
def symptomatic_haemangioma(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an active haemangioma of a named vertebra, at the ordered level if one is ordered, is called aggressive, symptomatic or
    painful, or the latest pain score reaches 5.

    ## Why it matters
    Most vertebral haemangiomas are chance findings. One that hurts or destroys bone can be treated with cement.

    ## When it stays silent
    When there is no haemangioma, when its vertebra is not named, or when the pain is below 5. Without a pain score it is unknown.
    """
    found, gaps = chart.conditions_in(ValueSets.VERTEBRAL_HAEMANGIOMA)
    there = [item for item in found if item.state is State.ACTIVE and _is_there(item, chart)]
    called = [item for item in there if _CALLED.search(item.concept.text)]
    for item in called:
        yield _finding(item, f": {brief(item.concept.text)}{on(item.dated)}")
    if there and not called:
        score, limit = scores.scores(chart, know).one(), scores.threshold(Setting.OUTPATIENT, know)
        if scores.reaches(score, limit.value).one():
            for item in there:
                yield _finding(item, f", with pain {scores.phrase(score)}", score.evidence, uses=(limit,))
        else:
            yield from score.doubts()
    yield from gaps


def _finding(item: Condition, why: str, *more: Evidence, uses: tuple[Parameter, ...] = ()) -> Finding:
    return Finding(
        says=f"{begun('haemangioma', item.certainty)} at {spoken(item.levels)}{why}",
        short=shortened(hedged("haemangioma", item.certainty), f" at {spoken(item.levels)}"),
        evidence=(recorded(item), *more),
        uses=uses,
        cites=("bcbs-vertebroplasty", "evicore-cmm607", "cement-ifu"),
        basis=item.concept.basis,
    )


def _is_there(item: Condition, chart: Chart) -> bool:
    """Whether it names a vertebra, and the ordered one if one is ordered."""
    vertebrae = frozenset(level for level in item.levels if level[0] in "TL")
    return bool(vertebrae & chart.order.levels if chart.order.levels else vertebrae)
