"""Lesions that lift the age limit of a fracture: tumour at the level, and a fracture that did not unite."""

from collections.abc import Iterator

from cds_service.chart import Assertion, Chart, Episode, ImagingFinding, ImagingSign, ValueSets
from cds_service.facts.fracture.fractures import Fracture
from cds_service.facts.fracture.imaging import current_at_target
from cds_service.facts.fracture.target import fractures_at_target
from cds_service.facts.shared.memo import computed_once
from cds_service.knowledge import Knowledge

_MALIGNANT = frozenset((ValueSets.FRACTURE_NEOPLASTIC, ValueSets.VERTEBRAL_NEOPLASM))


def malignant_records(chart: Chart) -> Iterator[Fracture]:
    """Records of a malignant fracture, or of a malignant tumour at the target level."""
    return (item for item in fractures_at_target(chart) if not item.sets.isdisjoint(_MALIGNANT))


def nonunion_records(chart: Chart) -> Iterator[Fracture]:
    """Records of an osteonecrosis or of a fracture whose seventh character says non-union."""
    for item in fractures_at_target(chart):
        if ValueSets.VERTEBRAL_OSTEONECROSIS in item.sets or item.episode is Episode.NONUNION:
            yield item


@computed_once
def clefts(chart: Chart, know: Knowledge) -> tuple[ImagingFinding, ...]:
    """Current findings of a cleft, necrosis or non-union at the target level."""
    found = current_at_target(chart, know, ImagingSign.CLEFT)
    return tuple([seen for seen in found if seen.assertion is Assertion.PRESENT])


@computed_once
def is_malignant(chart: Chart) -> bool:
    """Whether a malignant fracture or tumour at the target level is on record."""
    return any(malignant_records(chart))


@computed_once
def age_does_not_count(chart: Chart, know: Knowledge) -> bool:
    """Whether the age limit is lifted: malignant, or not united."""
    return is_malignant(chart) or any(nonunion_records(chart)) or bool(clefts(chart, know))
