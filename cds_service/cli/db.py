"""`cds-service db`: the tables of the feedback database."""

from pathlib import Path

import click

from cds_service.cli._options import config_option, console
from cds_service.settings import load


@click.group()
def command() -> None:
    """Look after the database."""


@command.command()
@config_option
def upgrade(config: Path | None) -> None:
    """Update the tables to this release. It may be repeated; an SQLite file is updated by itself when the service starts."""
    from cds_service.store.database import Database
    from cds_service.store.tables import REVISION

    database = Database(load(config).database_url)
    before = database.revision()
    database.upgrade()
    console.print(
        f"At revision {REVISION} already" if before == REVISION else f"From revision {before or 'none'} to {REVISION}"
    )
