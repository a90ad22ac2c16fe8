"""Inpatient or outpatient is read from the current encounter, and is unknown without one."""

from datetime import UTC, datetime

import pytest

from cds_service.chart import Answer, Chart, Encounter, Missing, Reason, Section, Source, Unknown
from cds_service.facts.shared.setting import Setting, possible_settings, setting

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
WHOLE = {Section.ENCOUNTER: Answer.WHOLE}


def stay(*, inpatient: bool, current: bool) -> Encounter:
    return Encounter(Source("Encounter/e"), "IMP" if inpatient else "EMER", inpatient, current)


@pytest.mark.parametrize(
    ("encounters", "expected"),
    [
        ((stay(inpatient=True, current=True),), Setting.INPATIENT),
        ((stay(inpatient=True, current=False),), Setting.OUTPATIENT),
        ((stay(inpatient=False, current=True),), Setting.OUTPATIENT),
        ((stay(inpatient=False, current=True), stay(inpatient=True, current=True)), Setting.INPATIENT),
        ((), Setting.OUTPATIENT),
    ],
)
def test_setting(encounters: tuple[Encounter, ...], expected: Setting) -> None:
    """Only a current inpatient stay makes an inpatient."""
    assert setting(Chart(NOW, answers=WHOLE, encounters=encounters)).require() == (expected,)


def test_unknown_without_an_encounter() -> None:
    """An encounter that was never asked for leaves both settings open."""
    chart = Chart(NOW)
    with pytest.raises(Unknown) as raised:
        setting(chart).one()
    assert raised.value.missing == (Missing(Section.ENCOUNTER, Reason.OMITTED),)
    assert possible_settings(chart) == tuple(Setting)


def test_an_inpatient_stay_counts_though_more_may_be_missing() -> None:
    """A gap never hides what was found."""
    chart = Chart(NOW, answers={Section.ENCOUNTER: Answer.CUT}, encounters=(stay(inpatient=True, current=True),))
    assert possible_settings(chart) == (Setting.INPATIENT,)
