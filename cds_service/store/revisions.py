"""Which revision of the tables a database has, and how it gets to the newest: the only user of Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from cds_service.errors import StoreUnavailable


def current(connection: Connection) -> str:
    """The revision that the database is at, empty for none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def newest() -> str:
    """The revision of this release's tables."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def upgrade(connection: Connection) -> None:
    """Brings the tables to the newest revision within the connection's transaction. Raises StoreUnavailable for tables of a later one."""
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise StoreUnavailable("its tables are of a release that this one does not know") from None


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
