"""The commands around the service: settings checked, feedback summarised and purged, the database upgraded."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.rules import catalogue
from cds_service.store.database import Database
from cds_service.store.records import (
    CallOrigin,
    DisplayedCard,
    FeedbackEntry,
    FeedbackOutcome,
    OverrideReason,
    Showing,
)
from cds_service.store.repository import add_feedback, add_showings
from cds_service.store.tables import REVISION
from tests.fhir_servers import free_port
from tests.tokens import key_set

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LONGEST = max((rule.id for rule in catalogue()), key=len)


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/f.sqlite3"
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    return url


@pytest.fixture
def filled(address: str) -> str:
    """Two cards of two rules, one overridden and one of a replay, which was accepted; one entry about a card that is not on record."""
    database = Database(address)
    rules = ("severe_pain", LONGEST)
    cards = [DisplayedCard(uuid4(), "suitability", "info", "suitable", rules, "1") for _ in range(2)]
    tried = DisplayedCard(uuid4(), "suitability", "info", "suitable", ("pregnancy",), "1")
    add_showings(
        database,
        [
            Showing(uuid4(), "order-sign", "s", "", NOW, tuple(cards)),
            Showing(uuid4(), "order-sign", "s", "", NOW, (tried,), CallOrigin.REPLAY),
        ],
    )
    reason = OverrideReason("urn:r", "need-more-info")
    said = FeedbackEntry(cards[0].uuid, FeedbackOutcome.OVERRIDDEN, NOW, NOW, reason=reason)
    old = FeedbackEntry(uuid4(), FeedbackOutcome.ACCEPTED, NOW, NOW - timedelta(days=400))
    replayed = FeedbackEntry(tried.uuid, FeedbackOutcome.ACCEPTED, NOW, NOW)
    add_feedback(database, [said, old, replayed])
    database.close()
    return address


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def words(line: str) -> list[str]:
    return line.replace("│", " ").split()


def test_each_module_beside_the_group_is_a_command():
    help_text = run("--help").output
    assert all(f"\n  {name} " in help_text for name in ("config", "db", "feedback", "replay", "serve"))
    assert run("door").exit_code == run("nothing").exit_code == 2


def test_a_laptop_configuration_is_told_in_words(address: str):
    told = run("config", "check")
    assert told.exit_code == 0
    assert "http://127.0.0.1:8000/cds-services" in told.output
    assert "Only this machine can reach the service" in told.output
    assert "Warning: no order code of the site" in told.output


def test_clients_are_told_in_words(tmp_path: Path, address: str):
    file = tmp_path / "site.toml"
    file.write_text(
        'public_url = "https://cds.example"\ntime_zone = "Europe/Berlin"\n'
        '[[order_codes]]\nsystem = "urn:site"\ncode = "VP1"\n'
        '[[clients]]\nname = "North"\nissuer = "https://ehr.example"\njku = ["https://ehr.example/keys"]\nshadow = true\n'
    )
    told = run("config", "check", "--config", str(file)).output
    assert all(text in told for text in ("North", "https://ehr.example/keys", "no cards are returned", "Europe/Berlin"))
    assert "prefetch only" in told
    assert "Warning" not in told


def test_what_a_client_may_is_told_in_words(tmp_path: Path, address: str):
    file = tmp_path / "site.toml"
    file.write_text(
        'public_url = "https://cds.example"\nretention_days = 90\ncard_key = "s"\n'
        '[[clients]]\nname = "North"\nissuer = "https://ehr.example"\njwks = "keys.json"\nhooks = ["order-sign"]\n'
        'audiences = ["https://other.example/cds"]\nfhir_origins = ["https://fhir.example"]\n'
        "fhir_on_private_network = true\nfhir_search_by_post = true\nbody_limit = 5_000_000\ndeadline_ms = 250\n"
        "calls_per_minute = 600\nmay_set_as_of = true\nquiet_days = 7\nstamp_orders = true\n"
    )
    (tmp_path / "keys.json").write_bytes(key_set("P-384"))
    told = run("config", "check", "--config", str(file)).output
    for words in (
        "Clients must sign their calls.", "What is older than 90 days is deleted every day.",
        f"North (https://ehr.example): keys from {tmp_path}/keys.json; hooks order-sign",
        "data may be fetched from https://fhir.example; searches are posted; names of these servers may lead to the private network",
        "its tokens may also be meant for https://other.example/cds", "an answer takes at most 250 ms", "a body may hold 5 MB",
        "at most 600 calls a minute and process", "may set the assessment time", "not repeated at signing for 7 days",
        "draft orders are stamped",
    ):  # fmt: skip
        assert words in told


def test_a_wrong_setting_is_one_line_and_no_trace(tmp_path: Path):
    file = tmp_path / "site.toml"
    file.write_text("prot = 1\n")
    told = run("config", "check", "--config", str(file))
    assert told.exit_code == 1
    assert told.output == f"Error: {file}: prot: no such setting\n"


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ('{client}jwks = "none.json"', "none.json: cannot be read: No such file"),
        ('{client}jwks = "empty.json"', "empty.json: is not a JWK Set with a public key"),
        ('certificate_authorities = "none.pem"', "none.pem: cannot be read: No such file"),
        ('certificate_authorities = "empty.json"', "empty.json: holds no certificate in PEM"),
        ('host = "0.0.0.0"', "no client is configured"),
        ('database_url = "mysql://h/d"', "only sqlite and postgresql are supported"),
    ],
)
@pytest.mark.parametrize("command", ["config check", "serve"])
def test_what_would_stop_each_process_is_told_once_and_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, setting: str, says: str
):
    client = '[[clients]]\nname = "North"\nissuer = "https://ehr.example"\n'
    (tmp_path / "empty.json").write_text('{"keys": []}')
    file = tmp_path / "site.toml"
    file.write_text(setting.replace("{client}", client))
    monkeypatch.setenv("CDS_CONFIG", str(file))
    monkeypatch.setenv("CDS_PORT", str(free_port()))
    told = run(*command.split())
    assert (told.exit_code, told.output.count("Error: "), told.output.count(says)) == (1, 1, 1)
    assert isinstance(told.exception, SystemExit)


def test_a_summary(filled: str):
    told = run("feedback", "summary").output
    assert "accepted if any of its suggestions was" in told
    assert "for each rule that speaks on it" in told
    assert "Cards of replays, the workbench and tests at /connect, of any day, not counted: 1." in " ".join(
        told.split()
    )
    assert "pregnancy" not in told
    lines = [words(line) for line in told.splitlines()]
    assert ["severe_pain", "2", "0", "1", "100%"] in lines
    assert [LONGEST, "2", "0", "1", "100%"] in lines
    assert ["2026-11", "2", "0", "1", "100%"] in lines
    assert ["need-more-info", "1"] in lines
    assert ["1", "entries", "are", "about", "cards", "that", "are", "not", "on", "record."] in lines
    assert "severe_pain" not in run("feedback", "summary", "--since", "2026-11-23").output


def test_an_export(filled: str, tmp_path: Path):
    rows = list(csv.DictReader(StringIO(run("feedback", "export").output)))
    told = [(row["outcome"], row["card_outcome"], row["card_rules"], row["card_origin"]) for row in rows]
    assert told == [
        ("overridden", "overridden", f"severe_pain {LONGEST}", "client"),
        ("accepted", "accepted", "", ""),
        ("accepted", "accepted", "pregnancy", "replay"),
    ]
    file = tmp_path / "feedback.csv"
    assert "3 entries" in run("feedback", "export", "--output", str(file)).output
    assert list(csv.DictReader(StringIO(file.read_text()))) == rows


def test_purging_by_day_and_by_retention(filled: str, monkeypatch: pytest.MonkeyPatch):
    assert run("feedback", "purge").exit_code == 2
    assert (
        "Deleted 1 entries of feedback and 0 shown cards" in run("feedback", "purge", "--before", "2026-01-01").output
    )
    monkeypatch.setenv("CDS_RETENTION_DAYS", "36500")
    assert "Deleted 0 entries" in run("feedback", "purge").output


def test_an_upgrade_can_be_repeated(address: str):
    assert run("db", "upgrade").output == f"From revision none to {REVISION}\n"
    assert run("db", "upgrade").output == f"At revision {REVISION} already\n"


def test_a_database_out_of_reach_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CDS_DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/d")
    for arguments in (("db", "upgrade"), ("feedback", "summary"), ("feedback", "export")):
        told = run(*arguments)
        assert (told.exit_code, told.output.count("\n")) == (1, 1)
        assert "hunter2" not in told.output
