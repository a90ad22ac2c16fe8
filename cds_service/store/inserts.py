"""Inserts that say what becomes of a row that is there already, in the dialect of the database."""

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Insert, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_new(connection: Connection, table: Table) -> Insert:
    """An insert that leaves a row alone whose key is there already."""
    return insert(connection, table).on_conflict_do_nothing()


def insert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An insert that can say what becomes of a row that is there already; only the dialect in use is imported."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
