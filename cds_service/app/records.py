"""The database as calls use it: each use has its time, so that one that stands still costs a call no more than that."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from cds_service.chart import Section
from cds_service.errors import StoreUnavailable
from cds_service.feedback.recorder import Recorder
from cds_service.feedback.retention import Retention
from cds_service.service import Overridden
from cds_service.settings import Client, Settings
from cds_service.store import medication_lists, repository
from cds_service.store.database import Database
from cds_service.store.records import FeedbackEntry, ListAnswer, Showing

_FOR_FEEDBACK = 5.0  # seconds; after them it is asked for again later
_FOR_HEALTH = 1.0
_NOTED_AGAIN = timedelta(hours=1)


class Records:
    """Spent tokens, shown cards, feedback, and which medication lists callers answer.

    `lost` is told how many records of shown cards had to be dropped.
    """

    def __init__(self, settings: Settings, lost: Callable[[int], None], now: Callable[[], datetime]) -> None:
        self.database = Database(settings.database_url)
        self._for_answer = {
            client.issuer: (client.deadline_ms or settings.deadline_ms) / 1000 for client in settings.clients
        }
        self._recorder = Recorder(partial(repository.add_showings, self.database), lost)
        self._lists = Recorder(partial(medication_lists.add_list_answers, self.database), lambda _: None)
        self._noted: dict[tuple[str, str, bool], datetime] = {}
        self._retention = Retention(settings.retention_days, partial(repository.purge, self.database), now)

    def keep_to_retention(self) -> None:
        """Sees to it that what is old is deleted; returns at once."""
        self._retention.ensure()

    def show(self, showing: Showing) -> None:
        """Keeps cards that were sent; returns at once."""
        self._recorder.add(showing)

    def note_lists(self, client: str, answered: Mapping[Section, bool], now: datetime) -> None:
        """Notes whether a caller answered its medication lists, at most once an hour in each process; returns at once."""
        for section, is_answered in answered.items():
            key = (client, str(section), is_answered)
            noted = self._noted.get(key)
            if noted is None or abs(now - noted) >= _NOTED_AGAIN:
                self._noted[key] = now
                self._lists.add(ListAnswer(*key, now))

    def add_feedback(self, entries: Sequence[FeedbackEntry]) -> None:
        """Keeps all entries or none; when it returns they are on the disk. Raises StoreUnavailable."""
        self.database.within(_FOR_FEEDBACK, partial(repository.add_feedback, self.database, entries))

    def spend_token(self, issuer: str, jti: str, expires_at: datetime, now: datetime) -> bool:
        """Whether the token is used for the first time; takes half of the time for an answer at most. Raises StoreUnavailable."""
        spend = partial(repository.spend_token, self.database, issuer, jti, expires_at, now)
        return self.database.within(self._for_answer[issuer] / 2, spend)

    def overridden_by(self, client: Client) -> Overridden:
        """What tells which cards a client overrode, in a quarter of the time for an answer. If it cannot, every card is shown."""

        def overridden(keys: Collection[str], since: datetime) -> Collection[str]:
            read = partial(repository.overridden, self.database, client.name, keys, since)
            try:
                return self.database.within(self._for_answer[client.issuer] / 4, read)
            except StoreUnavailable:
                return ()

        return overridden

    def state(self) -> str:
        """`ok`; `behind` if its tables are not of this release; `unavailable`."""
        try:
            current = self.database.within(_FOR_HEALTH, lambda: self.database.is_current)
        except StoreUnavailable:
            return "unavailable"
        return "ok" if current or self.database.is_sqlite else "behind"
