"""It is documented that the pain does not come from the target level."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, State, Unknown, ValueSets
from cds_service.facts.fracture.target import at_target
from cds_service.facts.pain.examination import BackExamination, examinations
from cds_service.facts.shared.phrasing import inside, recorded, stated
from cds_service.findings import Essential, Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge

_CITES = ("cms-lcd", "nice-ta279")


@rule(
    title="Pain from elsewhere",
    judges="source of the pain",
    kind=Kind.NOT_INDICATED,
    card=Topic.SUITABILITY,
    needs=(Section.CONDITIONS, Section.IMAGING_STUDIES, Section.IMAGING_REPORTS, Section.IMAGING_FINDINGS),
    essential=Essential.SUPPLIED,
    steps=("Confirm by examination and imaging which level hurts",),
    settle="Examine the back: is the level tender?",
)
def pain_from_elsewhere(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether a diagnosis or the newest examination states that the pain does not come from the fractured level. An examination without
    tenderness over the level is a caution, no proof, unless a later one matched the pain to the level.

    ## Why it matters
    Cement helps only the pain of the vertebra that it is put into. Both examination and imaging should point to the level.

    ## When it stays silent
    When the newest examination says that the pain matches the level, or that it is tender there. Without an examination on record it
    is unknown: confirm it.
    """
    problems, gaps = chart.conditions_in(ValueSets.PAIN_FROM_ELSEWHERE)
    listed = [item for item in problems if item.state is State.ACTIVE and at_target(item.levels, chart)]
    for item in listed:
        yield Finding(
            says=f"Pain from elsewhere: {inside(stated(item, 'by the problem list'))}",
            short="pain from elsewhere",
            evidence=(recorded(item),),
            cites=_CITES,
            basis=item.concept.basis,
        )
    source, more = examinations(chart, ValueSets.PAIN_CONCORDANCE)
    tender, also = examinations(chart, ValueSets.FOCAL_TENDERNESS)
    if source and source[0].denies:
        yield _finding(source[0], "Pain said not to come from the target level", "examination: pain from elsewhere")
    elif tender and tender[0].denies and not (source and source[0].is_later(tender[0])):
        yield _finding(
            tender[0],
            "No tenderness over the target level",
            "no tenderness at level",
            Kind.RELATIVE,
        )
    yield from gaps or more or also
    if not (listed or source or tender or gaps or more or also):
        raise Unknown("source of the pain", Missing(Section.IMAGING_FINDINGS, Reason.NOT_MEASURED))


def _finding(item: BackExamination, says: str, short: str, effect: Kind | None = None) -> Finding:
    return Finding(
        says=f"{says} ({item})", short=short, evidence=(item.evidence,), cites=_CITES, effect=effect, basis=item.basis
    )
