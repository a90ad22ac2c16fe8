"""What on record may make MRI impossible for this patient."""

from cds_service.chart import Chart, Reading, Section, State, ValueSets
from cds_service.findings import Evidence

OBSTACLE_SECTIONS = (Section.DEVICES, Section.CONDITIONS)
"""The sections that can hold an obstacle."""

_OBSTACLE = ValueSets.MRI_CONTRAINDICATION  # devices are among them


def mri_obstacles(chart: Chart) -> Reading[Evidence]:
    """Implants and diagnoses that may forbid MRI."""
    devices, gaps = chart.devices_in(_OBSTACLE)
    problems, problem_gaps = chart.conditions_in(_OBSTACLE)
    implants = (Evidence(item.source, "type", None, item.concept.text) for item in devices)
    lasting = (item for item in problems if item.state is not State.RESOLVED)
    diagnoses = (Evidence(item.source, "code", item.dated, item.concept.text) for item in lasting)
    return Reading((*implants, *diagnoses), (*gaps, *problem_gaps)).or_gap("whether MRI is possible")
