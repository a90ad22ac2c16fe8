"""Laboratory values and the temperature around the slot: when each was taken, and until when it counts."""

from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Struct

from cds_service.cards.material import Material
from cds_service.chart import Chart, Quantity, Reason, Unknown, ValueSets
from cds_service.facts.bleeding.lab_window import lab_window
from cds_service.facts.bleeding.renal import creatinine_window
from cds_service.facts.infection import markers
from cds_service.facts.shared import labs
from cds_service.facts.shared.gaps import attempted
from cds_service.facts.shared.labs import Lab
from cds_service.facts.shared.slot import slot
from cds_service.findings import Finding, Indicator, Kind
from cds_service.knowledge import Knowledge, Parameter
from cds_service.web.timeline.marks import Lane, Mark, Shape, Tone, dated, lacking, met, rests_on, tone
from cds_service.web.timeline.scale import Clock

Windows = tuple[Parameter, Parameter]
"""How long a result counts by what the chart shows, and how long at least whatever it does not show."""


class _Test(Struct, frozen=True):
    """A measure (a value set id), the rules that judge its value and its age, and whether it is told where there is none."""

    measure: str
    name: str
    rules: tuple[str, ...]
    windows: Callable[[Chart, Knowledge], Windows]
    expected: bool = False


def _coagulation(chart: Chart, know: Knowledge) -> Windows:
    window = lab_window(chart, know)
    return window.known, window.possible


def _renal(chart: Chart, know: Knowledge) -> Windows:
    window = creatinine_window(chart, know)
    return window, window


def _marker(_: Chart, know: Knowledge) -> Windows:
    window = know.parameter("shared/infection.marker_window")
    return window, window


def _temperature(_: Chart, know: Knowledge) -> Windows:
    window = know.parameter("shared/infection.temperature_window")
    return window, window


_DUE = "coagulation_tests_due"
_MARKERS = ("infection_markers", "infection_screen_due")
_TESTS = (
    _Test("inr", "INR", ("inr_above_limit", _DUE), _coagulation, expected=True),
    _Test("platelets", "Platelets", ("low_platelets", _DUE), _coagulation, expected=True),
    _Test("fibrinogen", "Fibrinogen", ("inr_above_limit", _DUE), _coagulation),
    _Test("haemoglobin", "Haemoglobin", ("low_haemoglobin",), _coagulation),
    _Test("creatinine", "Creatinine", ("renal_function_due",), _renal),
    _Test(markers.TEMPERATURE, "Temperature", _MARKERS, _temperature, expected=True),
    _Test(markers.WHITE_CELLS, "White cells", _MARKERS, _marker, expected=True),
    _Test(markers.CRP, "CRP", _MARKERS, _marker, expected=True),
    _Test("esr", "ESR", _MARKERS, _marker),
    _Test(markers.PROCALCITONIN, "Procalcitonin", _MARKERS, _marker),
)


def lanes(material: Material, chart: Chart, clock: Clock) -> Iterator[Lane]:
    """A lane for the latest value of each test that a rule in force has judged."""
    judged = {item.rule.id for item in material.results}
    for test in _TESTS:
        if not judged.isdisjoint(test.rules):
            try:
                yield _lane(test, labs.latest(chart, ValueSets(test.measure), test.name), material, chart, clock)
            except Unknown as gap:
                if test.expected or gap.reasons != {Reason.NOT_MEASURED}:
                    yield Lane(test.name, says=(lacking(gap),), tone=Tone.OPEN)


def _lane(test: _Test, lab: Lab, material: Material, chart: Chart, clock: Clock) -> Lane:
    found = tuple(
        pair for pair in met(material.results, *test.rules) if rests_on(pair[1], {lab.measurement.source.reference})
    )
    windows = attempted(lambda: test.windows(chart, material.know))[0]
    # A rule that calls the result old names the window that it went by.
    named = next((finding.uses[0] for result, finding in found if result.rule.id == _DUE and finding.uses), None)
    known, possible = (named, named) if named else windows[0] if windows else (None, None)
    against = [(item, finding) for item, finding in found if item.indicator is not Indicator.INFO]
    said = [_against(finding, lab) for item, finding in against if item.effect is not Kind.WORKUP]
    marks = []
    if known and possible:
        until, at_least = (lab.taken.start + window.span for window in (known, possible))
        said.append(_counts(known, until, chart, clock))
        marks.append(Mark(Shape.WINDOW, lab.taken.start, at_least))
        if at_least < until:
            said.append(f"only until {clock.hour(at_least)} if what is missing shortens it to {possible.shown}")
            marks.append(Mark(Shape.PERHAPS, at_least, until))
    if any(lab.doubts()):
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
        return f"counted until {clock.hour(until)} ({window.shown})"
    early = ", before the slot" if until < slot(chart) else ""
    return f"counts until {clock.hour(until)} ({window.shown}){early}"
