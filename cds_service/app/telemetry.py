"""What is told of each answer: a line in the log, an audit event, and counts; of what was found and shown, never of whom."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import structlog

from cds_service.app import audit
from cds_service.app.audit import AuditedCall
from cds_service.chart.intake import End, Intake
from cds_service.findings import Results, Status
from cds_service.metrics import Metrics
from cds_service.store.records import DisplayedCard

log = structlog.get_logger()

_TOLD = (Status.MET, Status.UNKNOWN, Status.ERROR)


class Telemetry:
    """The metrics of one application, and the lines it writes."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def judged(self, results: Results, intake: Intake) -> None:
        """What the rules of one answer came to, what they did without, which of them raised, and what became of all that arrived."""
        self._metrics.intake((section, end, n) for section, ends in intake.counts.items() for end, n in ends.items())
        self._metrics.not_understood((item.section, item.cause, item.system) for item in intake.not_understood)
        self._metrics.gaps({(str(gap.section), str(gap.reason)) for result in results.open for gap in result.missing})
        self._metrics.failures({result.rule.id for result in results.open if result.status is Status.ERROR})

    def unrecognised(self, systems: Iterable[str]) -> None:
        """The code systems of the orders of one call that were not recognised as ours."""
        self._metrics.unrecognised(systems)

    def displayed(self, cards: Sequence[DisplayedCard], *, shadow: bool) -> None:
        """The cards of one answer to a client; in shadow mode nobody saw them."""
        if cards:
            self._metrics.disposition(cards[0].disposition, shadow=shadow)
        for card in cards:
            self._metrics.card(card.topic, card.indicator, card.rules, shadow=shadow)

    def fetched(self, outcomes: Iterable[str]) -> None:
        """How the searches of one answer went."""
        self._metrics.fetched(outcomes)

    def feedback(self, outcomes: Iterable[str]) -> None:
        """The entries of feedback of one call, kept."""
        for outcome in outcomes:
            self._metrics.feedback(outcome)

    def lost(self, number: int) -> None:
        """Records of shown cards that could not be kept."""
        self._metrics.lost(number)
        log.error("shown cards not recorded", number=number)

    def answered(
        self,
        method: str,
        route: str,
        status: int,
        seconds: float,
        stages: Mapping[str, float],
        call: AuditedCall | None,
    ) -> None:
        """One request; `route` is the pattern, never the path that was sent, and `call` is what it was if it was a hook call."""
        self._metrics.request(route, status, seconds)
        self._metrics.stages(stages)
        line: dict[str, object] = {
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
        }
        if call is not None:
            line |= {"hook": call.hook, "stages": {stage: round(taken * 1000, 2) for stage, taken in stages.items()}}
            line |= {"rules": _by_status(call.results)} if call.results else {}
            line |= {"intake": _by_section(call.intake)} if call.intake.counts else {}
        log.info("answered", **line)
        if call is not None:
            log.info("audit", resource=audit.event(call, status))

    def exposition(self) -> bytes:
        """The metrics as Prometheus reads them."""
        return self._metrics.exposition()


def _by_section(intake: Intake) -> dict[str, dict[str, int]]:
    """How many resources of each section ended in each way; what was not understood by its cause: its words may be of a patient."""
    told = {str(section): {str(end): n for end, n in ends.items()} for section, ends in intake.counts.items()}
    for (section, cause), number in Counter((item.section, item.cause) for item in intake.not_understood).items():
        told.setdefault(str(section), {})[f"{End.NOT_UNDERSTOOD}: {cause}"] = number
    return told


def _by_status(results: Results) -> dict[str, list[str]]:
    """The rules that were met, unknown or in error; the others were silent."""
    found: dict[str, dict[str, None]] = {str(status): {} for status in _TOLD}
    for item in (*results.met, *results.open):
        found[item.status][item.rule.id] = None
    return {status: list(rules) for status, rules in found.items() if rules}
