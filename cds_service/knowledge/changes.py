"""A change is one difference between a site's knowledge and the defaults, with the reason that the site gives."""

from math import isfinite
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from cds_service.errors import KnowledgeError
from cds_service.knowledge.files import Table
from cds_service.knowledge.parameters import Confidence, Parameter

ACCEPTED = "i_accept_the_risk"
REMEDY = f'state {ACCEPTED} = "<who, when, why>" next to it, or take it out'
_SITE = "site-policy"


class Change(Struct, frozen=True):
    """One difference. `file` and `key` say where in the overlay it stands, `says` what differs, in words.

    `weakens` is set where a number that guards the patient became more permissive; `accepted` says who took that risk, when and why;
    `value_set` is the one that got codes, if that is the change.
    """

    file: str
    key: str
    says: str
    reason: str
    accepted: str = ""
    weakens: bool = False
    value_set: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether the service must not start with it."""
        return self.weakens and not self.accepted

    def refusal(self) -> KnowledgeError:
        """Why the service does not start."""
        return KnowledgeError(self.file, self.key, f"weakens what guards the patient ({self.says}): {REMEDY}")


_Words = Annotated[str, Meta(pattern=r"\S")]
"""Text that is not blank. A schema that is no `Table` cannot have it: msgspec 0.22 crashes on a pattern beside a table."""


class Stated(Table, frozen=True, kw_only=True):
    """What every change states: the reason, and who accepted the risk of it, when and why, if anybody did."""

    reason: _Words
    i_accept_the_risk: _Words = ""

    @property
    def why(self) -> str:
        """The reason on one line."""
        return " ".join(self.reason.split())

    @property
    def accepted(self) -> str:
        """Who accepted the risk, on one line; empty if nobody did."""
        return " ".join(self.i_accept_the_risk.split())


class StatedNumber(Stated, frozen=True, kw_only=True):
    """A number in place of another; its unit may be repeated."""

    unit: str = ""


class StatedValue(StatedNumber, frozen=True, kw_only=True):
    """In place of a parameter."""

    value: float


class Hours(StatedNumber, frozen=True, kw_only=True):
    """In place of an interval of a hold."""

    hours: float


class StatedAmount(StatedNumber, frozen=True, kw_only=True):
    """In place of a prophylactic dose."""

    amount: float


def replaced(
    file: str, key: str, stated: StatedValue | Hours | StatedAmount, before: Parameter
) -> tuple[Parameter, Change]:
    """The number with the value that a site gives it, and the change that this is.

    The number is then the site's own: its source is local policy, and its locator says what it replaced. Raises `KnowledgeError`
    for another unit, or a value of another sign.
    """
    match stated:
        case StatedValue(value=value):
            name = "value"
        case Hours(hours=value):
            name = "hours"
        case StatedAmount(amount=value):
            name = "amount"
    if not isfinite(value) or value < 0 <= before.value:
        raise KnowledgeError(file, f"{key}.{name}", f"{value:g} cannot stand in place of {before.value:g}")
    if stated.unit not in ("", before.unit):
        raise KnowledgeError(file, f"{key}.unit", f"must stay {before.unit!r}")
    after = replace(
        before,
        value=value,
        source=_SITE,
        locator=f"in place of {before.text} ({before.source}: {before.locator})",
        confidence=Confidence.POLICY,
        site_reason=stated.why,
    )
    weaker = before.is_weaker(value)
    direction = " (weaker)" if weaker else " (stricter)" if before.stricter and value != before.value else ""
    says = f"{before.key}, {before.means}: {after.text} instead of {before.text}{direction}"
    return after, Change(file, key, says, stated.why, stated.accepted, weaker)
