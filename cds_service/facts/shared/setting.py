"""Tells whether the patient is in hospital, which decides pain thresholds and windows."""

from enum import StrEnum

from cds_service.chart import Chart, Reading, Section
from cds_service.facts.shared.memo import computed_once


class Setting(StrEnum):
    """Where the patient is treated; a payer's thresholds differ between the two."""

    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"


@computed_once
def setting(chart: Chart) -> Reading[Setting]:
    """Inpatient during a current inpatient encounter, else outpatient (emergency and observation stays count as outpatient).

    The gap if no such encounter was found and the encounter was not answered whole.
    """
    if any(stay.inpatient and stay.current for stay in chart.encounters):
        return Reading((Setting.INPATIENT,))
    unknown = chart.gap_unless_whole("whether the patient is in hospital", Section.ENCOUNTER)
    return Reading((), unknown) if unknown else Reading((Setting.OUTPATIENT,))


def possible_settings(chart: Chart) -> tuple[Setting, ...]:
    """The settings that the chart leaves open: one if it is known, else both."""
    return setting(chart).values or tuple(Setting)


_AS_OUTPATIENT = {"EMER": "emergency", "OBSENC": "observation"}


def stay_as_outpatient(chart: Chart) -> str:
    """The kind of a current stay that counts as outside hospital though the patient lies there, such as `emergency`; else empty."""
    kinds = (_AS_OUTPATIENT.get(stay.class_code) for stay in chart.encounters if stay.current and not stay.inpatient)
    return next(filter(None, kinds), "")
