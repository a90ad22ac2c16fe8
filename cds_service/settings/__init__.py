"""Every setting of the service: read once at start from the environment and one TOML file, then frozen.

An environment variable `CDS_<NAME>` wins over the file, the file over the defaults. Anything wrong, an unknown name
included, stops the start with the file and key named.
"""

import os
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as SourceError

from cds_service.errors import SettingsError
from cds_service.hook import Hook
from cds_service.settings.tables import (
    Client,
    CodeSystems,
    MedicationList,
    MedicationLists,
    Name,
    Origin,
    SiteOrderCode,
    Weekday,
    is_loopback,
    no_slash,
    split,
)

__all__ = ["Client", "Hook", "MedicationList", "Settings", "SiteOrderCode", "Weekday", "is_loopback", "load"]

PREFIX = "CDS_"
CONFIG_VARIABLE = PREFIX + "CONFIG"
"""Names the TOML file when no `--config` does."""
_NEEDS_CLIENTS = """{address} can be reached from other machines, and no client is configured: anyone there could call the service.
Bind to 127.0.0.1 without a public_url, or configure who may call in a TOML file and name it with --config:

    [[clients]]
    name = "North Hospital"
    issuer = "https://ehr.example/issuer"
    jku = ["https://ehr.example/jwks.json"]"""


class Settings(BaseSettings):
    """All settings. Sizes are bytes, times are milliseconds unless the name says days."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    host: Name = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 64), ge=1, le=64)
    """Processes that answer; by default one for each core."""
    public_url: Annotated[str, BeforeValidator(no_slash), Field(pattern=r"^(https?://\S+)?$")] = ""
    database_url: str = "sqlite:///cds-service.sqlite3"
    """A SQLAlchemy address; by default an SQLite file in the directory where the service starts."""
    body_limit: int = Field(default=20_000_000, ge=1)
    deadline_ms: int = Field(default=400, ge=1)
    time_zone: ZoneInfo = ZoneInfo("UTC")
    cors_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(split)] = ()
    pages: bool = True
    overlay: Path | None = None
    hooks: Annotated[tuple[Hook, ...], NoDecode, BeforeValidator(split)] = tuple(Hook)
    """The hooks listed when no client is configured; a client has its own."""
    keep_comments: bool = False
    """Whether free-text comments in feedback are stored; they may name the patient."""
    retention_days: int = Field(default=0, ge=0)
    """How long feedback and shown cards are kept: the service deletes older ones every day; 0 keeps them until purged by hand."""
    opening_hour: int = Field(default=8, ge=0, le=23)
    working_days: Annotated[tuple[Weekday, ...], NoDecode, BeforeValidator(split), Field(min_length=1)] = tuple(
        Weekday
    )[:5]
    """When procedures begin: a suggested time is rounded up to this hour, in `time_zone`, of the next working day."""
    card_key: SecretStr = SecretStr("")
    """A secret of the site, with which the same card is known again from call to call; without it no such key is stored."""
    app_url: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """The launch address of a SMART app that cards link to; none by default."""
    app_label: str = ""
    fhir_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(split)] = ()
    """FHIR servers that may be asked, beside any on this machine, when no client is configured; a client has its own."""
    certificate_authorities: Path | None = None
    """A PEM file of the authorities that FHIR servers and addresses of keys are trusted by, instead of the public ones."""
    medication_lists: Annotated[MedicationLists, NoDecode, BeforeValidator(split)] = tuple(MedicationList)
    """The lists of drugs that the site keeps: all of them must be answered before antithrombotics count as excluded."""
    order_codes: tuple[SiteOrderCode, ...] = ()
    code_systems: CodeSystems = {}
    """More addresses of code systems, such as an EHR's own of ICD-10: address to key of ours."""
    clients: tuple[Client, ...] = ()

    @model_validator(mode="after")
    def _quiet_needs_a_key(self) -> Self:
        if any(client.quiet_days for client in self.clients) and not self.card_key.get_secret_value():
            raise ValueError("card_key: is needed for quiet_days: without it no card is known again")
        return self

    @model_validator(mode="after")
    def _each_issuer_once(self) -> Self:
        issuers = [client.issuer for client in self.clients]
        twice = sorted({issuer for issuer in issuers if issuers.count(issuer) > 1})
        if twice:
            raise ValueError(f"clients: issuer {twice[0]} is configured twice")
        return self

    @model_validator(mode="after")
    def _is_not_open_to_other_machines(self) -> Self:
        if not (self.on_loopback or self.clients):
            address = self.public_url if is_loopback(self.host) else self.host
            raise ValueError(_NEEDS_CLIENTS.format(address=address))
        return self

    @model_validator(mode="after")
    def _has_a_public_address(self) -> Self:
        if self.clients and not self.on_loopback and not self.public_url:
            raise ValueError(
                "public_url: is needed, as clients name it in their tokens; such as https://cds.hospital.example"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then what `load` read from the file."""
        return env_settings, init_settings

    @property
    def serves_pages(self) -> bool:
        """Whether the pages are served; beside clients, that is in earnest, only if they were switched on by name."""
        return self.pages and (not self.clients or "pages" in self.model_fields_set)

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service: neither its own address nor that of a proxy before it is another's."""
        return is_loopback(self.host) and is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def base_url(self) -> str:
        """The address that clients use, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    def lists_of(self, client: Client | None = None) -> tuple[MedicationList, ...]:
        """The medication lists that a client keeps, or whoever calls where none is configured."""
        return (client and client.medication_lists) or self.medication_lists

    @property
    def active_hooks(self) -> frozenset[Hook]:
        """The hooks that any client may call."""
        return (
            frozenset(hook for client in self.clients for hook in client.hooks)
            if self.clients
            else frozenset(self.hooks)
        )


def load(file: Path | None = None) -> Settings:
    """The settings of this process. Raises SettingsError naming the file or variable and the key."""
    _refuse_unknown_variables(os.environ)
    file = file or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    try:
        settings = Settings(**_read(file))
    except ValidationError as error:
        raise SettingsError("; ".join(_says(detail, file) for detail in error.errors(include_input=False))) from None
    except SourceError as error:
        raise SettingsError(f"environment: {error}") from None
    return settings if file is None else _beside(settings, file.resolve().parent)


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from None


def _refuse_unknown_variables(names: Iterable[str]) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields} | {CONFIG_VARIABLE}
    unknown = sorted(name for name in names if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsError(f"environment: {unknown[0]}: no such setting")


def _says(detail: ErrorDetails, file: Path | None) -> str:
    """One fault as file, key and problem; never the value, which may be a password."""
    path: Sequence[int | str] = detail["loc"]
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    variable = PREFIX + str(path[0]).upper() if path else ""
    problem = "no such setting" if detail["type"] == "extra_forbidden" else detail["msg"].removeprefix("Value error, ")
    where = (
        f"environment: {variable}" if variable in os.environ else str(file or "settings") + (f": {key}" if key else "")
    )
    return f"{where}: {problem}"


def _beside(settings: Settings, folder: Path) -> Settings:
    """Relative files of the configuration lie beside it."""
    clients = tuple(
        client.model_copy(
            update={name: folder / path for name in ("jwks", "overlay") if (path := getattr(client, name))}
        )
        for client in settings.clients
    )
    files = {
        name: folder / path for name in ("overlay", "certificate_authorities") if (path := getattr(settings, name))
    }
    return settings.model_copy(update={"clients": clients, **files})
