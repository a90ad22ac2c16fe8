"""The page of feedback: what it counts, over which days, who may read it, and what it says when there is nothing to read."""

import csv
import html
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.app import create_app
from cds_service.feedback.summarise import TALLY_COLUMNS
from cds_service.feedback.trend import TimeUnit, trend
from cds_service.logs import log_to
from cds_service.settings import Client, Settings
from cds_service.store.database import Database
from cds_service.store.records import (
    CallOrigin,
    DisplayedCard,
    FeedbackEntry,
    FeedbackOutcome,
    OverrideReason,
    Showing,
    Tally,
)
from cds_service.store.repository import add_feedback, add_showings
from cds_service.web.charts import columns, scale, shade
from tests.test_pages import Elements
from tests.tokens import ISSUER, key_set, token

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BASE = "https://cds.example"
EVIL = '=cmd|"><script>alert(1)</script>'
HTML = {"Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/f.sqlite3")


@pytest.fixture
def serve(tmp_path: Path) -> Callable[..., FlaskClient]:
    def make(**chosen: Any) -> FlaskClient:
        usual = {"database_url": f"sqlite:///{tmp_path}/f.sqlite3"}
        return create_app(Settings(**usual | chosen), now=lambda: NOW).test_client()

    return make


@pytest.fixture
def guarded(serve: Callable[..., FlaskClient], tmp_path: Path) -> Callable[..., FlaskClient]:
    """A service with one client, whose pages are switched on unless told otherwise."""
    keys = tmp_path / "keys.json"
    keys.write_bytes(key_set("P-384"))
    client = Client(issuer=ISSUER, name="North", jwks=keys)
    return lambda **chosen: serve(**{"clients": (client,), "public_url": BASE, "pages": True} | chosen)


def shown(
    database: Database,
    rules: str,
    at: datetime = NOW,
    outcome: str = "",
    reason: str = "",
    origin: CallOrigin = CallOrigin.CLIENT,
) -> UUID:
    """One card on record, with what was said about it."""
    card = DisplayedCard(uuid4(), "suitability", "warning", "caution", tuple(rules.split()), "2026.11.0")
    add_showings(database, [Showing(uuid4(), "order-sign", "vertebroplasty-suitability", "", at, (card,), origin)])
    if outcome:
        why = OverrideReason("urn:r", reason) if reason else None
        add_feedback(database, [FeedbackEntry(card.uuid, FeedbackOutcome(outcome), at, at, reason=why)])
    return card.uuid


