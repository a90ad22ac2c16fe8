"""Who the patient is: age in completed years, and whether a pregnancy is possible."""

from datetime import datetime

from msgspec import Struct

from cds_service.chart import Chart, Missing, Reading, Reason, Section, Unknown, ValueSets
from cds_service.facts.shared.memo import computed_once
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge


class Years(Struct, frozen=True):
    """Age in completed years, as an interval: a birth date may be a year alone."""

    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"


@computed_once
def age(chart: Chart) -> Reading[Years]:
    """The age at `as_of`; the gap if the patient or the birth date is missing, or the birth is still to come."""
    born = chart.patient.born if chart.patient else None
    if born is None or chart.is_ahead(born):
        says = f"the date of birth, {born}, is still to come" if born else ""
        missing = () if chart.patient else chart.gaps(Section.PATIENT)
        is_unread = chart.patient is not None and (born is not None or chart.patient.birth_unread)
        why = Reason.UNREADABLE if is_unread else Reason.NOT_MEASURED
        return Reading((), (Unknown("age", *(missing or (Missing(Section.PATIENT, why, says),))),))
    return Reading((Years(_years(born.last, chart.as_of), _years(born.start, chart.as_of)),))


def _years(born: datetime, now: datetime) -> int:
    return max(0, now.year - born.year - ((now.month, now.day) < (born.month, born.day)))


def birth(chart: Chart) -> tuple[Evidence, ...]:
    """The birth date as evidence; empty if there is none."""
    if chart.patient is None or chart.patient.born is None:
        return ()
    return (Evidence(chart.patient.source, "birthDate", chart.patient.born, str(chart.patient.born)),)


@computed_once
def may_be_pregnant(chart: Chart, know: Knowledge) -> Reading[bool]:
    """Whether a pregnancy is possible: not recorded as male, within the ages, nothing on record that rules it out.

    An age or sex that is not recorded leaves it possible. The gap if the patient is missing.
    """
    if chart.patient is None:
        unknown = chart.gap_unless_whole("whether a pregnancy is possible", Section.PATIENT)
        if unknown:
            return Reading((), unknown)
    elif chart.patient.sex == "male":
        return Reading((False,))
    youngest, oldest = know.parameters("shared/pregnancy", "youngest", "oldest")
    if any(years.most < youngest.value or years.least > oldest.value for years in age(chart).values):
        return Reading((False,))
    problems, _ = chart.conditions_in(ValueSets.NO_CHILDBEARING_POTENTIAL)
    procedures, _ = chart.procedures_in(ValueSets.NO_CHILDBEARING_POTENTIAL)
    return Reading((not problems and not any(item.done for item in procedures),))
