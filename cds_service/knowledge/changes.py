"""A change is one difference between a site's knowledge and the defaults, with the reason that the site gives."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cds_service.errors import KnowledgeError
from cds_service.knowledge import files
from cds_service.knowledge.parameters import Confidence, Parameter

ACCEPTED = "i_accept_the_risk"
REMEDY = f'state {ACCEPTED} = "<who, when, why>" next to it, or take it out'
_SITE = "site-policy"


class Change(Struct, frozen=True):
    """One difference. `file` and `key` say where in the overlay it stands, `says` what differs, in words.

    `weakens` is set where a number that guards the patient became more permissive; `accepted` says who took that risk, when and why.
    """

    file: str
    key: str
    says: str
    reason: str
    accepted: str = ""
    weakens: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether the service must not start with it."""
        return self.weakens and not self.accepted

    def refusal(self) -> KnowledgeError:
        """Why the service does not start."""
        return KnowledgeError(self.file, self.key, f"weakens what guards the patient ({self.says}): {REMEDY}")


def reason(file: str, key: str, table: Mapping[str, Any]) -> str:
    """The reason that a change states. Raises `KnowledgeError` if there is none."""
    return _words(file, key, table, "reason")


def accepted(file: str, key: str, table: Mapping[str, Any]) -> str:
    """Who accepted the risk of a change, when and why; empty if nobody did."""
    return _words(file, key, table, ACCEPTED) if ACCEPTED in table else ""


def _words(file: str, key: str, table: Mapping[str, Any], name: str) -> str:
    text: str = files.member(file, key, table, name, str)
    if not text.strip():
        raise KnowledgeError(file, f"{key}.{name}" if key else name, "is blank")
    return " ".join(text.split())


def replaced(
    file: str, key: str, table: Mapping[str, Any], before: Parameter, name: str = "value"
) -> tuple[Parameter, Change]:
    """The number with the value that a site gives it in the member `name`, and the change that this is.

    The number is then the site's own: its source is local policy, and its locator says what it replaced. Raises `KnowledgeError`
    for an unknown key, another unit, a value of another sign, or a missing reason.
    """
    files.only(file, key, table, frozenset((name, "unit", "reason", ACCEPTED)))
    value = float(files.member(file, key, table, name, (int, float)))
    if not isfinite(value) or value < 0 <= before.value:
        raise KnowledgeError(file, f"{key}.{name}", f"{value:g} cannot stand in place of {before.value:g}")
    if table.get("unit", before.unit) != before.unit:
        raise KnowledgeError(file, f"{key}.unit", f"must stay {before.unit!r}")
    after = replace(
        before,
        value=value,
        source=_SITE,
        locator=f"in place of {before.shown} ({before.source}: {before.locator})",
        confidence=Confidence.POLICY,
        site_reason=reason(file, key, table),
    )
    weaker = before.is_weaker(value)
    direction = " (weaker)" if weaker else " (stricter)" if before.stricter and value != before.value else ""
    says = f"{before.key}, {before.means}: {after.shown} instead of {before.shown}{direction}"
    return after, Change(file, key, says, after.site_reason, accepted(file, key, table), weaker)
