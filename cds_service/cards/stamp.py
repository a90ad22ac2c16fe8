"""The appropriateness of an order, stamped on its draft without being shown, where a client has agreed to that."""

from uuid import NAMESPACE_OID, uuid5

from cds_service.cards.actions import drafts
from cds_service.cards.inputs import CardInputs
from cds_service.cards.model import Action
from cds_service.disposition import Disposition

# A rating only where the chart is clear: what depends on a correction, a caution or missing data is not rated.
_RATING = {
    Disposition.CRITERIA_MET: "appropriate",
    Disposition.NOT_INDICATED: "not-appropriate",
    Disposition.CONTRAINDICATED: "not-appropriate",
}


def system_actions(material: CardInputs) -> tuple[Action, ...]:
    """The update of each draft with its rating; none where there is no rating to give."""
    rating = _RATING.get(material.assessment.disposition)
    if rating is None:
        return ()
    consultation = str(uuid5(NAMESPACE_OID, material.call.instance))
    found = (drafts.stamped(item, rating, consultation) for item in material.ours)
    return tuple(item for item in found if item)
