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
from sqlalchemy import Connection, inspect

from cds_service import __version__
from cds_service.errors import SettingsError, StoreUnavailable
from cds_service.feedback.summarise import COLUMNS, summarise, write_csv
from cds_service.store.database import Database
from cds_service.store.medication_lists import add_list_answers, list_histories
from cds_service.store.records import (
    CallOrigin,
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
    cards_of_trials,
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
OLD = UUID("00000000-0000-4000-8000-000000000001")


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


def showing(*cards: DisplayedCard, at: datetime = NOW, origin: CallOrigin = CallOrigin.CLIENT) -> Showing:
    return Showing(uuid4(), "order-sign", "vertebroplasty-suitability", "", at, cards, origin)


def said(
    about: UUID, outcome: str = "accepted", *, reason: str = "", at: datetime = NOW, taken: tuple[UUID, ...] = ()
) -> FeedbackEntry:
    why = OverrideReason("urn:r", reason, "Why") if reason else None
    return FeedbackEntry(about, FeedbackOutcome(outcome), at, at, suggestions=taken, reason=why)


def columns_of(connection: Connection) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns("shown_card")}


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


@pytest.mark.parametrize(
    ("entries", "counts_as", "reason"),
    [
        (["accepted 0", "overridden 5 urgent"], "accepted", ""),
        (["overridden 5 urgent", "accepted 0"], "accepted", ""),
        (["overridden 0 urgent", "accepted 5"], "accepted", ""),
        (["accepted 0", "accepted 5", "overridden 9"], "accepted", ""),
        (["overridden 0 urgent taken"], "accepted", ""),
        (["overridden 0 urgent taken", "overridden 5 done-elsewhere"], "accepted", ""),
        (["overridden 0 urgent", "overridden 5 done-elsewhere"], "overridden", "done-elsewhere"),
        (["overridden 5 done-elsewhere", "overridden 0 urgent"], "overridden", "done-elsewhere"),
        (["overridden 0 urgent", "overridden 0 done-elsewhere"], "overridden", "done-elsewhere"),
        (["overridden 0 urgent", "overridden 5"], "overridden", ""),
    ],
)
def test_a_suggestion_that_was_accepted_is_not_undone(
    database: Database, entries: list[str], counts_as: str, reason: str
):
    shown, other = card(), card()
    add_showings(database, [showing(shown, other)])
    told = []
    for outcome, minutes, *rest in map(str.split, entries):
        taken = (uuid4(),) if "taken" in rest or outcome == "accepted" else ()
        why = next((word for word in rest if word != "taken"), "")
        told.append(said(shown.uuid, outcome, reason=why, at=NOW + timedelta(minutes=int(minutes)), taken=taken))
    add_feedback(database, told)
    counted = {tally.outcome: (tally.cards, tally.reason) for tally in tallies(database)}
    assert counted == {None: (1, ""), FeedbackOutcome(counts_as): (1, reason)}
    kept = list(joined(database))
    assert {row["card_outcome"] for row in kept} == {counts_as}
    assert [(row["outcome"], row["reason_code"], row["suggestions"]) for row in kept] == [
        (entry.outcome, entry.reason.code if entry.reason else "", tuple(map(str, entry.suggestions))) for entry in told
    ]


@pytest.mark.parametrize(
    ("entries", "is_known"),
    [
        (["first overridden 0"], True),
        (["first accepted 0", "first overridden 5"], False),
        (["first overridden 0", "second accepted 5"], False),
        (["second accepted 0", "first overridden 5"], True),
        (["first accepted 0", "first overridden 5", "second overridden 9"], True),
        (["trial overridden 0"], False),
        (["first overridden 0", "trial accepted 5"], True),
    ],
)
def test_a_card_is_kept_quiet_unless_it_was_acted_on(database: Database, entries: list[str], *, is_known: bool):
    shown = {name: replace(card(), key="k" * 64) for name in ("first", "second", "trial")}
    add_showings(database, [showing(shown["first"]), showing(shown["second"])])
    add_showings(database, [showing(shown["trial"], origin=CallOrigin.SELF_TEST)])
    for name, outcome, minutes in map(str.split, entries):
        add_feedback(database, [said(shown[name].uuid, outcome, at=NOW + timedelta(minutes=int(minutes)))])
    assert overridden(database, "", ["k" * 64], NOW) == ({"k" * 64} if is_known else frozenset())


@pytest.mark.parametrize("origin", [origin for origin in CallOrigin if origin is not CallOrigin.CLIENT])
def test_what_our_own_tools_were_sent_is_kept_and_not_counted(database: Database, origin: CallOrigin):
    tried, shown = card("inr_above_limit"), card()
    add_showings(database, [showing(tried, at=NOW - timedelta(days=9), origin=origin), showing(shown)])
    add_feedback(database, [said(tried.uuid, "overridden", reason="urgent"), said(shown.uuid)])
    assert [(tally.rules, tally.outcome) for tally in tallies(database)] == [(shown.rules, FeedbackOutcome.ACCEPTED)]
    assert first_shown(database) == NOW
    assert cards_of_trials(database) == 1
    assert feedback_on_unknown_cards(database) == 0
    assert [row["card_origin"] for row in joined(database)] == [origin.value, "client"]


@pytest.mark.parametrize("together", [True, False])
def test_what_a_client_was_sent_is_counted_whatever_was_tried_before_or_after(database: Database, *, together: bool):
    same = card()
    sent = [
        showing(same, at=NOW + timedelta(days=origin is CallOrigin.CLIENT), origin=origin)
        for origin in (CallOrigin.SELF_TEST, CallOrigin.CLIENT, CallOrigin.REPLAY)
    ]
    for batch in [sent] if together else [[one] for one in sent]:
        add_showings(database, batch)
    assert [(tally.day, tally.cards) for tally in tallies(database)] == [(date(2026, 11, 23), 1)]
    assert cards_of_trials(database) == 0


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


def test_a_database_of_the_release_before_keeps_its_rows_and_counts(address: str):
    from alembic import command
    from sqlalchemy import text

    from cds_service.store.revisions import alembic_config

    database = Database(address)
    tables = {}
    with database.engine.begin() as connection:
        config = alembic_config(connection)
        command.upgrade(config, "0004")
        tables["before"] = columns_of(connection)
        connection.execute(
            text(
                "INSERT INTO shown_card (uuid, hook_instance, hook, service, client, topic, indicator, disposition, rules, knowledge, at)"
                " VALUES (:uuid, :uuid, 'order-sign', 's', '', 'suitability', 'info', 'suitable', 'severe_pain', '2026.11.0', :at)"
            ),
            {"uuid": OLD.hex, "at": str(NOW.replace(tzinfo=None))},
        )
    assert not database.is_current
    database.upgrade()
    add_feedback(database, [said(OLD, "accepted"), said(OLD, "overridden", at=NOW + timedelta(minutes=1))])
    before = [Tally(date(2026, 11, 22), ("severe_pain",), "suitability", "info", FeedbackOutcome.ACCEPTED, "", 1)]
    assert tallies(database) == before
    assert (first_shown(database), cards_of_trials(database)) == (NOW, 0)
    add_showings(database, [showing(card(), origin=CallOrigin.REPLAY)])
    with database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0004")
        assert columns_of(connection) == tables["before"]
    database.upgrade()
    assert sum(tally.cards for tally in tallies(database)) == 2  # the mark is gone with its column
    assert len(list(joined(database))) == 2
    database.close()


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
