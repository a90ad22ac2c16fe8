"""The hooks of CDS Hooks that the service can answer."""

from enum import StrEnum


class Hook(StrEnum):
    """The CDS Hooks that the service can answer."""

    ORDER_SELECT = "order-select"
    ORDER_SIGN = "order-sign"
    APPOINTMENT_BOOK = "appointment-book"
    ENCOUNTER_DISCHARGE = "encounter-discharge"
    PATIENT_VIEW = "patient-view"
