"""A spinal cord, conus or cauda equina that is threatened or damaged."""

from collections.abc import Iterator

from cds_service.chart import Chart, ImagingSign, Section, Unknown
from cds_service.facts.fracture.signs import SECTIONS, signs_on_images
from cds_service.facts.safety.neurology import compromises, examined_deficits, is_long_standing, place_of
from cds_service.facts.shared.findings import finding_from
from cds_service.facts.shared.phrasing import brief, briefly, capitalised, diagnosed, on, shortened, stated
from cds_service.findings import Essential, Evidence, Finding, Kind, Proposal, Role, Topic, parts, rule
from cds_service.knowledge import Knowledge

_CITES = ("cms-lcd", "radiopaedia-vertebroplasty", "site-policy")
_EXPLAINS = (
    "CMS LCD calls a neurological deficit a relative contraindication, Radiopaedia a compressed cord. Local policy puts the spine "
    "surgeon first: delay is dangerous, cement can leak into the canal, and it makes decompression harder."
)
_STEP = (Proposal.REFER_SPINE_SURGERY,)
_UNCHANGED = (
    "Examine leg strength and sphincters, and compare with earlier findings",
    "Ask spine surgery for an opinion if the deficit is new or worse",
)


@rule(
    title="Neurological deficit",
    judges="neurological status",
    kind=Kind.SURGEON_FIRST,
    card=Topic.SAFETY,
    needs=(Section.CONDITIONS, *SECTIONS),
    essential=Essential.SUPPLIED,
    role=Role.NEUROLOGY,
    steps=("Ask spine surgery for an urgent opinion", "Examine leg strength and sphincters, and sensation"),
    settle="Examine leg strength and sphincters",
)
def neurological_deficit(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    """## What it checks
    Whether cord compression, myelopathy, cauda equina or conus syndrome, or a new motor deficit is on the problem list and active,
    written in an examination, or shown by an image. One that began long ago is a caution.

    ## Why it matters
    A threatened cord needs a spine surgeon at once; cement can leak into the canal and makes decompression harder. The coverage
    determinations call it a relative contraindication; this rule puts the surgeon first because delay is dangerous.

    ## When it stays silent
    An old stroke, a disease of the neck, and a long-standing tetraplegia are no deficit of the fracture. Without a recent examination
    of the legs on record the answer is unknown, not negative: the cards say that leg strength and sphincters are not recorded, but the
    verdict does not wait for it. An examination whose words say neither normal nor deficit is quoted, for a clinician to read first.
    """
    yield from parts(_on_record(chart, know), _imaged(chart, know), _examined(chart, know))


def _on_record(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    limit = know.parameter("shared/neurology.long_standing")
    problems, gaps = compromises(chart)
    for problem in problems:
        says, short = stated(problem, "neurological deficit"), diagnosed(problem, "neurological deficit")
        if is_long_standing(problem, chart, know):
            yield finding_from(
                problem,
                f"{says}, long-standing",
                shortened(short, ", long-standing"),
                cites=_CITES,
                effect=Kind.RELATIVE,
                uses=(limit,),
                proposes=_STEP,
                explains=f"A deficit that began more than {limit.text} ago counts as long-standing: a caution. {_EXPLAINS}",
                steps=_UNCHANGED,
            )
        else:
            yield finding_from(problem, says, short, cites=_CITES, proposes=_STEP, explains=_EXPLAINS)
    yield from gaps


def _imaged(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = signs_on_images(chart, know, ImagingSign.CORD_COMPRESSION)
    for item in found:
        yield finding_from(
            item,
            item.stated("Cord or cauda equina compressed"),
            item.named("cord compression"),
            cites=_CITES,
            effect=None if item.current else Kind.RELATIVE,
            proposes=_STEP,
            explains=_EXPLAINS,
            steps=() if item.current else _UNCHANGED,
        )
    yield from gaps


def _examined(chart: Chart, know: Knowledge) -> Iterator[Finding | Unknown]:
    found, gaps = examined_deficits(chart, know)
    for item, answer in found:
        where = place_of(item)
        yield Finding(
            says=f"{capitalised(brief(answer.text, 'Deficit'))}{where}{on(item.when)}",
            short=shortened(briefly(answer.text, "deficit", words=3), where),
            evidence=(Evidence(item.source, "value", item.when, answer.text),),
            cites=_CITES,
            basis=answer.basis,
            proposes=_STEP,
            explains=_EXPLAINS,
        )
    yield from gaps
