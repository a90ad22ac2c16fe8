"""A pregnancy: by a diagnosis, a recorded status, or a positive test."""

from collections.abc import Iterator

from cds_service.chart import Certainty, Chart, Measurement, Missing, Reason, Section, Unknown, ValueSets
from cds_service.facts.safety.pregnancy import STATUS, TEST, answers, pregnancies, stands
from cds_service.facts.shared.person import may_be_pregnant
from cds_service.facts.shared.phrasing import begun, capitalised, hedged, on, recorded
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
_EXPLAINS = (
    "Most CMS coverage determinations call pregnancy an absolute contraindication, L38213 a relative one; here it is absolute. ACR 2018 "
    "lists it as a contraindication. The procedure needs fluoroscopy or CT over the trunk, and the monomer of the cement passes into the "
    "blood."
)


@rule(
    title="Pregnancy",
    judges="pregnancy",
    kind=Kind.ABSOLUTE,
    card=Topic.SAFETY,
    needs=(Section.PATIENT, Section.CONDITIONS, Section.PREGNANCY, Section.PROCEDURES),
    essential=Essential.SUPPLIED,
    steps=("Confirm the pregnancy with the patient and by a test",),
    settle="Order a pregnancy test",
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
            says=f"{begun('pregnancy', problem.certainty)}{on(problem.dated) or ', date not recorded'}"
            f"{f'; negative test{on(denied)}' if later else ''}",
            short=hedged("pregnancy", certainty),
            evidence=(recorded(problem),),
            cites=_CITES,
            basis=problem.concept.basis,
            certainty=certainty,
            explains=_EXPLAINS,
        )
    if results is None:
        raise NotApplicable
    for result, pregnant in results.values:
        shown = str(result.quantity or "") or (result.answer.text if result.answer else result.absent)
        if pregnant and stands(result, chart, know, problems):
            what = _named(result)
            limit = (know.parameter("shared/pregnancy.hcg_positive"),) if result.quantity else ()
            yield Finding(
                says=f"{what if result.quantity else capitalised(what)}{on(result.when)}",
                short=what,
                evidence=(Evidence(result.source, "value", result.when, shown),),
                uses=limit,
                cites=_CITES,
                basis=result.answer.basis if result.answer else result.concept.basis,
                explains=" ".join(
                    [
                        *(
                            f"hCG is positive from {item.value:g} IU/L on; menopause and tumours raise it too."
                            for item in limit
                        ),
                        _EXPLAINS,
                    ]
                ),
            )
        if pregnant is None and stands(result, chart, know, problems):
            yield Unknown(f"pregnancy test{on(result.when)} ({shown})", Missing(Section.PREGNANCY, Reason.UNREADABLE))
        if pregnant is not None and result.when:
            break  # the newest result that can be read decides
    yield from (*gaps, *results.gaps)


def _named(result: Measurement) -> str:
    """A result that says pregnant, in few words: `hCG 300 IU/L`, `pregnancy test positive` or `recorded as pregnant`."""
    if result.quantity:
        return f"hCG {result.quantity}"
    return "pregnancy test positive" if TEST in result.concept.sets else "recorded as pregnant"
