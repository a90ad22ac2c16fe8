"""Opens the database: SQLite brought up to date by itself, PostgreSQL only by `cds-service db upgrade`."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from cds_service.errors import SettingsError, StoreUnavailable

_ONE_AT_A_TIME = Lock()  # Alembic keeps the migration that runs in a global of the process
_REST = 1.0  # seconds for which one that cannot be reached is not tried again, so that calls do not wait for it in turn
_PATIENCE = 2  # seconds to reach a database, or to wait for another writer


class Database:
    """One database by its address. Opening it touches nothing; each use says StoreUnavailable if it cannot be had."""

    def __init__(self, address: str) -> None:
        self.engine = _engine(_url(address))
        self._current = False
        self._rests_until = 0.0

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of ours rather than a server of the site's."""
        return self.engine.dialect.name == "sqlite"

    @property
    def shown(self) -> str:
        """Its address without the password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is committed at the end, or not at all."""
        if monotonic() < self._rests_until:
            raise StoreUnavailable("it could not be reached a moment ago")
        try:
            self._bring_up_to_date()
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            if isinstance(error, OperationalError):
                self._rests_until = monotonic() + _REST
            # The text of a database error quotes the statement's values: only its kind may be told.
            raise StoreUnavailable(type(error.__cause__ or error).__name__) from error

    def revision(self) -> str:
        """The revision that the database is at, empty for none. Raises StoreUnavailable."""
        try:
            with self.engine.connect() as connection:
                return str(_revisions().current(connection))
        except SQLAlchemyError as error:
            raise StoreUnavailable(type(error.__cause__ or error).__name__) from error

    @property
    def is_current(self) -> bool:
        """Whether its tables are those of this release. Raises StoreUnavailable."""
        return self.revision() == newest_revision()

    def upgrade(self) -> None:
        """Brings the tables to this release; several processes may do so at once. Raises StoreUnavailable."""
        try:
            with _ONE_AT_A_TIME, self.engine.connect() as connection:
                # Held until the commit, so that a second process finds the work done.
                lock = "BEGIN IMMEDIATE" if self.is_sqlite else "SELECT pg_advisory_xact_lock(7363127)"
                connection.exec_driver_sql(lock)
                _revisions().upgrade(connection)
                connection.commit()
        except SQLAlchemyError as error:
            raise StoreUnavailable(type(error.__cause__ or error).__name__) from error

    def close(self) -> None:
        """Gives all connections back."""
        self.engine.dispose()

    def _bring_up_to_date(self) -> None:
        if self._current:
            return
        if self.is_sqlite:
            self.upgrade()
        elif not self.is_current:
            raise StoreUnavailable("its tables are not of this release: run `cds-service db upgrade`")
        self._current = True


def newest_revision() -> str:
    """The revision of this release's tables."""
    return str(_revisions().newest())


def _revisions() -> ModuleType:
    """Alembic takes longer to import than all cards of a call take to make, and no card needs it."""
    from cds_service.store import revisions

    return revisions


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        raise SettingsError(
            "database_url is no database address, such as sqlite:///file or postgresql://host/name"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("postgresql+psycopg", "sqlite"):
        raise SettingsError(f"database_url names {url.drivername}: only sqlite and postgresql are supported")
    return url


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _PATIENCE})
        event.listen(engine, "connect", _durable)
        return engine
    arguments = {"connect_timeout": _PATIENCE, "options": "-c timezone=UTC -c statement_timeout=30000"}
    try:
        return create_engine(
            url, connect_args=arguments, pool_pre_ping=True, pool_timeout=_PATIENCE, hide_parameters=True
        )
    except NoSuchModuleError as error:
        raise SettingsError(f"database_url: {error}") from None


def _durable(connection: Any, _record: object) -> None:
    """A commit is on the disk before it returns, readers do not wait for writers, and what is deleted is overwritten."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
