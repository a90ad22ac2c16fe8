"""A pregnancy: by a diagnosis, a recorded status, or a positive test."""

from collections.abc import Iterator

from cds_service.chart import Certainty, Chart, Missing, Reason, Section, Unknown, ValueSets
from cds_service.facts.safety.pregnancy import STATUS, TEST, answers, pregnancies, stands
from cds_service.facts.shared.person import may_be_pregnant
from cds_service.facts.shared.phrasing import described, hedged, on, recorded
from cds_service.findings import (
    Essential,
    Evidence,
    Finding,
    Kind,
    NotApplicable,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_CITES = ("cms-lcd", "acr-2018")
_DIVIDED = " (most coverage determinations: absolute, L38213: relative; the stricter decides)"


@rule(
    title="Pregnancy",
    judges="pregnancy",
    kind=Kind.ABSOLUTE,
    card=Topic.SAFETY,
    needs=(Section.PATIENT, Section.CONDITIONS, Section.PREGNANCY, Section.PROCEDURES),
    essential=Essential.SUPPLIED,
)
def pregnancy(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a current pregnancy is on the problem list, or the newest pregnancy test or recorded status says pregnant. A diagnosis that
    a later negative test contradicts, or that bears no date beside an ended pregnancy, is to be confirmed.

    ## Why it matters
    The procedure needs fluoroscopy or CT over the trunk, and the monomer of the cement passes into the blood.

    ## When it stays silent
    When the pregnancy has ended (delivery, miscarriage, or longer ago than one lasts), when the newest result is negative, and when
    there is neither a diagnosis nor a result: then `pregnancy_test_due` asks for one. Where a pregnancy is not possible by age, sex or
    history, the rule does not apply, unless one is coded.
    """
    possible = may_be_pregnant(chart, know).one()
    problems, gaps = chart.conditions_in(ValueSets.PREGNANCY, ValueSets.PREGNANCY_ENDED)
    results = answers(chart, know, TEST, STATUS) if possible else None
    decided = (
        next((item for item in results.values if item[0].when and item[1] is not None), None)
        if results is not None
        else None
    )
    denied = decided[0].when if decided and decided[1] is False else None
    for problem in pregnancies(chart, know, problems):
        later = denied and (problem.dated is None or denied.start > problem.dated.last)
        undated = problem.dated is None and len(problems) > 1
        certainty = Certainty.POSSIBLE if later or undated else problem.certainty
        yield Finding(
            says=f"Pregnancy on record: {described(problem)}{f'; negative test{on(denied)}' if later else ''}{_DIVIDED}",
            short=hedged("pregnancy on record", certainty),
            evidence=(recorded(problem),),
            cites=_CITES,
            basis=problem.concept.basis,
            certainty=certainty,
        )
    if results is None:
        raise NotApplicable
    for result, pregnant in results.values:
        shown = str(result.quantity or "") or (result.answer.text if result.answer else result.absent)
        if pregnant and stands(result, chart, know, problems):
            yield Finding(
                says=f"{result.concept.text}: {shown}{on(result.when)}{_DIVIDED}",
                short=f"hCG {result.quantity}" if result.quantity else "pregnant by test or status",
                evidence=(Evidence(result.source, "value", result.when, shown),),
                uses=(know.parameter("shared/pregnancy.hcg_positive"),) if result.quantity else (),
                cites=_CITES,
                basis=result.answer.basis if result.answer else result.concept.basis,
            )
        if pregnant is None and stands(result, chart, know, problems):
            yield Unknown(f"pregnancy test{on(result.when)} ({shown})", Missing(Section.PREGNANCY, Reason.UNREADABLE))
        if pregnant is not None and result.when:
            break  # the newest result that can be read decides
    yield from (*gaps, *results.gaps)
