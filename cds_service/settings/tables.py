"""The parts that settings are made of: days, and the tables of clients and order codes in the TOML file."""

from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cds_service.hook import Hook


class MedicationList(StrEnum):
    """The lists of drugs that a site may keep, by the prefetch keys that ask for them."""

    STATEMENTS = "medication-statements"
    REQUESTS = "medication-requests"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


def is_loopback(host: str) -> bool:
    """Whether a host name or address stays on this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def split(value: object) -> object:
    """A list as one environment variable holds it: separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def no_slash(value: object) -> object:
    """An address without the slash that people add."""
    return value.rstrip("/") if isinstance(value, str) else value


def _names_a_list(value: tuple[MedicationList, ...]) -> tuple[MedicationList, ...]:
    if not value:
        raise ValueError("names no list: without any, nobody could say what a patient takes")
    return tuple(item for item in MedicationList if item in value)


MedicationLists = Annotated[tuple[MedicationList, ...], AfterValidator(_names_a_list)]
"""The lists that a site keeps: at least one, each once."""
Origin = Annotated[str, BeforeValidator(no_slash), Field(pattern=r"^https?://[^/\s]+$")]
Address = Annotated[str, Field(pattern=r"^https?://\S+$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
CodeSystems = dict[Name, Name]
"""Addresses of code systems, each with the key of the system of ours that it names."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteOrderCode(_Table):
    """A code of the site's own catalogue that orders vertebral augmentation."""

    system: Name
    code: Name
    display: str = ""


class Client(_Table):
    """One EHR that may call the service, known by the issuer of its tokens; keys come from a file or an allowed address."""

    issuer: Name
    name: Name
    audiences: tuple[Address, ...] = ()
    jwks: Path | None = None
    jku: tuple[Address, ...] = ()
    fhir_origins: tuple[Origin, ...] = ()
    fhir_on_private_network: bool = False
    fhir_search_by_post: bool = False
    hooks: tuple[Hook, ...] = (Hook.ORDER_SELECT, Hook.ORDER_SIGN, Hook.APPOINTMENT_BOOK, Hook.ENCOUNTER_DISCHARGE)
    body_limit: int | None = Field(default=None, ge=1)
    """Bytes that a body of this client may have; by default what the settings say for all."""
    deadline_ms: int | None = Field(default=None, ge=1)
    calls_per_minute: int = Field(default=0, ge=0)
    """Hook calls that each process answers in a minute; 0 sets no limit."""
    may_set_as_of: bool = False
    shadow: bool = False
    quiet_days: int = Field(default=0, ge=0)
    """For how long a card that was overridden is not shown again at signing, unless critical or changed; 0 shows it always."""
    stamp_orders: bool = False
    """Whether the draft order is stamped with its appropriateness (a system action, never shown); the client must have agreed."""
    medication_lists: MedicationLists | None = None
    """The lists that this client keeps; by default what the settings say for all."""
    overlay: Path | None = None
    order_codes: tuple[SiteOrderCode, ...] = ()
    code_systems: CodeSystems = {}
    """Addresses of code systems that this client uses, beside those that the settings name for all."""

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        if self.jwks is None and not self.jku:
            raise ValueError("needs keys: jwks = a file, or jku = the addresses that may serve them")
        for address in self.jku:
            parts = urlsplit(address)
            if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
                raise ValueError("jku: keys are read over https only, as whoever sends them can let anyone in")
        return self
