"""One call's way to the EHR's FHIR server."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """One call's way to the EHR's FHIR server. `context` holds the values of the tokens that templates use.

    `patient` is whom the token is for, empty if it does not say; with `by_post` searches are posted.
    """

    server: str
    context: Mapping[str, str]
    token: str = field(default="", repr=False)
    scope: str = ""
    patient: str = ""
    by_post: bool = False
