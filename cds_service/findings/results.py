"""What the rules came to, one result at least for each, looked through once for all that disposition and cards ask."""

from collections.abc import Iterable

from msgspec import Struct

from cds_service.chart import Missing, Reason
from cds_service.findings.finding import Evidence, Finding
from cds_service.findings.kinds import Indicator, Kind, Role, Status
from cds_service.findings.rule import Rule

_OPEN = frozenset((Status.UNKNOWN, Status.ERROR))


class Result(Struct, frozen=True):
    """What one rule came to: one result a finding, plus an unknown one where a gap follows; else one not-met result.

    An unknown result with an `effect` says of itself what it moves; see `says_what_it_moves`. `evidence` is what one rests on whose
    entries are known and not judged.
    """

    rule: Rule
    status: Status
    finding: Finding | None = None
    effect: Kind | None = None
    indicator: Indicator | None = None
    unknown: str = ""
    missing: tuple[Missing, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def says_what_it_moves(self) -> bool:
        """Whether an unknown result moves the disposition by its effect alone, and not at all without one."""
        if self.status is not Status.UNKNOWN:
            return False
        if self.effect is not None or not self.missing or self.missing[0].reason is not Reason.NOT_UNDERSTOOD:
            return self.effect is not None
        return all(item.reason is Reason.NOT_UNDERSTOOD for item in self.missing)


class Results(tuple[Result, ...]):
    """The results in the order of their rules; `met` are those that are, `open` those whose rule could not judge or raised."""

    def __init__(self, _: Iterable[Result] = ()) -> None:
        self.met = tuple([item for item in self if item.status is Status.MET])
        self.open = tuple([item for item in self if item.status in _OPEN])
        self._by_role: dict[Role, list[Result]] = {}
        self._by_effect: dict[Kind | None, list[Result]] = {}
        for item in self:
            if item.rule.role:
                self._by_role.setdefault(item.rule.role, []).append(item)
        for item in self.met:
            self._by_effect.setdefault(item.effect, []).append(item)

    @classmethod
    def of(cls, results: Iterable[Result]) -> "Results":
        """The results themselves, if they were looked through before."""
        return results if isinstance(results, cls) else cls(results)

    def in_role(self, *roles: Role) -> list[Result]:
        """The results of the rules in some roles, in the order in which the roles are named."""
        return [item for role in roles for item in self._by_role.get(role, ())]

    def met_in(self, *roles: Role) -> list[Result]:
        """Those of them that are met."""
        return [item for item in self.in_role(*roles) if item.status is Status.MET]

    def having(self, effect: Kind) -> list[Result]:
        """The met results of an effect."""
        return self._by_effect.get(effect, [])
