"""The fracture does not hurt: low pain scores without an opioid, or coded as resolved without pain."""

from collections.abc import Iterator

from cds_service.chart import Age, Answer, Chart, DrugUse, Section, Unknown
from cds_service.chart.sections import DRUG_SECTIONS
from cds_service.engine import Essential, Evidence, Finding, Kind, Topic, rule
from cds_service.facts import drugs, labs, pain
from cds_service.facts.fracture import FRACTURE_SECTIONS, named, past_at_target
from cds_service.facts.gathered import gathered
from cds_service.facts.labs import Lab
from cds_service.facts.setting import possible_settings
from cds_service.knowledge import Knowledge

_CITES = ("cirse-2017", "acr-practice-parameter")


@rule(
    title="Fracture without pain",
    kind=Kind.NOT_INDICATED,
    card=Topic.SUITABILITY,
    needs=(Section.PAIN, Section.ENCOUNTER, *FRACTURE_SECTIONS, *DRUG_SECTIONS),
    essential=Essential.SUPPLIED,
)
def asymptomatic_fracture(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether all pain scores within the window are at most 3, the latest at most seven days old, and no opioid is taken; or whether all
    fractures at the target level are coded as resolved and no score above 3 speaks against it. A low score under an opioid, an older
    one, or one that followed higher scores is a caution only.

    ## Why it matters
    The procedure treats pain. Without pain it has only risks. Opioids can hide pain, so a low score under them proves little.

    ## When it stays silent
    When the latest score is above 3. Without a score it is unknown.
    """
    limit = know.parameter("shared.little_pain")
    found, gaps = _scores(chart, know)
    if found and labs.at_most(found[0], limit.value) is not True:
        return
    if found:
        opioids, no_list = gathered(drugs.taken(chart, "whether an opioid is taken", "opioid"))
        yield _low_score(found, opioids, chart, know)
        yield from no_list
        return
    over = past_at_target(chart)
    if over and chart.answer(Section.PAIN) is Answer.WHOLE:
        yield Finding(
            says=f"Fracture at {named(over)} is coded as resolved or past, and no pain is on record",
            evidence=tuple(item.evidence for item in over[:3]),
            uses=(limit,),
            cites=_CITES,
            basis=over[0].basis,
        )
        chart.require("whether there is pain", Section.PAIN, sets=("pain-score",))
        return
    yield from gaps


def _scores(chart: Chart, know: Knowledge) -> tuple[tuple[Lab, ...], tuple[Unknown, ...]]:
    """The scores of the shortest window that the setting leaves open, or why there are none."""
    try:
        return pain.scores(chart, possible_settings(chart)[0], know), ()
    except Unknown as gap:
        return (), (gap,)


def _low_score(found: tuple[Lab, ...], opioids: tuple[DrugUse, ...], chart: Chart, know: Knowledge) -> Finding:
    latest, limit, fresh = (
        found[0],
        know.parameter("shared.little_pain"),
        know.parameter("asymptomatic_fracture.latest_within"),
    )
    higher = [item for item in found if labs.at_most(item, limit.value) is not True]
    days = Age.since(latest.taken, chart.as_of).most or 0
    if opioids:
        but = f", low score under opioids ({opioids[0].name[:40]})"
    elif higher:
        but = f", after {pain.said(higher[0])}"
    elif days > fresh.value:
        but = f", {days} d old"
    else:
        but = ""
    return Finding(
        says=f"Little or no pain: {pain.said(latest)}{but or f', none above {limit.shown} in the window'}",
        evidence=(latest.evidence, *(Evidence(item.source, "medication", None, item.name) for item in opioids[:1])),
        uses=(limit, fresh),
        cites=_CITES,
        effect=Kind.RELATIVE if but else None,
        values=latest,
    )
