"""The chart: everything known about one patient and one order, as typed entries with dates, units and gaps."""

from cds_service.chart.chart import Chart
from cds_service.chart.dangers import Danger
from cds_service.chart.drugs import Dosage, DrugUse, UseStatus
from cds_service.chart.entries import (
    Allergy,
    Basis,
    Certainty,
    Concept,
    Condition,
    Coverage,
    Device,
    Encounter,
    Episode,
    Measurement,
    Patient,
    Procedure,
    Quantity,
    RequestedService,
    ResultStatus,
    Severity,
    Source,
    State,
    Unreadable,
)
from cds_service.chart.imaging import Assertion, ImagingFinding, ImagingSign, ImagingStudy, Modality
from cds_service.chart.levels import Level, descending, spoken
from cds_service.chart.order import Augmentation, Order
from cds_service.chart.reading import Reading
from cds_service.chart.sections import Answer, Missing, Reason, Section, Unknown
from cds_service.chart.time import Age, Precision, When, days_since, in_days
from cds_service.chart.value_sets import ValueSets

__all__ = [
    "Age",
    "Allergy",
    "Answer",
    "Assertion",
    "Augmentation",
    "Basis",
    "Certainty",
    "Chart",
    "Concept",
    "Condition",
    "Coverage",
    "Danger",
    "Device",
    "Dosage",
    "DrugUse",
    "Encounter",
    "Episode",
    "ImagingFinding",
    "ImagingSign",
    "ImagingStudy",
    "Level",
    "Measurement",
    "Missing",
    "Modality",
    "Order",
    "Patient",
    "Precision",
    "Procedure",
    "Quantity",
    "Reading",
    "Reason",
    "RequestedService",
    "ResultStatus",
    "Section",
    "Severity",
    "Source",
    "State",
    "Unknown",
    "Unreadable",
    "UseStatus",
    "ValueSets",
    "When",
    "days_since",
    "descending",
    "in_days",
    "spoken",
]
