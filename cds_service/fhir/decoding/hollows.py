"""Entries of a Bundle that brought no resource that counts, and why."""

from msgspec import Struct

from cds_service.chart.intake import Cause


class HollowEntry(Struct, frozen=True):
    """An entry that brought no resource: `says` why; `is_gap` unless it is mere information."""

    says: str
    is_gap: bool = True
    cause: Cause = Cause.ENTRY


NO_CONTENT = HollowEntry("an entry holds no resource")
FAILED_ENTRY = HollowEntry("an entry failed")
TOO_DEEP = HollowEntry("Bundles are nested too deeply")
MODIFIED_ENTRY = HollowEntry("an entry whose meaning is changed by an extension", cause=Cause.MODIFIER)
MODIFIED_BUNDLE = HollowEntry("an entry of a Bundle whose meaning is changed", cause=Cause.MODIFIER)
NOTICE = HollowEntry("an OperationOutcome that informs", is_gap=False)
OUTCOME = HollowEntry("an OperationOutcome says that something is missing")
