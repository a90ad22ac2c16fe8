"""What on record may make MRI impossible for this patient."""

from collections.abc import Iterator

from cds_service.chart import Chart, Section, State, ValueSets
from cds_service.facts.shared.gaps import gathered
from cds_service.findings import Evidence

OBSTACLE_SECTIONS = (Section.DEVICES, Section.CONDITIONS)
"""The sections that can hold an obstacle."""

_OBSTACLE = ValueSets.MRI_CONTRAINDICATION  # devices are among them


def mri_obstacles(chart: Chart) -> Iterator[Evidence]:
    """Implants and diagnoses that may forbid MRI; then `Unknown` if devices or conditions have gaps."""
    devices, _ = gathered(chart.devices_in(_OBSTACLE))
    for device in devices:
        yield Evidence(device.source, "type", None, device.concept.text)
    problems, _ = gathered(chart.conditions_in(_OBSTACLE))
    for problem in problems:
        if problem.state is not State.RESOLVED:
            yield Evidence(problem.source, "code", problem.dated, problem.concept.text)
    chart.require("whether MRI is possible", *OBSTACLE_SECTIONS, sets=(_OBSTACLE,))
