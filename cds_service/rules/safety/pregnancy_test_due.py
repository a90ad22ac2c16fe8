"""A pregnancy test that is wanted before fluoroscopy."""

from collections.abc import Iterator

from cds_service.chart import Chart, Reason, Section, Unknown, ValueSets
from cds_service.facts.safety.pregnancy import STATUS, TEST, answers, pregnancies, stands
from cds_service.facts.shared.person import birth, may_be_pregnant
from cds_service.facts.shared.phrasing import on
from cds_service.findings import (
    Evidence,
    Finding,
    Kind,
    NotApplicable,
    Proposal,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge


@rule(
    title="Pregnancy test due",
    kind=Kind.WORKUP,
    card=Topic.WORKUP,
    needs=(Section.PATIENT, Section.CONDITIONS, Section.PREGNANCY, Section.PROCEDURES),
    judges="pregnancy test",
    settle="Order a pregnancy test",
)
def pregnancy_test_due(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Where a pregnancy is possible (not recorded as male, of child-bearing age, no hysterectomy or menopause on record): whether a
    negative test will be recent enough at the planned time; without a planned time, whether it is now.

    ## Why it matters
    An early pregnancy that nobody knows of should not be exposed to fluoroscopy or to cement.

    ## When it stays silent
    When there is such a test, or a pregnancy is on record already. A recorded status does not replace a test.
    """
    if not may_be_pregnant(chart, know).one():
        raise NotApplicable
    problems, _ = chart.conditions_in(ValueSets.PREGNANCY, ValueSets.PREGNANCY_ENDED)
    known = next((item for item in answers(chart, know, TEST, STATUS).values if item[1] is not None), None)
    if any(pregnancies(chart, know, problems)):
        return
    if known and known[1] and stands(known[0], chart, know, problems):
        chart.require("whether the pregnancy has ended", Section.CONDITIONS, sets=(ValueSets.PREGNANCY_ENDED,))
        return
    window = know.parameter("pregnancy_test_due.window")
    at = chart.order.planned.last if chart.order.planned else chart.as_of
    tests, gaps = answers(chart, know, TEST)
    negative = [item for item, pregnant in tests if pregnant is False and item.when]
    if any(item.when and at - item.when.start <= window.span for item in negative):
        return
    if not tests and any(gap.reasons != {Reason.UNREADABLE} for gap in gaps):
        yield from gaps
        return
    last = negative[0] if negative else None
    planned = f" before {chart.order.planned}" if chart.order.planned else ""
    yield Finding(
        says=f"No negative pregnancy test within {window.text}{planned}{f'; last one{on(last.when)}' if last else ''}",
        short="pregnancy test due",
        headline=f"no negative pregnancy test within {window.text}{planned}",
        explains="An early pregnancy that nobody knows of should not be exposed to fluoroscopy or to cement. No guideline says how "
        f"recent the test has to be; local policy is {window.text}, and many sites test on the day.",
        steps=(f"Order a pregnancy test within {window.text} of the procedure",),
        evidence=(*birth(chart), *((Evidence(last.source, "value", last.when),) if last else ())),
        uses=(window,),
        proposes=(Proposal.ORDER_PREGNANCY_TEST,),
    )
