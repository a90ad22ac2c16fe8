"""What an examination of the back answered: whether the level is tender, whether the pain comes from it."""

from msgspec import Struct

from cds_service.chart import Basis, Chart, Concept, Measurement, Reading, ValueSets
from cds_service.facts.fracture.target import at_target
from cds_service.facts.shared.phrasing import briefly, on
from cds_service.findings import Evidence

_DENIALS = (ValueSets.RESULT_NEGATIVE, ValueSets.PAIN_FROM_ELSEWHERE)


class BackExamination(Struct, frozen=True):
    """One question about the target level with its answer."""

    asked: Measurement
    answer: Concept

    @property
    def denies(self) -> bool:
        """Whether the answer is no."""
        return not self.answer.sets.isdisjoint(_DENIALS)

    @property
    def basis(self) -> Basis:
        """How the answer was recognised."""
        return self.answer.basis

    @property
    def evidence(self) -> Evidence:
        """The element of the chart that says so."""
        return Evidence(self.asked.source, "value", self.asked.when, self.answer.text)

    def is_later(self, other: "BackExamination") -> bool:
        """Whether it was made after another, as far as both are dated."""
        mine, theirs = self.asked.when, other.asked.when
        return mine is not None and theirs is not None and mine.start > theirs.last

    def __str__(self) -> str:
        """Question, answer and date, such as `Focal tenderness T12: absent, 2026-11-19`."""
        asked = briefly(self.asked.concept.text, "Examination", words=5, proper=True)
        return f"{asked}: {briefly(self.answer.text, 'no')}{on(self.asked.when)}"


def examinations(chart: Chart, measure: ValueSets) -> Reading[BackExamination]:
    """The answered examinations of the target level, newest first."""
    found, gaps = chart.measurements(measure)
    asked = (item for item in found if at_target(item.concept.levels, chart))
    return Reading(tuple(BackExamination(item, item.answer) for item in asked if item.answer is not None), gaps)
