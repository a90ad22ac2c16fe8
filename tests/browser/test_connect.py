"""The page for those who connect a client: what to enter, what to send, and the test of the connection."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.places import ARTIFACTS
from tests.fhir_servers import free_port
from tests.serving import Server, eventually

pytestmark = pytest.mark.browser


def test_the_connection_is_tested_and_all_is_well(page: Page, service: Server, seen: list[str]):
    page.goto("/connect")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("All three calls went as they should")
    steps = page.locator("#steps > li")
    expect(steps).to_have_count(3)
    expect(page.locator("#steps > li.good")).to_have_count(3)
    expect(steps.nth(1)).to_contain_text("vertebroplasty T12")
    steps.nth(0).get_by_text("Call and answer").click()
    expect(steps.nth(0).locator("pre")).to_contain_text(f"GET http://127.0.0.1:{service.port}/cds-services")
    page.screenshot(path=ARTIFACTS / "connect-tested-1280-light.png", full_page=True)
    assert seen == [
        f"HTTP 400: http://127.0.0.1:{service.port}/cds-services/vertebroplasty-suitability"
    ]  # as it should
    seen.clear()
    database = service.database()

    def is_a_test() -> bool:
        with database.transaction() as connection:
            return "self-test" in connection.exec_driver_sql("SELECT origin FROM shown_card").scalars().all()

    assert eventually(is_a_test)
    database.close()


def test_an_address_where_nothing_answers_is_explained(page: Page, seen: list[str]):
    page.goto("/connect")
    page.get_by_label("Base address of the service").fill(f"http://127.0.0.1:{free_port()}")
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#summary")).to_contain_text("Not connected")
    expect(page.locator("#steps")).to_contain_text("What to do")
    assert seen
    assert {kind.partition(":")[0] for kind in seen} <= {"elsewhere", "error"}
    seen.clear()


def test_the_discovery_address_is_copied(open_page: Callable[..., Page], service: Server):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/connect")
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"http://127.0.0.1:{service.port}/cds-services"


def test_each_prefetch_key_leads_to_the_rules_that_read_it(page: Page):
    page.goto("/connect")
    key = page.locator(".keys li", has=page.locator("summary code", has_text=re.compile("^coagulation$")))
    key.locator("summary").click()
    expect(key.locator(".query")).to_contain_text("{{context.patientId}}")
    key.get_by_role("link", name="INR or fibrinogen not shown within limits").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("INR or fibrinogen not shown within limits")
