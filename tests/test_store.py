"""The same behaviour on SQLite and on a real PostgreSQL: records are kept, counted once, and purged."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Event
from time import monotonic
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from cds_service import __version__
from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.feedback.summarise import COLUMNS, summarise, write_csv
from cds_service.store.database import Database
from cds_service.store.medication_lists import add_list_answers, list_histories
from cds_service.store.records import (
    DisplayedCard,
    FeedbackEntry,
    FeedbackOutcome,
    ListAnswer,
    ListHistory,
    OverrideReason,
    Showing,
    Tally,
    identity,
)
from cds_service.store.repository import (
    add_feedback,
    add_showings,
    feedback_on_unknown_cards,
    first_shown,
    joined,
    overridden,
    purge,
    spend_token,
    tallies,
)
from cds_service.store.tables import REVISION
from tests.postgres import Postgres

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/feedback.sqlite3"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.database()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    database = Database(address)
    database.upgrade()
    yield database
    database.close()


def card(rules: str = "severe_pain", indicator: str = "info") -> DisplayedCard:
    return DisplayedCard(uuid4(), "suitability", indicator, "suitable", tuple(rules.split()), "2026.11.0")


def showing(*cards: DisplayedCard, at: datetime = NOW) -> Showing:
    return Showing(uuid4(), "order-sign", "vertebroplasty-suitability", "", at, cards)


def said(about: UUID, outcome: str = "accepted", *, reason: str = "", at: datetime = NOW) -> FeedbackEntry:
    return FeedbackEntry(
        about, FeedbackOutcome(outcome), at, at, reason=OverrideReason("urn:r", reason, "Why") if reason else None
    )


def test_cards_are_counted_with_what_became_of_them(database: Database):
    one, two, three = card(), card(), card("inr_above_limit severe_pain", "critical")
    add_showings(database, [showing(one, two), showing(three, at=NOW + timedelta(days=1))])
    add_feedback(database, [said(one.uuid), said(three.uuid, "overridden", reason="need-more-info")])
    first, both = ("severe_pain",), ("inr_above_limit", "severe_pain")
    assert tallies(database) == [
        Tally(date(2026, 11, 22), first, "suitability", "info", None, "", 1),
        Tally(date(2026, 11, 22), first, "suitability", "info", FeedbackOutcome.ACCEPTED, "", 1),
        Tally(date(2026, 11, 23), both, "suitability", "critical", FeedbackOutcome.OVERRIDDEN, "need-more-info", 1),
    ]


def test_the_last_word_on_a_card_counts(database: Database):
    shown = card()
    add_showings(database, [showing(shown)])
    add_feedback(
        database, [said(shown.uuid, "accepted", at=NOW + timedelta(minutes=5)), said(shown.uuid, "overridden")]
    )
    assert [(tally.outcome, tally.cards) for tally in tallies(database)] == [(FeedbackOutcome.ACCEPTED, 1)]
    assert len(list(joined(database))) == 2


def test_a_card_is_known_again_by_its_key_once_it_was_overridden(database: Database):
    shown = replace(card(), key="k" * 64)
    add_showings(database, [showing(shown)])

    def known(key: str = "k" * 64, client: str = "", since: datetime = NOW) -> bool:
        return bool(overridden(database, client, {key, "one more"}, since))

    assert not known()
    add_feedback(database, [said(shown.uuid, "overridden", at=NOW + timedelta(minutes=1))])
    assert known()
    assert not known(key="another")
    assert not known(client="another")
    assert not known(since=NOW + timedelta(minutes=2))
    add_feedback(database, [said(shown.uuid, "accepted", at=NOW + timedelta(minutes=3))])
    assert not known()


def test_a_retried_call_counts_once(database: Database):
    shown = card()
    add_showings(database, [showing(shown)])
    add_showings(database, [showing(shown), showing(card())])
    assert sum(tally.cards for tally in tallies(database)) == 2


def test_feedback_on_unknown_cards_is_kept(database: Database):
    add_feedback(database, [said(uuid4(), "overridden")])
    assert feedback_on_unknown_cards(database) == 1
    assert [row["card_topic"] for row in joined(database)] == [None]


def test_only_cards_since_a_day_are_counted(database: Database):
    add_showings(database, [showing(card(), at=NOW - timedelta(days=3)), showing(card())])
    assert [tally.day for tally in tallies(database, NOW - timedelta(days=1))] == [date(2026, 11, 22)]


def test_only_cards_until_a_day_are_counted(database: Database):
    midnight = NOW.replace(hour=0)
    add_showings(database, [showing(card(), at=midnight - timedelta(seconds=1)), showing(card(), at=midnight)])
    assert [tally.day for tally in tallies(database, until=midnight)] == [date(2026, 11, 21)]
    assert tallies(database, midnight, midnight) == []


def test_the_oldest_card_is_known(database: Database):
    assert first_shown(database) is None
    add_showings(database, [showing(card()), showing(card(), at=NOW - timedelta(days=3))])
    assert first_shown(database) == NOW - timedelta(days=3)


def test_the_last_call_that_answered_a_list_is_known(database: Database):
    def note(days: int, *, answered: bool, client: str = "North", section: str = "medication-requests") -> None:
        add_list_answers(database, [ListAnswer(client, section, answered, NOW + timedelta(days=days))])

    assert list_histories(database) == []
    note(0, answered=False)
    note(0, answered=True, client="South")
    assert list_histories(database) == [
        ListHistory("North", "medication-requests", NOW, NOW, None),
        ListHistory("South", "medication-requests", NOW, NOW, NOW),
    ]
    note(1, answered=True)
    note(2, answered=False)
    first = list_histories(database)[0]
    assert first == ListHistory("North", "medication-requests", NOW, NOW + timedelta(days=2), NOW + timedelta(days=1))


def test_days_are_those_of_utc(database: Database):
    from datetime import timezone

    at = datetime(2026, 11, 23, 1, tzinfo=timezone(timedelta(hours=5)))
    add_showings(database, [showing(card(), at=at)])
    assert [tally.day for tally in tallies(database)] == [date(2026, 11, 22)]


def test_an_export_joins_feedback_to_its_card(database: Database):
    shown = card("inr_above_limit")
    add_showings(database, [showing(shown)])
    add_feedback(database, [said(shown.uuid, "overridden", reason="=cmd()")])
    target = StringIO()
    assert write_csv(joined(database), target) == 1
    heading, line = target.getvalue().splitlines()
    row = dict(zip(heading.split(","), line.split(","), strict=True))
    assert tuple(row) == COLUMNS
    assert (row["card"], row["card_rules"], row["card_at"]) == (str(shown.uuid), "inr_above_limit", NOW.isoformat())
    assert row["reason_code"] == "'=cmd()"
    assert (row["card_knowledge"], row["card_release"]) == (shown.knowledge, __version__)


def test_purging_deletes_what_is_older(database: Database):
    old, new = card(), card()
    add_showings(database, [showing(old, at=NOW - timedelta(days=9)), showing(new)])
    add_feedback(database, [said(old.uuid, at=NOW - timedelta(days=9)), said(new.uuid)])
    assert purge(database, NOW - timedelta(days=1)) == (1, 1)
    assert [row["card"] for row in joined(database)] == [new.uuid]


def test_a_token_is_spent_once_until_it_expires(database: Database):
    end = NOW + timedelta(minutes=5)
    assert spend_token(database, "https://a.example", "1", end, NOW)
    assert not spend_token(database, "https://a.example", "1", end, NOW)
    assert spend_token(database, "https://b.example", "1", end, NOW)
    assert spend_token(database, "https://a.example", "1", end + timedelta(hours=1), end + timedelta(seconds=1))


def test_upgrading_twice_changes_nothing(database: Database):
    database.upgrade()
    assert database.revision() == REVISION


def test_the_revision_of_the_tables_is_that_of_the_newest_migration():
    from alembic.script import ScriptDirectory

    from cds_service.store import migrations

    assert ScriptDirectory(migrations.__path__[0]).get_heads() == [REVISION]


def test_migrations_make_the_tables_that_the_code_uses(database: Database):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from cds_service.store.tables import metadata

    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_many_at_once_find_one_upgrade(address: str):
    databases = [Database(address) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Database.upgrade, databases))
    assert [database.is_current for database in databases] == [True] * 4
    for database in databases:
        database.close()


def test_a_database_of_a_later_release_is_left_alone(database: Database, address: str):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    older = Database(address)
    with pytest.raises(StoreUnavailable, match="release"):
        add_feedback(older, [said(uuid4())])
    older.close()


def test_a_new_sqlite_file_needs_no_command(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/new.sqlite3")
    add_feedback(database, [said(uuid4())])
    assert feedback_on_unknown_cards(database) == 1
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("address", ["postgres"], indirect=True)
def test_postgresql_is_changed_only_by_command(address: str):
    database = Database(address)
    with pytest.raises(StoreUnavailable, match="db upgrade"):
        add_feedback(database, [said(uuid4())])
    database.upgrade()
    add_feedback(database, [said(uuid4())])
    database.close()


@pytest.mark.parametrize("address", ["sqlite:////no/such/folder/f.sqlite3", "postgresql://nobody@127.0.0.1:9/none"])
def test_a_database_out_of_reach_is_said(address: str):
    database = Database(address)
    with pytest.raises(StoreUnavailable):
        add_feedback(database, [said(uuid4())])
    with pytest.raises(StoreUnavailable):
        database.upgrade()
    with pytest.raises(StoreUnavailable):
        database.revision()
    database.close()


@pytest.mark.postgres
@pytest.mark.parametrize("address", ["postgres"], indirect=True)
def test_a_use_that_takes_too_long_is_given_up(database: Database):
    woken = Event()

    def sleep() -> None:
        with database.transaction() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(0.8)")
        woken.set()

    started = monotonic()
    with pytest.raises(StoreUnavailable, match="in time"):
        database.within(0.05, sleep)
    assert monotonic() - started < 0.7
    assert database.within(20, lambda: database.is_current)
    assert woken.wait(20)  # or its connection would be given back to a database that is closed


@pytest.mark.parametrize("address", ["nonsense", "mysql://h/d", "sqlite+what:///f"])
def test_a_wrong_address_stops_the_start(address: str):
    with pytest.raises(SettingsError):
        Database(address)


def test_the_password_is_never_shown():
    database = Database("postgresql://u:hunter2@127.0.0.1:9/d")
    assert "hunter2" not in database.address
    with pytest.raises(StoreUnavailable) as error:
        database.revision()
    assert "hunter2" not in str(error.value)


def test_a_summary_counts_a_card_for_each_of_its_rules():
    day = date(2026, 11, 22)
    told = summarise(
        [
            Tally(day, ("a", "b"), "t", "info", FeedbackOutcome.ACCEPTED, "", 3),
            Tally(day, ("a",), "t", "info", FeedbackOutcome.OVERRIDDEN, "patient-refuses", 1),
            Tally(date(2026, 10, 1), ("a",), "t", "info", FeedbackOutcome.OVERRIDDEN, "", 2),
            Tally(day, ("c",), "t", "info", None, "", 5),
        ]
    )
    assert [(row.name, row.shown, row.accepted, row.overridden) for row in told.rules] == [
        ("a", 6, 3, 3), ("c", 5, 0, 0), ("b", 3, 3, 0),
    ]  # fmt: skip
    assert [(row.name, row.shown) for row in told.months] == [("2026-10", 2), ("2026-11", 9)]
    assert told.reasons == (("none given", 2), ("patient-refuses", 1))
    assert (told.total.shown, told.total.overridden_share) == (11, 0.5)
    assert told.rules[1].overridden_share is None


def test_a_text_that_is_no_uuid_is_not_kept_as_it_is():
    given = uuid4()
    assert identity(str(given).upper()) == given == identity(f"urn:uuid:{given}")
    assert identity("Mrs Smith") == identity("Mrs Smith") != identity("Mr Smith")
