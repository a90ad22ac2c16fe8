"""The hooks of CDS Hooks that the service can answer."""

from enum import StrEnum


class Hook(StrEnum):
    """The CDS Hooks that the service can answer."""

    ORDER_SELECT = "order-select"
    ORDER_SIGN = "order-sign"
    APPOINTMENT_BOOK = "appointment-book"
    ENCOUNTER_DISCHARGE = "encounter-discharge"
    PATIENT_VIEW = "patient-view"

    @property
    def orders_in(self) -> str:
        """The member of its context that holds what is being ordered or booked; empty where it has none."""
        return _ORDERS_IN.get(self, "")


_ORDERS_IN = {
    Hook.ORDER_SELECT: "draftOrders",
    Hook.ORDER_SIGN: "draftOrders",
    Hook.APPOINTMENT_BOOK: "appointments",
}
"""As the hooks' own pages in the specification define their context."""
