"""A haemangioma of the target vertebra that is called aggressive or symptomatic, or that goes with pain."""

import re
from collections.abc import Iterator

from cds_service.chart import Chart, Condition, Section, State, Unknown, spoken
from cds_service.engine import Evidence, Finding, Kind, Topic, rule
from cds_service.facts import labs, pain
from cds_service.facts.gathered import gathered
from cds_service.facts.setting import Setting, possible_settings
from cds_service.knowledge import Knowledge

_CALLED = re.compile(r"\b(?:aggressive|symptomatic|painful|expansile)\b", re.IGNORECASE)


@rule(
    title="Symptomatic haemangioma of a vertebra",
    kind=Kind.INDICATION,
    card=Topic.SUITABILITY,
    needs=(Section.CONDITIONS, Section.PAIN, Section.ENCOUNTER),
)
def symptomatic_haemangioma(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether an active haemangioma of a named vertebra, at the ordered level if one is ordered, is called aggressive, symptomatic or
    painful, or the latest pain score reaches 5.

    ## Why it matters
    Most vertebral haemangiomas are chance findings. One that hurts or destroys bone can be treated with cement.

    ## When it stays silent
    When there is none, it names no vertebra, or the pain is below 5. Without a pain score it is unknown.
    """
    found, gaps = gathered(chart.conditions_in("vertebral-haemangioma"))
    for item in found:
        if item.state is not State.ACTIVE or not _is_there(item, chart):
            continue
        said = f"called {item.concept.text[:80]}"
        shown: tuple[Evidence, ...] = ()
        if not _CALLED.search(item.concept.text):
            score = pain.scores(chart, possible_settings(chart)[0], know)[0]
            reaches = labs.at_least(score, pain.threshold(Setting.OUTPATIENT, know).value)
            if reaches is None:
                raise Unknown(f"whether pain of {pain.said(score)} goes with the haemangioma")
            if not reaches:
                yield from score.doubts()
                continue
            said, shown = f"with pain {pain.said(score)}", (score.evidence,)
        yield Finding(
            says=f"Haemangioma at {spoken(item.levels)}, {said}",
            evidence=(Evidence(item.source, "code", item.dated, item.concept.text), *shown),
            uses=(pain.threshold(Setting.OUTPATIENT, know),) if shown else (),
            cites=("bcbs-vertebroplasty", "evicore-cmm607", "cement-ifu"),
            basis=item.concept.basis,
            certainty=item.certainty,
        )
    yield from gaps


def _is_there(item: Condition, chart: Chart) -> bool:
    vertebrae = frozenset(level for level in item.levels if level[0] in "TL")
    return bool(vertebrae & chart.order.levels if chart.order.levels else vertebrae)
