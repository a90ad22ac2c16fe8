"""Who the patient is: age in completed years, and whether a pregnancy is possible."""

from datetime import datetime

from msgspec import Struct

from cds_service.chart import Chart, Missing, Reason, Section, Unknown, ValueSets
from cds_service.facts.shared.gaps import attempted, gathered
from cds_service.facts.shared.memo import once
from cds_service.findings import Evidence
from cds_service.knowledge import Knowledge


class Years(Struct, frozen=True):
    """Age in completed years, as an interval: a birth date may be a year alone."""

    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"


@once
def age(chart: Chart) -> Years:
    """The age at `as_of`. Raises `Unknown` if the patient or the birth date is missing."""
    if chart.patient is None:
        chart.require("age", Section.PATIENT)
    if chart.patient is None or chart.patient.born is None:
        raise Unknown("age", Missing(Section.PATIENT, Reason.NOT_MEASURED))
    born = chart.patient.born
    return Years(_years(born.last, chart.as_of), _years(born.start, chart.as_of))


def _years(born: datetime, now: datetime) -> int:
    return max(0, now.year - born.year - ((now.month, now.day) < (born.month, born.day)))


def birth(chart: Chart) -> tuple[Evidence, ...]:
    """The birth date as evidence; empty if there is none."""
    if chart.patient is None or chart.patient.born is None:
        return ()
    return (Evidence(chart.patient.source, "birthDate", chart.patient.born, str(chart.patient.born)),)


@once
def may_be_pregnant(chart: Chart, know: Knowledge) -> bool:
    """Whether a pregnancy is possible: not recorded as male, within the ages, nothing on record that rules it out.

    An age or sex that is not recorded leaves it possible. Raises `Unknown` if the patient is missing.
    """
    if chart.patient is None:
        chart.require("whether a pregnancy is possible", Section.PATIENT)
    youngest, oldest = know.parameters("shared/pregnancy", "youngest", "oldest")
    if chart.patient is not None and chart.patient.sex == "male":
        return False
    years, _ = attempted(lambda: age(chart))
    if years and (years[0].most < youngest.value or years[0].least > oldest.value):
        return False
    problems, _ = gathered(chart.conditions_in(ValueSets.NO_CHILDBEARING_POTENTIAL))
    procedures, _ = gathered(chart.procedures_in(ValueSets.NO_CHILDBEARING_POTENTIAL))
    return not problems and not any(item.done for item in procedures)
