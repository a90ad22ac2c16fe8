"""Remembers which tokens were used, in this process and in the store that all processes share, until they expire."""

from collections.abc import Callable
from datetime import datetime
from threading import Lock

import structlog

from cds_service.errors import StoreUnavailable

log = structlog.get_logger()

Spend = Callable[[str, str, datetime, datetime], bool]
"""Issuer, token id, when it may be forgotten, and now; whether the token is used for the first time."""

_MANY = 10_000


class SpentTokens:
    """Without the store, cards are served all the same: a token is then remembered in this process only, and that is logged."""

    def __init__(self, spend: Spend) -> None:
        self._spend = spend
        self._here: dict[tuple[str, str], datetime] = {}
        self._forget_at = _MANY
        self._lock = Lock()

    def is_first(self, issuer: str, jti: str, until: datetime, now: datetime) -> bool:
        """Whether the token was never used before; it is now."""
        with self._lock:
            if (issuer, jti) in self._here:
                return False
            self._here[issuer, jti] = until
            if len(self._here) > self._forget_at:
                self._here = {key: moment for key, moment in self._here.items() if moment >= now}
                self._forget_at = max(_MANY, 2 * len(self._here))
        try:
            return self._spend(issuer, jti, until, now)
        except StoreUnavailable as error:
            log.warning("tokens are checked in this process only", says=str(error))
            return True
