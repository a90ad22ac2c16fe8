"""How a database gets to the newest revision of the tables: the only user of Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from cds_service.errors import StoreUnavailable


def upgrade(connection: Connection) -> None:
    """Brings the tables to the newest revision within the connection's transaction. Raises StoreUnavailable for tables of a later one."""
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError:
        raise StoreUnavailable("its tables are of a release that this one does not know") from None


def alembic_config(connection: Connection) -> Config:
    """What Alembic's commands need to work on the connection."""
    config = Config()
    config.attributes["connection"] = connection
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
