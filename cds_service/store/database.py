"""Opens the database: SQLite brought up to date by itself, PostgreSQL only by `cds-service db upgrade`."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.store.tables import REVISION

_ONE_AT_A_TIME = Lock()  # Alembic keeps the migration that runs in a global of the process
_REST = 1.0  # seconds for which one that cannot be reached is not tried again, so that calls do not wait for it in turn
_PATIENCE = 2  # seconds to reach a database, or to wait for another writer
_THREADS = 15  # as many as SQLAlchemy's pool has connections

T = TypeVar("T")


class Database:
    """One database by its address. Opening it touches nothing; each use says StoreUnavailable if it cannot be had."""

    def __init__(self, address: str) -> None:
        url = _url(address)
        self.engine = _engine(url)
        self._hasty = _engine(url, _HASTY) if self.is_sqlite else self.engine
        self._current = False
        self._rests_until = 0.0
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="database")

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of ours rather than a server of the site's."""
        return self.engine.dialect.name == "sqlite"

    @property
    def exists(self) -> bool:
        """Whether it is there to be looked at: reading an SQLite file would make it. A server is taken to be there."""
        return not self.is_sqlite or Path(self.engine.url.database or "").is_file()

    @property
    def address(self) -> str:
        """Its address without the password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def transaction(self, *, on_disk: bool = True) -> Iterator[Connection]:
        """A connection whose work is committed at the end, or not at all.

        Unless `on_disk`, the disk is not waited for: a process that is killed loses nothing, a machine that loses power may.
        """
        if monotonic() < self._rests_until:
            raise StoreUnavailable("it could not be reached a moment ago")
        try:
            self._bring_up_to_date()
            with (self.engine if on_disk else self._hasty).begin() as connection:
                if not on_disk and not self.is_sqlite:
                    connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
                yield connection
        except SQLAlchemyError as error:
            if isinstance(error, OperationalError):
                self._rests_until = monotonic() + _REST
            # The text of a database error quotes the statement's values: only its kind may be told.
            raise StoreUnavailable(type(error.__cause__ or error).__name__) from error

    def within(self, seconds: float, work: Callable[[], T]) -> T:
        """What `work` with this database comes to. Raises StoreUnavailable if it takes longer; it may be done then all the same.

        A server that stands still, or a network that swallows what is sent, cannot hold up a call for longer.
        """
        doing = self._threads.submit(work)
        try:
            return doing.result(seconds)
        except TimeoutError:
            doing.cancel()
            raise StoreUnavailable("it did not answer in time") from None

    def revision(self) -> str:
        """The revision that the database is at, empty for none. Raises StoreUnavailable."""
        try:
            with self.engine.connect() as connection:
                if not inspect(connection).has_table("alembic_version"):
                    return ""
                return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
        except SQLAlchemyError as error:
            raise StoreUnavailable(type(error.__cause__ or error).__name__) from error

    @property
    def is_current(self) -> bool:
        """Whether its tables are those of this release. Raises StoreUnavailable."""
        return self.revision() == REVISION

    def upgrade(self) -> None:
        """Brings the tables to this release; several processes may do so at once. Raises StoreUnavailable."""
        try:
            with _ONE_AT_A_TIME, self.engine.connect() as connection:
                # Held until the commit, so that a second process finds the work done.
                lock = "BEGIN IMMEDIATE" if self.is_sqlite else "SELECT pg_advisory_xact_lock(7363127)"
                connection.exec_driver_sql(lock)
                _upgrade(connection)
                connection.commit()
        except SQLAlchemyError as error:
            raise StoreUnavailable(type(error.__cause__ or error).__name__) from error

    def clear_journal(self) -> None:
        """Moves what SQLite's journal holds into the database file, so that what was deleted is in neither; else does nothing.

        While somebody reads or writes for long it is left for the next time. Raises StoreUnavailable.
        """
        if not self.is_sqlite:
            return
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except SQLAlchemyError as error:
            raise StoreUnavailable(type(error.__cause__ or error).__name__) from error

    def close(self) -> None:
        """Gives all connections back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.engine.dispose()
        self._hasty.dispose()

    def _bring_up_to_date(self) -> None:
        if self._current:
            return
        if not self.is_current:
            if not self.is_sqlite:
                raise StoreUnavailable("its tables are not of this release: run `cds-service db upgrade`")
            self.upgrade()
        self._current = True


def _upgrade(connection: Connection) -> None:
    """Alembic takes longer to import than a start may lose, and tables that are up to date need it for nothing."""
    from cds_service.store import revisions

    revisions.upgrade(connection)


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


_READY = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA secure_delete=ON",
)  # readers do not wait for writers; deleted rows are overwritten
_DURABLE = (*_READY, "PRAGMA synchronous=FULL")  # a commit is on the disk before it returns
_HASTY = (*_READY, "PRAGMA synchronous=NORMAL")


def _engine(url: URL, pragmas: Iterable[str] = _DURABLE) -> Engine:
    if url.drivername == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _PATIENCE})

        def prepare(connection: Any, _record: object) -> None:
            for pragma in pragmas:
                connection.execute(pragma).close()

        event.listen(engine, "connect", prepare)
        return engine
    arguments = {"connect_timeout": _PATIENCE, "options": "-c timezone=UTC -c statement_timeout=30000"}
    try:
        return create_engine(
            url, connect_args=arguments, pool_pre_ping=True, pool_timeout=_PATIENCE, hide_parameters=True
        )
    except NoSuchModuleError as error:
        raise SettingsError(f"database_url: {error}") from None
