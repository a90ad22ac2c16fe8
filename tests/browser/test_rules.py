"""The pages of rules: found while typing, linked from cards, and every anchor leads somewhere."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cds_service.rules import catalogue

pytestmark = pytest.mark.browser


def test_rules_are_found_while_typing(page: Page):
    page.goto("/rules")
    rules = page.locator(".rule-list li:visible")
    expect(rules).to_have_count(len(catalogue()))
    page.get_by_label("Search rules").press_sequentially("discitis spine")
    expect(page.get_by_role("link", name="Infection of the spine")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(re.compile(rf"^\d+ of {len(catalogue())} rules$"))
    found = rules.count()
    assert 0 < found < len(catalogue())
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/rules\?q=discitis"))
    expect(rules).to_have_count(found)


def test_rules_are_found_without_script(open_page: Callable[..., Page]):
    page = open_page(java_script_enabled=False)
    page.goto("/rules")
    page.get_by_label("Search rules").fill("apixaban")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Antithrombotic inside its hold interval")).to_be_visible()
    expect(page.get_by_role("link", name="Healed fracture")).to_have_count(0)


def test_a_card_leads_to_its_rule_and_a_case_back_to_the_workbench(page: Page):
    page.goto("/")
    page.get_by_role("link", name="Why this card: Antithrombotic inside its hold interval").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Antithrombotic inside its hold interval")
    for link in page.locator("main a[href^='#']").all():
        expect(page.locator(str(link.get_attribute("href")))).to_have_count(1)
    page.get_by_role("link", name="SIR 2019", exact=True).first.click()
    expect(page.locator("li:target")).to_be_in_viewport()
    page.locator("#cases ~ .scroll tbody a").first.click()
    expect(page).to_have_url(re.compile(r"/\?fixture=antithrombotic_hold(/|%2F)1$"))
    expect(page.locator("article.card").first).to_be_visible()
