"""Which medication lists callers do not answer, though they are said to keep them: no answer to such a caller can be favourable."""

from collections.abc import Iterable
from datetime import timedelta

from cds_service.settings import MedicationList, Settings
from cds_service.store.database import Database
from cds_service.store.medication_lists import list_histories
from cds_service.store.records import ListHistory

_LONG = timedelta(days=7)
"""A list that was answered once and then not for so long is not answered: the first call may have been a test."""


def sentences(settings: Settings, database: Database) -> tuple[str, ...]:
    """One sentence for each list that a caller keeps and does not answer, with what to do. Raises StoreUnavailable."""
    kept = {client.name: settings.lists_of(client) for client in settings.clients} or {"": settings.lists_of()}
    found = [item for item in list_histories(database) if item.section in kept.get(item.client, ())]
    return tuple(_sentence(item, kept[item.client]) for item in found if _is_unanswered(item))


def _is_unanswered(item: ListHistory) -> bool:
    return item.answered_at is None or item.last_at - item.answered_at > _LONG


def _sentence(item: ListHistory, kept: Iterable[MedicationList]) -> str:
    since = f"since {item.answered_at:%Y-%m-%d}" if item.answered_at else f"in any call since {item.first_at:%Y-%m-%d}"
    who = item.client or "whoever calls"
    others = [str(section) for section in kept if section != item.section]
    remedy = f'; if no such list is kept, set medication_lists = ["{others[0]}"]' if others else ""
    return (
        f"{item.section} was not answered by {who} {since}: antithrombotics are then unknown and no answer can be favourable. "
        f"Let it be sent or fetched{remedy}."
    )
