"""The fracture does not hurt: low pain scores without an opioid, or coded as resolved without pain."""

from collections.abc import Iterator

from cds_service.chart import Chart, DrugUse, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.facts.fracture.fractures import FRACTURE_SECTIONS, named
from cds_service.facts.fracture.target import past_at_target
from cds_service.facts.pain import scores
from cds_service.facts.shared import drugs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.phrasing import brief, shortened
from cds_service.facts.shared.setting import possible_settings
from cds_service.findings import (
    Essential,
    Evidence,
    Finding,
    Kind,
    Role,
    Topic,
    rule,
)
from cds_service.knowledge import Knowledge

_CITES = ("cirse-2017", "acr-practice-parameter")
_UNDER_OPIOID = ("Ask how severe the pain is when the opioid wears off",)


@rule(
    title="Fracture without pain",
    judges="pain score",
    kind=Kind.NOT_INDICATED,
    card=Topic.SUITABILITY,
    needs=(Section.PAIN, Section.ENCOUNTER, *FRACTURE_SECTIONS, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
    role=Role.SETTLED,
    steps=("Ask for the pain score again, 0 to 10: without pain the procedure has only risks",),
    settle="Ask for a pain score, 0 to 10",
)
def asymptomatic_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether all pain scores within the window are at most 3, the latest at most seven days old, and no opioid is taken; or whether all
    fractures at the target level are coded as resolved and pain was never scored. A low score under an opioid, an older one, or one
    that followed higher scores or came before one that cannot be read is a caution only.

    ## Why it matters
    The procedure treats pain. Without pain it has only risks. Opioids can hide pain, so a low score under them proves little.

    ## When it stays silent
    When the latest score is above 3. Without a score it is unknown.
    """
    limit, fresh = know.parameter("shared/pain.little_pain"), know.parameter("asymptomatic_fracture.latest_within")
    past = past_at_target(chart)
    if past and scores.was_never_scored(chart):
        yield Finding(
            says=f"Fracture at {named(past)} recorded as resolved or past, and no pain score on record",
            short=shortened("past fracture", f" at {named(past)}"),
            headline=f"Fracture at {named(past)} resolved or past, no pain score on record",
            evidence=tuple(item.evidence for item in past[:3]),
            cites=_CITES,
            basis=past[0].basis,
        )
        return
    latest = scores.scores(chart, know).one()
    if scores.exceeds(latest, limit.value).one():
        yield from latest.doubts()
        return
    opioids, gaps = drugs.taken(chart, "whether an opioid is taken", "opioid")
    doubt = _doubt(latest, opioids, chart, know)
    window = scores.window(possible_settings(chart)[0], know)
    yield Finding(
        says=f"Little or no pain: {scores.phrase(latest)}, {doubt or f'none above {limit.text} in {window.text}'}",
        short=scores.short(latest),
        explains=f"A score up to {limit.text} counts as little or no pain. It proves it if no other of the last {window.text} is higher, "
        f"the latest is at most {fresh.text} old, and no opioid is taken, which can hide pain.",
        steps=_UNDER_OPIOID if opioids else (),
        evidence=(latest.evidence, *(Evidence(item.source, "medication", None, item.name) for item in opioids[:1])),
        uses=(limit, fresh),
        cites=_CITES,
        effect=Kind.RELATIVE if doubt else None,
    )
    yield from (*gaps, *latest.doubts())


def _doubt(latest: Lab, opioids: tuple[DrugUse, ...], chart: Chart, know: Knowledge) -> str:
    """What keeps a low score from proving that there is no pain; empty if nothing does."""
    limit, fresh = know.parameter("shared/pain.little_pain"), know.parameter("asymptomatic_fracture.latest_within")
    for drug in opioids:
        return f"scored under an opioid ({brief(drug.name, 'taken regularly', words=6)})"
    for score in scores.scores(chart, know).values:
        if not scores.is_surely_little(score, limit):
            return f"after {scores.phrase(score)}"
    if latest.unread:
        return "but a newer score cannot be read"
    return "" if scores.is_within(latest, chart.as_of, fresh) else f"older than {fresh.text}"
