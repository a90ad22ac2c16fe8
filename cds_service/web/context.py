"""What the pages need of the service: its settings and knowledge, how it answers, the clock, and the database."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from cds_service.hooks import HookRequest
from cds_service.service import Response, Site
from cds_service.settings import Settings
from cds_service.store.database import Database


def _everyone() -> None:
    """Nobody is turned away."""


class PageContext(Struct, frozen=True):
    """Handed over once by the application. `admit` raises for a reader who may not see what users said about cards."""

    settings: Settings
    site: Site
    respond: Callable[[HookRequest, datetime], Response]
    now: Callable[[], datetime]
    database: Database
    admit: Callable[[], None] = _everyone
