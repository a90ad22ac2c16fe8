"""Findings that rest on one diagnosis or one image: they show it as evidence and are as certain as it is."""

from cds_service.chart import Condition
from cds_service.facts.fracture.signs import SignOnImage
from cds_service.facts.shared.phrasing import recorded
from cds_service.findings import Evidence, Finding, Kind, Proposal
from cds_service.knowledge import Parameter


def finding_from(  # noqa: PLR0913 - what a finding says and means, each named
    item: Condition | SignOnImage,
    says: str,
    short: str,
    *also: Evidence,
    cites: tuple[str, ...],
    effect: Kind | None = None,
    uses: tuple[Parameter, ...] = (),
    proposes: tuple[Proposal, ...] = (),
    headline: str = "",
    explains: str = "",
    steps: tuple[str, ...] = (),
) -> Finding:
    """What a diagnosis on record, or a sign on an image, means; `also` is further evidence."""
    if isinstance(item, Condition):
        evidence, basis = recorded(item), item.concept.basis
    else:
        evidence, basis = item.evidence, item.seen.basis
    return Finding(
        says=says,
        short=short,
        evidence=(evidence, *also),
        uses=uses,
        cites=cites,
        effect=effect,
        basis=basis,
        certainty=item.certainty,
        proposes=proposes,
        headline=headline,
        explains=explains,
        steps=steps,
    )
