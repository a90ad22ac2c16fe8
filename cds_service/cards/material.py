"""What every card is made from: the results of one call with their order, their knowledge, and where its pages are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cds_service.cards import markdown, wording
from cds_service.chart import Order, spoken
from cds_service.disposition import Assessment
from cds_service.engine import Finding, Kind, Result, Status, Topic
from cds_service.knowledge import Knowledge, Parameter


@dataclass(frozen=True, slots=True)
class Material:
    """The results of one call. `base_url` is where rule pages are served; empty if they are not."""

    results: tuple[Result, ...]
    assessment: Assessment
    order: Order
    as_of: datetime
    know: Knowledge
    hook_instance: str
    notes: tuple[str, ...] = ()
    base_url: str = ""

    @property
    def procedure(self) -> str:
        """The procedure with the levels ordered, as summaries name it."""
        return f"Vertebroplasty {spoken(self.order.levels)}".strip()

    def met(self, topic: Topic, *effects: Kind) -> tuple[Result, ...]:
        """The met results of a card's topic, of the effects named or of all, most urgent first."""
        found = [
            item
            for item in self.results
            if item.status is Status.MET and item.rule.card is topic and (not effects or item.effect in effects)
        ]
        return tuple(sorted(found, key=lambda item: item.indicator.rank if item.indicator else 9))

    def line(self, result: Result) -> str:
        """A finding as one line of markdown: what is true, the evidence in the chart, and who says so."""
        finding = result.finding
        if finding is None:
            return markdown.escaped(result.unknown)
        parts = [markdown.escaped(finding.says), self._evidence(finding), self._sources(finding)]
        return " ".join(part for part in parts if part)

    def _evidence(self, finding: Finding) -> str:
        shown = []
        for item in finding.evidence:
            when = f", {item.when}" if item.when else ""
            shown.append(markdown.escaped(f"{item.source.reference}{when}"))
        basis = wording.BASIS.get(finding.basis, "")
        inside = "; ".join(dict.fromkeys([*shown, basis] if basis else shown))
        return f"({inside})" if inside else ""

    def _sources(self, finding: Finding) -> str:
        cited = dict.fromkeys([*(item.source for item in finding.uses), *finding.cites])
        links = [markdown.link(source.label, source.url) for source in map(self.know.citation, cited)]
        caveats = dict.fromkeys(caveat for item in finding.uses if (caveat := _caveat(item)))
        text = ", ".join(links)
        if caveats:
            text += f" ({'; '.join(map(markdown.escaped, caveats))})"
        return f"— {text}" if text else ""

    def primary(self, results: Iterable[Result]) -> tuple[str, str]:
        """Label and address of the source that the first of the findings rests on; this service where there is none."""
        for result in results:
            finding = result.finding
            if finding is None:
                continue
            for identifier in (*(item.source for item in finding.uses), *finding.cites):
                source = self.know.citation(identifier)
                if source.url:
                    return source.label, source.url
        return wording.SERVICE, self.base_url


def _caveat(parameter: Parameter) -> str:
    return wording.site_value(parameter.site_reason) if parameter.site_reason else parameter.confidence.caveat
