"""Writes and reads which medication lists callers answered, and when."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Insert, func, select

from cds_service.store.database import Database
from cds_service.store.inserts import insert
from cds_service.store.records import ListAnswer, ListHistory
from cds_service.store.tables import medication_list


def add_list_answers(database: Database, answers: Iterable[ListAnswer]) -> None:
    """Notes which medication lists callers answered, and when; the disk is not waited for."""
    rows = [_list_row(item) for item in answers]
    if not rows:
        return
    with database.transaction(on_disk=False) as connection:
        for row in rows:
            connection.execute(_note_list(connection, row))


def list_histories(database: Database) -> list[ListHistory]:
    """What is known of each medication list of each caller, by their names."""
    query = select(medication_list).order_by(medication_list.c.client, medication_list.c.section)
    with database.transaction() as connection:
        return [ListHistory(**row) for row in connection.execute(query).mappings()]


def _note_list(connection: Connection, row: dict[str, Any]) -> Insert:
    """An insert, or where the caller's list is known the later of the moments."""
    statement = insert(connection, medication_list).values(row)
    later = {
        "last_at": statement.excluded.last_at,
        "answered_at": func.coalesce(statement.excluded.answered_at, medication_list.c.answered_at),
    }
    return statement.on_conflict_do_update(index_elements=medication_list.primary_key.columns, set_=later)


def _list_row(item: ListAnswer) -> dict[str, Any]:
    return {
        "client": item.client,
        "section": item.section,
        "first_at": item.at,
        "last_at": item.at,
        "answered_at": item.at if item.answered else None,
    }
