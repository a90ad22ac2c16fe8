"""Laboratory values and the temperature around the procedure: when each was taken, and until when it counts."""

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from cds_service.cards.inputs import CardInputs
from cds_service.chart import Chart, Quantity, Reason, ValueSets
from cds_service.chart.sections import SECTION_OF
from cds_service.facts.bleeding.lab_window import lab_window
from cds_service.facts.bleeding.renal import creatinine_window
from cds_service.facts.infection import markers
from cds_service.facts.shared import labs
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.slot import slot
from cds_service.findings import Finding, Indicator, Kind
from cds_service.knowledge import Knowledge, Parameter
from cds_service.web.timeline.marks import Lane, Mark, MarkShape, Tone, dated, found_on, lacking, tone
from cds_service.web.timeline.scale import Clock

Windows = tuple[Parameter, Parameter]
"""How long a result counts by what the chart shows, and how long at least whatever it does not show."""


class _Test(Struct, frozen=True):
    """A measure (a value set), for how long a result of it counts, and whether it is told where there is none."""

    measure: ValueSets
    name: str
    windows: Callable[[ValueSets, Chart, Knowledge], Windows]
    expected: bool = False


def _coagulation(_: ValueSets, chart: Chart, know: Knowledge) -> Windows:
    window = lab_window(chart, know)
    return window.known, window.possible


def _renal(_: ValueSets, chart: Chart, know: Knowledge) -> Windows:
    window = creatinine_window(chart, know)
    return window, window


def _infection(measure: ValueSets, _: Chart, know: Knowledge) -> Windows:
    window = markers.window(measure, know)
    return window, window


_TESTS = (
    _Test(ValueSets.INR, "INR", _coagulation, expected=True),
    _Test(ValueSets.PLATELETS, "Platelets", _coagulation, expected=True),
    _Test(ValueSets.FIBRINOGEN, "Fibrinogen", _coagulation),
    _Test(ValueSets.HAEMOGLOBIN, "Haemoglobin", _coagulation),
    _Test(ValueSets.CREATININE, "Creatinine", _renal),
    _Test(markers.TEMPERATURE, "Temperature", _infection, expected=True),
    _Test(markers.WHITE_CELLS, "White cells", _infection, expected=True),
    _Test(markers.CRP, "CRP", _infection, expected=True),
    _Test(ValueSets.ESR, "ESR", _infection),
    _Test(markers.PROCALCITONIN, "Procalcitonin", _infection),
)


def lanes(material: CardInputs, chart: Chart, clock: Clock) -> Iterator[Lane]:
    """A lane for the latest value of each test whose section a rule in force has judged."""
    judged = {section for item in material.results for section in item.rule.needs}
    for test in _TESTS:
        if SECTION_OF[test.measure] in judged:
            found, gaps = labs.latest(chart, test.measure, test.name)
            for lab in found:
                yield _lane(test, lab, material, chart, clock)
            for gap in gaps:
                if test.expected or gap.reasons != {Reason.NOT_MEASURED}:
                    yield Lane(test.name, says=(lacking(gap),), tone=Tone.OPEN)


def _lane(test: _Test, lab: Lab, material: CardInputs, chart: Chart, clock: Clock) -> Lane:
    shows = found_on(material.results, (lab.measurement.source.reference,))
    # A finding that asks for a newer result names the window that it went by.
    named = next((finding.uses[0] for item, finding in shows if item.effect is Kind.WORKUP and finding.uses), None)
    known, possible = (named, named) if named else test.windows(test.measure, chart, material.know)
    against = tuple((item, finding) for item, finding in shows if item.indicator is not Indicator.INFO)
    said = [_against(finding, lab) for item, finding in against if item.effect is not Kind.WORKUP]
    until, at_least = (lab.taken.start + window.span for window in (known, possible))
    said.append(_counts(known, until, chart, clock))
    marks = [Mark(MarkShape.WINDOW, lab.taken.start, at_least)]
    if at_least < until:
        said.append(f"only until {clock.time(at_least)} if what is missing shortens it to {possible.text}")
        marks.append(Mark(MarkShape.PERHAPS, at_least, until))
    if lab.doubts():
        said.append("there may be a newer result that cannot be read")
    value, when = str(lab.quantity), clock.when(lab.taken)
    return Lane(test.name, value, when, tuple(said), tone(against), (*marks, dated(lab.taken)))


def _against(finding: Finding, lab: Lab) -> str:
    """What speaks against the value: the limit, where a finding names one for each of several values; else its sentence."""
    if len(finding.uses) == len(finding.evidence):
        for number, evidence in zip(finding.uses, finding.evidence, strict=True):
            if evidence.source == lab.measurement.source:
                return f"limit {Quantity(number.value, number.unit)}: {number.means}"
    return finding.says


def _counts(window: Parameter, until: datetime, chart: Chart, clock: Clock) -> str:
    """Until when a result counts, and what that means now and at the slot."""
    if until < chart.as_of:
        return f"counted until {clock.time(until)} ({window.text})"
    early = ", before the procedure" if until < slot(chart) else ""
    return f"counts until {clock.time(until)} ({window.text}){early}"