def figures(text: str) -> list[str]:
    """The figures at the head of the page: shown, accepted, overridden, without an answer, share overridden."""
    found = re.search(r'<dl class="figures">(.*?)</dl>', text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<dd>(.*?)</dd>", found[1])] if found else []


def table(text: str, section: str) -> list[list[str]]:
    """The first table of a section, as text; what only draws is left out."""
    part = text.partition(f'aria-labelledby="{section}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(re.sub(r"<[^>]+>|\s+", " ", cell)).strip() for cell in row] for row in cells]


def test_cards_are_counted_by_time_by_rule_and_by_reason(serve, database: Database):
    shown(database, "severe_pain inr_above_limit", outcome="overridden", reason="urgent")
    shown(database, "severe_pain", outcome="accepted")
    shown(database, "severe_pain", at=NOW - timedelta(days=60))
    shown(database, "severe_pain", at=NOW - timedelta(days=60), outcome="overridden")
    text = serve().get("/feedback").text
    assert figures(text) == ["4", "1", "2", "1", "67 %"]
    weeks = [row for row in table(text, "over-time") if row[1] != "0"]
    assert weeks == [
        ["Week of 23 Sep 2026", "2", "0", "1", "1", "100 %"],
        ["Week of 16 Nov 2026", "2", "1", "1", "0", "50 %"],
    ]
    assert [row[:5] for row in table(text, "by-rule")] == [
        ["Severe pain", "4", "1", "2", "67 %"],
        ["INR or fibrinogen not shown within limits", "1", "0", "1", "100 %"],
    ]
    assert [row[:3] for row in table(text, "reasons")] == [
        ["No reason given", "1", "50 %"],
        ["Urgent: waiting is the greater risk", "1", "50 %"],
    ]


def test_a_card_that_was_acted_on_and_then_dismissed_counts_as_accepted(serve, database: Database):
    uuid = shown(database, "severe_pain", outcome="accepted")
    later = NOW + timedelta(minutes=1)
    dismissed = FeedbackEntry(uuid, FeedbackOutcome.OVERRIDDEN, later, later, reason=OverrideReason("urn:r", "urgent"))
    add_feedback(database, [dismissed])
    client = serve()
    text = client.get("/feedback").text
    assert "as accepted if any of its suggestions was, even if it was dismissed too" in text
    assert "for each rule that speaks in its summary or reasons" in text
    assert figures(text)[:3] == ["1", "1", "0"]
    assert 'id="reasons"' not in text
    [row] = csv.DictReader(StringIO(client.get("/feedback.csv").text))
    assert (row["outcome"], row["reason"], row["cards"]) == ("accepted", "", "1")


def test_what_no_clinician_saw_is_said_and_not_counted(serve, database: Database):
    client = serve()
    shown(database, "pregnancy", NOW - timedelta(days=1000), "overridden", "urgent", CallOrigin.WORKBENCH)
    text = client.get("/feedback").text
    assert "No card has been shown yet" in text
    assert "What is tried on the" in text
    assert "1 card of the workbench, of replays and of the test of a connection, of any day, is on record" in text
    shown(database, "severe_pain", outcome="accepted")
    shown(database, "pregnancy", outcome="overridden", reason="urgent", origin=CallOrigin.SELF_TEST)
    text = client.get("/feedback?from=").text
    assert figures(text)[:3] == ["1", "1", "0"]
    assert [row[0] for row in table(text, "by-rule")] == ["Severe pain"]
    assert "2 cards of the workbench" in text
    assert "pregnancy" not in client.get("/feedback.csv?from=").text


def test_the_page_keeps_to_its_policy(serve, database: Database):
    shown(database, "severe_pain", outcome="overridden", reason="urgent")
    page = Elements(serve().get("/feedback").text)
    assert page.blocked == []
    assert len(page.ids) == len(set(page.ids))


def test_one_rule_is_seen_alone(serve, database: Database):
    shown(database, "severe_pain", outcome="accepted")
    shown(database, "inr_above_limit", outcome="overridden", reason="urgent")
    text = serve().get("/feedback?rule=inr_above_limit").text
    assert figures(text)[:3] == ["1", "0", "1"]
    assert 'href="/rules/inr_above_limit"' in text
    assert 'id="by-rule"' not in text
    retired = serve().get("/feedback?rule=retired_rule").text
    assert "which is no rule of this release" in retired
    assert "No card of this rule was shown in this period" in retired


@pytest.mark.parametrize(
    ("sort", "first"),
    [("shown", "Severe pain"), ("overridden", "INR or fibrinogen not shown within limits"), ("share", "Pregnancy")],
)
def test_rules_are_sorted(serve, database: Database, sort: str, first: str):
    for _ in range(3):
        shown(database, "severe_pain", outcome="accepted")
    shown(database, "pregnancy", outcome="overridden")
    for outcome in ("overridden", "overridden", "accepted"):
        shown(database, "inr_above_limit", outcome=outcome)
    shown(database, "severe_pain")
    assert table(serve().get(f"/feedback?sort={sort}").text, "by-rule")[0][0] == first


@pytest.mark.parametrize(
    ("query", "counted"),
    [
        ("", 3),
        ("?from=", 4),
        ("?from=2026-11-22", 1),
        ("?from=2026-11-21&to=2026-11-21", 1),
        ("?from=2026-11-01&to=", 2),
        ("?from=2020-01-01&to=2024-12-31", 1),
        ("?from=2999-01-01&to=2999-01-02", 0),
        ("?from=1900-01-01&to=1900-12-31", 0),
    ],
)
def test_a_period_holds_its_first_and_its_last_day(serve, database: Database, query: str, counted: int):
    for at in (NOW, datetime(2026, 11, 21, 23, 59, tzinfo=UTC), NOW - timedelta(days=300), NOW - timedelta(days=1000)):
        shown(database, "severe_pain", at=at)
    client = serve()
    text = client.get(f"/feedback{query}").text
    assert (figures(text)[:1] or ["0"]) == [str(counted)]
    rows = list(csv.DictReader(StringIO(client.get(f"/feedback.csv{query}").text)))
    assert sum(int(row["cards"]) for row in rows) == counted


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=yesterday", "from is not a day"),
        ("to=2026-02-30", "to is not a day"),
        ("from=0001-01-01", "from is not a day"),
        ("to=9999-12-31", "to is not a day"),
        ("from=2026-11-22&to=2026-11-21", "begins after its end"),
        ("sort=nonesuch", "sorted by shown"),
    ],
)
def test_what_is_no_period_is_said(serve, query: str, says: str):
    client = serve()
    page = client.get(f"/feedback?{query}")
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert says in page.text
    outcome = client.get(f"/feedback.csv?{query}")
    assert (outcome.status_code, outcome.mimetype) == (400, "application/json")
    assert says in json.loads(outcome.data)["issue"][0]["details"]["text"]


