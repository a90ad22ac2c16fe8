"""Why something was not fetched: one word for the metrics, and a phrase for the card."""

from msgspec import Struct

from cds_service.chart import Answer


class Problem(Struct, frozen=True):
    """`says` never quotes what the server sent. `servers_fault` counts against the server.

    `leaves` is how the section counts as answered: omitted where the EHR does not let us have it, else mostly failed.
    """

    outcome: str
    says: str
    servers_fault: bool = False
    leaves: Answer = Answer.FAILED


TOO_LATE = Problem("timeout", "the FHIR server did not answer in time", servers_fault=True)
NO_TIME = Problem("no-time", "there was no time left to ask the FHIR server")
BROKEN = Problem("connection", "the connection to the FHIR server failed", servers_fault=True)
TOO_LARGE = Problem("too-large", "the FHIR server sent more than this service accepts", servers_fault=True)
REDIRECT = Problem("redirect", "the FHIR server answered with a redirect, which is not followed")
NOT_OFFERED = Problem("not-offered", "the FHIR server does not offer this kind of resource", leaves=Answer.NOT_KEPT)
OTHER_SERVER = Problem("other-server", "the next page is on another server, which is not asked")
NO_ADDRESS = Problem("no-address", "the address of the next page is not a web address")
TOO_MANY_PAGES = Problem("too-many-pages", "there are more pages than this service reads")
NO_SCOPE = Problem("scope", "the EHR's token does not allow this search", leaves=Answer.OMITTED)
RESTING = Problem("resting", "the FHIR server was not asked: it failed several times in a row")
PRIVATE = Problem(
    "address", "the FHIR server was not asked: its address is private, which is not allowed", leaves=Answer.OMITTED
)
NOT_LISTED = Problem(
    "origin", "the FHIR server was not asked: it is not one that this client may name", leaves=Answer.OMITTED
)
ANOTHERS_TOKEN = Problem(
    "patient", "the FHIR server was not asked: the token is for another patient", leaves=Answer.OMITTED
)
OUR_FAULT = Problem("fault", "a fault in this service")


def status(code: int) -> Problem:
    """An HTTP status other than 200."""
    if 300 <= code < 400:
        return REDIRECT
    return Problem(f"http-{code}", f"the FHIR server answered HTTP {code}", servers_fault=code >= 500)


def unreadable(says: str) -> Problem:
    """A body that is no FHIR; `says` in our words."""
    return Problem("unreadable", f"the FHIR server's answer could not be used: {says}")
