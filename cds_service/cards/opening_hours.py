"""When procedures begin at a site: a moment is rounded up to the next opening of a working day."""

from datetime import datetime, time, timedelta, tzinfo

from msgspec import Struct

_WEEK = 7


class OpeningHours(Struct, frozen=True):
    """The hour at which lists begin, and on which weekdays (0 is Monday). There is at least one weekday."""

    hour: int = 8
    weekdays: frozenset[int] = frozenset(range(5))

    def next(self, moment: datetime, zone: tzinfo) -> datetime:
        """The first opening at or after an aware `moment`, by the clock on the wall in `zone`."""
        local = moment.astimezone(zone)
        day = datetime.combine(local.date(), time(self.hour), zone)
        days = (day + timedelta(days=number) for number in range(_WEEK + 1))
        return next(item for item in days if item.weekday() in self.weekdays and item >= moment)
