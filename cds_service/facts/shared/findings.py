"""Findings that rest on one diagnosis or one image: they show it as evidence and are as certain as it is."""

from cds_service.chart import Condition
from cds_service.facts.fracture.signs import SignOnImage
from cds_service.facts.shared.phrasing import recorded
from cds_service.findings import Evidence, Finding, Kind, Proposal
from cds_service.knowledge import Parameter


def of_problem(  # noqa: PLR0913 - what a finding says and means, each named
    problem: Condition,
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
    """What a diagnosis on record means; `also` is further evidence."""
    return Finding(
        says=says,
        short=short,
        evidence=(recorded(problem), *also),
        uses=uses,
        cites=cites,
        effect=effect,
        basis=problem.concept.basis,
        certainty=problem.certainty,
        proposes=proposes,
        headline=headline,
        explains=explains,
        steps=steps,
    )


def of_image(  # noqa: PLR0913 - likewise
    item: SignOnImage,
    says: str,
    short: str,
    *,
    cites: tuple[str, ...],
    effect: Kind | None = None,
    uses: tuple[Parameter, ...] = (),
    proposes: tuple[Proposal, ...] = (),
    headline: str = "",
    explains: str = "",
    steps: tuple[str, ...] = (),
) -> Finding:
    """What a sign on an image means."""
    return Finding(
        says=says,
        short=short,
        evidence=(item.evidence,),
        uses=uses,
        cites=cites,
        effect=effect,
        basis=item.seen.basis,
        certainty=item.certainty,
        proposes=proposes,
        headline=headline,
        explains=explains,
        steps=steps,
    )