def test_nothing_on_record_is_said(serve, database: Database):
    client = serve()
    assert "No card has been shown yet" in client.get("/feedback").text
    assert client.get("/feedback.csv").text.splitlines() == [",".join(TALLY_COLUMNS)]
    shown(database, "severe_pain", at=NOW - timedelta(days=900))
    text = client.get("/feedback").text
    assert "No card was shown in this period" in text
    assert "on record since 5 June 2024" in text
    shown(database, "severe_pain")
    assert "No feedback on these cards has come back" in client.get("/feedback").text


def test_feedback_on_cards_that_are_not_on_record_is_said(serve, database: Database):
    add_feedback(database, [FeedbackEntry(uuid4(), FeedbackOutcome.ACCEPTED, NOW, NOW)])
    assert "1 entry of feedback, of any day, is about cards that are not on record" in serve().get("/feedback").text


def test_a_card_is_in_one_row_of_the_file(serve, database: Database):
    shown(database, "severe_pain inr_above_limit", outcome="overridden", reason="urgent")
    response = serve().get("/feedback.csv")
    assert (response.mimetype, response.headers["Cache-Control"]) == ("text/csv", "no-store")
    assert response.headers["Content-Disposition"] == 'attachment; filename="feedback-2025-12-01-to-2026-11-22.csv"'
    assert list(csv.DictReader(StringIO(response.text))) == [
        {
            "day": "2026-11-22",
            "topic": "suitability",
            "indicator": "warning",
            "rules": "severe_pain inr_above_limit",
            "outcome": "overridden",
            "reason": "urgent",
            "cards": "1",
        }
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝"])
def test_a_spreadsheet_runs_nothing_of_the_file(serve, database: Database, start: str):
    shown(database, "severe_pain", outcome="overridden", reason=f"{start}HYPERLINK(1)")
    (row,) = csv.DictReader(StringIO(serve().get("/feedback.csv").text))
    assert row["reason"] == f"'{start}HYPERLINK(1)"


def test_a_reason_of_a_client_stays_text(serve, database: Database):
    shown(database, EVIL.replace(" ", ""), outcome="overridden", reason=EVIL)
    text = serve().get("/feedback").text
    assert html.escape(EVIL, quote=False).replace('"', "&#34;") in text
    assert Elements(text).blocked == []
    query = serve().get("/feedback", query_string={"rule": EVIL}).text
    assert Elements(query).blocked == []
    assert "<script>alert" not in query


@pytest.mark.parametrize("address", ["sqlite:////no/such/folder/f.sqlite3", "postgresql://nobody@127.0.0.1:9/none"])
def test_a_database_that_is_down_is_said(serve, address: str):
    client = serve(database_url=address)
    page = client.get("/feedback", headers=HTML)
    assert (page.status_code, page.mimetype, page.headers["Retry-After"]) == (503, "text/html", "30")
    assert "Feedback cannot be read now" in page.text
    outcome = client.get("/feedback.csv")
    assert (outcome.status_code, outcome.headers["Retry-After"]) == (503, "30")
    assert json.loads(outcome.data)["issue"][0]["code"] == "transient"
    assert client.get("/feedback.csv", headers=HTML).mimetype == "text/html"
    assert client.get("/").status_code == 200


def bearer(audience: str = f"{BASE}/feedback") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(NOW, audience)}"}


