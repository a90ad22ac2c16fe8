"""The pain is clearly getting better with the care given so far."""

from collections.abc import Iterator

from cds_service.chart import Chart, Missing, Reason, Section, Unknown
from cds_service.facts.pain import scores
from cds_service.findings import Finding, Kind, Topic, rule
from cds_service.knowledge import Knowledge


@rule(
    title="Improving pain",
    kind=Kind.RELATIVE,
    card=Topic.SUITABILITY,
    needs=(Section.PAIN, Section.ENCOUNTER),
    steps=("Discuss waiting with the patient: the care so far helps",),
    settle="Ask for pain scores now and in the last weeks, 0 to 10",
    judges="course of the pain",
)
def improving_pain(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether the latest pain score is lower, by the share given below, than the highest one of the last four weeks that was taken at
    least a day before it: within a day pain comes and goes with every dose.

    ## Why it matters
    Most fractures stop hurting within two to twelve weeks. Where care already helps, waiting is an option.

    ## When it stays silent
    When the latest score has not fallen that far. Without an earlier score nobody can tell: then it is unknown.
    """
    fall, span, apart = know.parameters("improving_pain", "fall", "over", "apart")
    latest = scores.scores(chart, know).one()
    earlier = [item for item in scores.scores_since(chart, span) if latest.taken.start - item.taken.last >= apart.span]
    if not earlier:
        what = f"earlier pain score (none in {span.text})"
        yield from latest.doubts()[:1] or (Unknown(what, Missing(Section.PAIN, Reason.NOT_MEASURED)),)
        return
    worst = max(earlier, key=lambda item: item.quantity.value)
    enough = worst.quantity.value * (1 - fall.value / 100)
    if worst.quantity.value > 0 and not scores.exceeds(latest, enough).one():
        yield Finding(
            says=f"Pain fell from {scores.phrase(worst)} to {scores.phrase(latest)}",
            short=f"pain from {worst.quantity} to {latest.quantity}",
            explains=f"A fall by {fall.text} or more counts as improving with the care so far. Most fractures stop hurting within two to"
            " twelve weeks, so waiting is an option.",
            evidence=(latest.evidence, worst.evidence),
            uses=(fall, span, apart),
            cites=("cirse-2017", "acr-2018"),
        )
        return
    yield from latest.doubts()
