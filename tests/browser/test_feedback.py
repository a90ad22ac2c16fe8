"""The feedback page: charts, tables and the CSV of what clinicians did with cards, and who may see them."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cds_service.store.repository import joined
from tests.browser.places import ARTIFACTS, PERIOD
from tests.browser.test_each_page import complaints
from tests.serving import Server, serving
from tests.tokens import ISSUER, key_set, token

pytestmark = pytest.mark.browser

BASE = "https://cds.example"


def test_figures_tables_and_csv_agree(page: Page):
    page.goto(f"/feedback?{PERIOD}")
    names = ("Shown", "Accepted", "Overridden", "No answer")
    figures = [
        int(page.locator(".figures > div").filter(has_text=re.compile(rf"^{name}\s*\d")).locator("dd").inner_text())
        for name in names
    ]
    assert figures[0] == sum(figures[1:]) > 100
    page.get_by_text("As a table", exact=True).click()
    table = page.get_by_role("region", name=re.compile("^Cards by"))
    rows = [row.locator("td").all_inner_texts()[:4] for row in table.locator("tbody tr").all()]
    assert [sum(int(row[place]) for row in rows) for place in range(4)] == figures
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    listed = list(csv.DictReader(Path(download.value.path()).read_text(encoding="utf-8").splitlines()))
    counted = dict.fromkeys(("accepted", "overridden", ""), 0)
    for row in listed:
        counted[row["outcome"]] += int(row["cards"])
    assert list(counted.values()) == figures[1:]


def test_a_rule_leads_to_its_cards_and_to_its_page(page: Page):
    page.goto(f"/feedback?{PERIOD}")
    rules = page.get_by_role("region", name="Rules, table")
    rules.get_by_role("link", name="Overridden", exact=True).click()
    expect(rules.locator("th[aria-sort=descending]")).to_have_text("Overridden")
    overridden = [int(text) for text in rules.locator("tbody td:nth-child(4)").all_inner_texts()]
    assert overridden == sorted(overridden, reverse=True)
    rules.get_by_role("link", name="Antithrombotic inside its hold interval").click()
    expect(page.locator(".of-rule")).to_contain_text("Antithrombotic inside its hold interval")
    page.get_by_role("link", name="What the rule says").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Antithrombotic inside its hold interval")


def test_an_override_on_the_workbench_is_kept_and_not_counted(page: Page, service: Server):
    page.goto("/?fixture=healed-fracture-partial-dates")
    card = page.locator("article.card").first
    card.locator(".override summary").click()
    card.get_by_label("A specialist advises otherwise").check()
    card.get_by_role("button", name="Send feedback").click()
    expect(card).to_contain_text("Feedback is kept.")
    page.get_by_role("navigation").get_by_role("link", name="Feedback").click()
    expect(page.get_by_role("heading", name="No card was shown in this period")).to_be_visible()
    expect(page.locator(".unknown").filter(has_text="no clinician saw")).to_contain_text("of the workbench")
    database = service.database()
    *_, last = joined(database)
    database.close()
    assert (last["outcome"], last["reason_code"], last["card_origin"]) == (
        "overridden",
        "expert-contradicts",
        "workbench",
    )


def test_behind_auth_a_token_opens_it_once(open_page: Callable[..., Page], axe: str, tmp_path: Path):
    (tmp_path / "keys.json").write_bytes(key_set("P-384"))
    (tmp_path / "cds.toml").write_text(
        f'''public_url = "{BASE}"\npages = true\n[[clients]]\nname = "North"\nissuer = "{ISSUER}"\njwks = "keys.json"\n'''
    )
    with serving(tmp_path, "--config", "cds.toml") as service:
        page = open_page(service)
        response = page.goto("/feedback")
        assert response
        assert response.status == 401
        page.screenshot(path=ARTIFACTS / "feedback-locked-1280-light.png", full_page=True)
        page.evaluate(axe)
        assert complaints(page) == []
        page.get_by_label("Token").fill(token(datetime.now(UTC), f"{BASE}/feedback"))
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("heading", name="No card has been shown yet")).to_be_visible()
        page.goto("/feedback.csv")
        page.get_by_label("Token").fill(token(datetime.now(UTC), f"{BASE}/feedback"))
        with page.expect_download() as download:
            page.get_by_role("button", name="Open").click()
        assert Path(download.value.path()).read_text(encoding="utf-8").startswith("day,topic,indicator,rules")