def test_where_clients_are_configured_only_they_read_it(guarded, database: Database):
    shown(database, "severe_pain", outcome="accepted")
    client, once = guarded(), bearer()
    assert figures(client.get("/feedback", headers=once).text)[:2] == ["1", "1"]
    assert client.get("/feedback", headers=once).status_code == 401
    assert client.get("/feedback.csv", headers=bearer()).text.count("severe_pain") == 1


@pytest.mark.parametrize("sent", ["", "x", "for another address"])
def test_others_are_told_how_and_nothing_else(guarded, database: Database, sent: str):
    headers = bearer(f"{BASE}/cds-services") if " " in sent else {"Authorization": f"Bearer {sent}"} if sent else {}
    shown(database, "severe_pain")
    page = guarded().get("/feedback", headers=headers)
    assert (page.status_code, page.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert f"<code>{BASE}/feedback</code>" in page.text
    assert figures(page.text) == []
    assert Elements(page.text).blocked == []
    file = guarded().get("/feedback.csv", headers=headers)
    assert (file.status_code, file.mimetype) == (401, "application/json")
    assert guarded().get("/feedback.csv", headers=headers | HTML).mimetype == "text/html"


def test_why_somebody_was_not_let_in_is_in_the_log(guarded):
    log_to(stream := StringIO())
    guarded().get("/feedback", headers=bearer(f"{BASE}/cds-services"))
    reasons = [line for line in map(json.loads, stream.getvalue().splitlines()) if line["event"] == "not let in"]
    assert [line["reason"] for line in reasons] == [f"the audience, {BASE}/cds-services, is not one of {BASE}/feedback"]


def test_beside_clients_the_page_is_off_unless_switched_on(guarded, serve, tmp_path: Path):
    client = Client(issuer=ISSUER, name="North", jwks=tmp_path / "keys.json")
    quiet = serve(clients=(client,), public_url=BASE)
    assert {quiet.get(path).status_code for path in ("/feedback", "/feedback.csv", "/connect")} == {404}
    assert serve(pages=False).get("/feedback").status_code == 404


def test_a_script_of_another_page_may_not_read_it(serve):
    answer = serve().get("/feedback.csv", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


@given(first=st.dates(date(2020, 1, 1), date(2026, 1, 1)), days=st.integers(0, 5000))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_spans_cover_the_period_once(first: date, days: int):
    last = first + timedelta(days=days)
    told = trend(
        [Tally(first, ("r",), "t", "info", None, "", 2), Tally(last, ("r",), "t", "info", None, "", 3)], first, last
    )
    assert (told.spans[0].first, told.spans[-1].last) == (first, last)
    assert all(after.first - before.last == timedelta(days=1) for before, after in pairwise(told.spans))
    assert sum(row.shown for row in told.all.spans) == told.all.total.shown == 5
    assert len(told.spans) <= 61


@pytest.mark.parametrize(
    ("days", "unit"),
    [
        (1, TimeUnit.DAY),
        (35, TimeUnit.DAY),
        (36, TimeUnit.WEEK),
        (182, TimeUnit.WEEK),
        (183, TimeUnit.MONTH),
        (3000, TimeUnit.YEAR),
    ],
)
def test_the_unit_follows_the_length(days: int, unit: TimeUnit):
    first = date(2020, 1, 1)
    assert trend([], first, first + timedelta(days=days - 1)).unit is unit


@given(most=st.integers(0, 10**7))
@settings(derandomize=True)
def test_a_scale_is_even_and_holds_the_highest(most: int):
    lines = scale(most)
    steps = {after - before for before, after in pairwise(lines)}
    assert lines[0] == 0
    assert len(steps) == 1
    assert len(lines) <= 6
    assert most <= lines[-1] < max(most, 1) + steps.pop()


def test_columns_are_as_high_as_what_they_count():
    drawn = columns([1, 0, 2], [1, 3, 0])
    assert (drawn.width, drawn.top) == (3, 3)
    assert [path.count("v-1h") + path.count("v-2h") + path.count("v-3h") for path in drawn.layers] == [2, 2]
    assert drawn.layers[1].startswith("M0.14 2h0.72v-1h")  # on top of the layer below


def test_shades_tell_none_from_some():
    assert [shade(number, 8) for number in (0, 1, 4, 8)] == [0, 1, 2, 4]
