"""The errors that a caller or an operator can meet, each with what it says to them."""

from typing import Any


class ServiceError(Exception):
    """Base of every error that this service raises on purpose."""


class RequestError(ServiceError):
    """A request that cannot be answered; carries what the OperationOutcome says.

    `status` is the HTTP status, `expression` names the element at fault (a FHIRPath-like path such as `context.patientId`),
    `code` is a FHIR issue type.
    """

    def __init__(self, says: str, *, status: int = 400, expression: str = "", code: str = "invalid") -> None:
        super().__init__(says)
        self.says = says
        self.status = status
        self.expression = expression
        self.code = code

    @property
    def outcome(self) -> dict[str, Any]:
        """The OperationOutcome that the caller gets."""
        return operation_outcome(self.says, self.code, self.expression)


class PreconditionFailed(RequestError):
    """A prefetch key without which nothing can be said is missing and could not be fetched (R-PFH-02)."""

    def __init__(self, says: str, *, prefetch_key: str) -> None:
        super().__init__(says, status=412, expression=f"prefetch.{prefetch_key}", code="processing")


class Unauthorized(ServiceError):
    """A call that is not let in. The reason is for the log: the caller gets none (R-JWT-09)."""

    def __init__(self, reason: str, *, issuer: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.issuer = issuer


class KnowledgeError(ServiceError):
    """A knowledge file is broken: the start stops and names the file and the key."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file = file
        self.key = key


class RoleError(ServiceError):
    """No rule fills a role that the service cannot do without: the start stops and names the role and who needs it."""

    def __init__(self, role: str, needed_by: str) -> None:
        super().__init__(f"rules: no rule has the role '{role}', which the {needed_by} needs")
        self.role = role


class SettingsError(ServiceError):
    """A setting or configuration file is wrong: the start stops and says which."""


class StoreUnavailable(ServiceError):
    """The database cannot be used now; `why` never holds what was to be kept."""

    RETRY_AFTER = 30
    """Seconds after which a caller may try again."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The database cannot be used: {why}")


def operation_outcome(says: str, code: str, element: str = "") -> dict[str, Any]:
    """A FHIR OperationOutcome of one error; `code` is a FHIR issue type, `element` the path of what is at fault, empty for none."""
    issue: dict[str, Any] = {"severity": "error", "code": code, "details": {"text": says}}
    if element:
        issue |= {"diagnostics": f"At {element}", "expression": [element]}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
