"""What a visitor does on the workbench: every way to ask, what can be changed, what is taken and overridden, and what is shown of it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from cds_service.store.repository import joined
from tests.browser.places import ARTIFACTS
from tests.fhir_servers import sekmet
from tests.serving import Server

pytestmark = pytest.mark.browser

REQUESTS = Path(__file__).parent.parent.parent / "fixtures/requests"
APIXABAN = REQUESTS / "apixaban-20h-before-slot.json"
DISCITIS = REQUESTS / "active-discitis.json"
THEN = "2026-11-22T09:00"
PATIENT = re.compile("vera|Vera|Patient", re.IGNORECASE)


def answer(page: Page) -> Locator:
    return page.locator(".answer")


def card(page: Page, summary: str) -> Locator:
    return page.locator("article.card").filter(has_text=summary)


def result(page: Page, title: str) -> Locator:
    return page.locator("details.row").filter(has_text=title)


def resources(request: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        resource
        for value in request["prefetch"].values()
        for resource in ([entry["resource"] for entry in value["entry"]] if "entry" in value else [value])
        if resource["resourceType"] not in ("Bundle", "OperationOutcome")
    ]


def source(page: Page, name: str) -> None:
    page.get_by_label(name, exact=True).check(force=True)


def paste(page: Page, value: Any) -> None:
    source(page, "Paste")
    page.get_by_label("Hook request, Bundle or resources").fill(value if isinstance(value, str) else json.dumps(value))
    page.get_by_role("button", name="Run").click()


def test_a_newcomer_finds_what_to_know_on_the_page(page: Page):
    page.goto("/")
    expect(page.get_by_label("Chart", exact=True)).to_have_value("apixaban-20h-before-slot")
    told = page.get_by_role("region", name="The answer")
    expect(told).to_be_in_viewport(ratio=1)
    said = " ".join(told.inner_text().split())
    for question, its_answer in {
        "Why not yet": "Apixaban",
        "At the earliest": "Wed 25 Nov 12:00",
        "Who says so": "SIR 2019",
        "What next": "Agree an earlier last dose",
    }.items():
        assert f"{question} {its_answer}" in said
    expect(told.get_by_role("link", name="SIR 2019")).to_have_attribute("href", re.compile("^/rules/.*#cite-"))
    summary = page.locator("article.card h3").first.inner_text()
    assert summary.endswith(f": not yet. {page.locator('.headline').inner_text()}")
    for step in ("agree the plan for apixaban with the prescriber", "Move the order to Thu 26 Nov 08:00"):
        expect(page.get_by_role("button", name=re.compile(step))).to_be_visible()


def test_an_example_is_chosen_and_its_address_leads_back(page: Page, open_page: Callable[..., Page]):
    page.goto("/")
    page.get_by_label("Chart", exact=True).select_option("Active discitis")
    expect(answer(page)).to_have_text("Contraindicated now")
    page.get_by_label("Hook", exact=True).select_option("appointment-book")
    page.get_by_label("As of").fill(THEN)
    page.get_by_label("Planned for").fill("2026-12-01T10:00")
    expect(page).to_have_url(re.compile("plannedAt=2026-12-01T10%3A00"))
    assert "fixture=active-discitis&hook=appointment-book&asOf=2026-11-22T09%3A00" in page.url
    assert not PATIENT.search(page.url)
    again = open_page(java_script_enabled=False)
    again.goto(page.url)
    expect(again.get_by_label("Chart", exact=True)).to_have_value("active-discitis")
    expect(again.get_by_label("Hook", exact=True)).to_have_value("appointment-book")
    expect(again.locator(".verdict")).to_have_text(page.locator(".verdict").inner_text(), use_inner_text=True)


def test_the_link_is_copied(open_page: Callable[..., Page]):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/?fixture=active-discitis")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#told")).to_have_text("The link is on the clipboard.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_a_request_is_pasted_and_nothing_of_it_is_in_the_address(page: Page):
    page.goto("/")
    paste(page, DISCITIS.read_text())
    expect(answer(page)).to_have_text("Contraindicated now")
    assert page.evaluate("location.pathname + location.search + location.hash") == "/"
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#told")).to_contain_text("There is no link to a chart of your own")
    assert (
        page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])") == '[{},{},""]'
    )


def test_what_a_bundle_lacks_is_unknown_unless_it_is_said_to_be_the_whole_chart(page: Page):
    page.goto("/")
    patient = {"resourceType": "Patient", "id": "x", "birthDate": "1950-01-01"}
    paste(page, {"resourceType": "Bundle", "entry": [{"resource": patient}]})
    expect(page.locator(".verdict")).to_contain_text("HTTP 412")
    page.get_by_label("This is the whole chart").check()
    expect(page.locator(".verdict")).not_to_contain_text("HTTP 412")
    expect(page.locator(".verdict")).to_contain_text("Not indicated")
    page.get_by_label("This is the whole chart").uncheck()
    expect(page.locator(".verdict")).to_contain_text("HTTP 412")


def test_broken_json_clears_the_answer_and_is_named_with_line_and_column(page: Page):
    page.goto("/")
    paste(page, DISCITIS.read_text())
    expect(answer(page)).to_have_text("Contraindicated now")
    paste(page, '{\n  "hook": "order-sign"\n  "context": {}\n}')
    expect(answer(page)).to_have_text("Not answered")
    expect(page.locator(".headline")).to_have_text("What was pasted is not JSON: line 3, column 3: a comma is expected")
    expect(page.locator("#now")).to_contain_text("line 3, column 3")
    expect(page.locator("article.card, .when, .why, .wire")).to_have_count(0)
    expect(page.locator("#levers")).to_be_hidden()


def test_no_answer_stands_beside_a_question_that_was_not_asked(page: Page, seen: list[str]):
    page.goto("/")
    source(page, "Paste")
    expect(answer(page)).to_have_text("Not asked yet")
    paste(page, DISCITIS.read_text())
    expect(answer(page)).to_have_text("Contraindicated now")
    page.get_by_label("Hook request, Bundle or resources").fill(APIXABAN.read_text())
    expect(answer(page)).to_have_text("Not asked yet")
    expect(page.locator("article.card")).to_have_count(0)
    expect(page.locator("#levers")).to_be_hidden()
    page.route("**/workbench/run", lambda route: route.abort())
    source(page, "Example")
    expect(answer(page)).to_have_text("Not answered")
    expect(page.locator(".headline")).to_contain_text("The service did not answer")
    expect(page.locator("article.card")).to_have_count(0)
    seen.clear()  # the call was refused on purpose


def test_a_resource_that_cannot_be_read_is_said_at_the_top(page: Page):
    page.goto("/")
    request = json.loads(APIXABAN.read_bytes())
    broken = {"resourceType": "Condition", "id": "torn", "subject": {"reference": "Patient/vera"}, "code": 5}
    request["prefetch"]["conditions"]["entry"].append({"resource": broken})
    paste(page, request)
    told = page.get_by_role("region", name="The answer")
    expect(told.get_by_text("1 resource could not be read: Condition whose code could not be read")).to_be_in_viewport(
        ratio=1
    )


def test_on_a_narrow_screen_the_answer_comes_before_the_form(open_page: Callable[..., Page]):
    page = open_page(viewport={"width": 380, "height": 800})

    def top(selector: str) -> float:
        box = page.locator(selector).bounding_box()
        assert box
        return box["y"]

    page.goto("/")
    assert top(".verdict") < top("#why") < top("#ask") < top("#levers")
    page.get_by_role("link", name="Ask about another chart").click()
    expect(page.get_by_role("heading", name="Try it")).to_be_in_viewport()
    source(page, "Paste")
    expect(answer(page)).to_have_text("Not asked yet")
    assert top("#ask") < top(".verdict")
    expect(page.get_by_label("Paste", exact=True)).to_be_in_viewport()
    paste(page, DISCITIS.read_text())
    expect(answer(page)).to_have_text("Contraindicated now")
    expect(answer(page)).to_be_in_viewport()
    assert top(".verdict") < top("#ask")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert abs(top(".verdict") - top("#ask")) < 1


def test_a_finding_opens_to_what_explains_it_and_what_can_be_done(page: Page):
    page.goto("/")
    row = result(page, "Antithrombotic inside its hold interval")
    row.locator("summary").first.click()
    expect(row.get_by_role("heading", name="What can be done")).to_be_visible()
    expect(row.locator(".steps")).to_contain_text("the prescriber")


def test_what_is_pasted_and_refused_is_told(page: Page):
    page.goto("/")
    paste(page, {"hook": "order-sign"})
    expect(page.locator(".verdict")).to_contain_text("HTTP 400")
    page.locator("summary", has_text="OperationOutcome").click()
    shown = json.loads(page.get_by_label("The response as JSON").inner_text())
    assert shown["resourceType"] == "OperationOutcome"
    assert shown["issue"][0]["expression"] == ["context"]


def test_a_file_is_dropped_or_chosen(page: Page):
    page.goto("/")
    dropped = page.evaluate_handle(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "request.json", { type: "application/json" }));
            return data;
        }""",
        DISCITIS.read_text(),
    )
    page.dispatch_event("main", "drop", {"dataTransfer": dropped})
    expect(answer(page)).to_have_text("Contraindicated now")
    expect(page.get_by_label("Paste", exact=True)).to_be_checked()
    page.get_by_label("or choose a file").set_input_files(APIXABAN)
    expect(answer(page)).to_have_text("Not yet")


def test_a_bundle_is_pasted(page: Page):
    page.goto("/")
    page.get_by_label("As of").fill(THEN)
    request = json.loads(APIXABAN.read_bytes())
    entries = [{"resource": resource} for resource in resources(request)]
    paste(page, {"resourceType": "Bundle", "type": "collection", "entry": entries})
    expect(page.locator(".eyebrow")).to_have_text(
        "Percutaneous vertebroplasty · no draft order was given, so this one was added"
    )
    drafts = request["context"]["draftOrders"]["entry"]
    paste(page, {"resourceType": "Bundle", "type": "collection", "entry": entries + drafts})
    expect(page.locator(".eyebrow")).to_have_text("Percutaneous vertebroplasty T12, Tue 24 Nov")
    expect(card(page, "Apixaban")).to_be_visible()
    expect(page.get_by_label("International normalised ratio")).to_have_value("1")


def test_a_patient_on_a_fhir_server_is_named(page: Page, tmp_path: Path):
    with sekmet(tmp_path) as fhir:
        fhir.load(resources(json.loads(DISCITIS.read_bytes())))
        page.goto("/")
        page.get_by_label("As of").fill(THEN)
        source(page, "Server")
        page.get_by_label("FHIR server").fill(fhir.base)
        page.get_by_label("Patient id").fill("vera")
        page.get_by_role("button", name="Run").click()
        expect(answer(page)).to_have_text("Contraindicated now")
    assert page.evaluate("location.search") == ""
    page.get_by_role("button", name="Run").click()  # the server is gone
    expect(page.locator(".verdict")).to_contain_text("HTTP 412")


def test_a_suggestion_that_is_taken_changes_the_draft_and_the_answer(page: Page, service: Server):
    page.goto("/")
    page.get_by_role("button", name="Move the order to Thu 26 Nov 08:00").click()
    changed = page.get_by_role("region", name="What your changes change")
    expect(changed).to_contain_text("ServiceRequest/vp-1")
    expect(changed.locator("del", has_text="Not yet")).to_be_visible()
    expect(page.locator("#told")).to_contain_text("Feedback is kept.")
    expect(changed).to_be_focused()
    expect(page.get_by_label("Planned for")).to_have_value("2026-11-26T08:00")
    assert [row["outcome"] for row in feedback(service) if row["card_rules"] is not None] != []
    page.get_by_role("button", name="As the chart has it").click()
    expect(answer(page)).to_have_text("Not yet")
    expect(changed).to_have_count(0)


def test_overriding_a_card_by_keyboard_sends_feedback(page: Page, service: Server):
    page.goto("/")
    first = page.locator("article.card").first
    menu = first.locator(".override summary")
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(first.get_by_label("The benefit outweighs the risk")).to_be_checked()
    before = len(feedback(service))
    page.keyboard.press("Tab")
    expect(first.get_by_role("button", name="Send feedback")).to_be_focused()
    page.keyboard.press("Enter")
    expect(first.get_by_text("Overridden: The benefit outweighs the risk. Feedback is kept.")).to_be_focused()
    (row,) = feedback(service)[before:]
    assert (row["outcome"], row["reason_code"]) == ("overridden", "risk-benefit-ratio")
    assert page.locator("article.dismissed").count() == 1


def feedback(service: Server) -> list[dict[str, Any]]:
    database = service.database()
    try:
        return list(joined(database))
    finally:
        database.close()


def test_why_is_filtered_and_opens_to_evidence_numbers_and_sources(page: Page):
    page.goto("/")
    shown = page.locator("details.row:visible")
    for label, status in (("Met", "met"), ("Unknown", "unknown"), ("Not met", "not-")):
        choice = page.locator(".filter label").filter(has_text=re.compile(rf"^{label} \d"))
        choice.click()
        expect(shown).to_have_count(int(choice.locator("b").inner_text()))
        assert all(str(row.get_attribute("data-status")).startswith(status) for row in shown.all())
    page.locator(".filter label").filter(has_text=re.compile(r"^All \d")).click()
    row = result(page, "Antithrombotic inside its hold interval")
    row.locator("summary").first.click()
    row.locator(".evidence summary").filter(has_text="MedicationStatement/apx").click()
    evidence = row.get_by_label("MedicationStatement/apx as JSON")
    expect(evidence.locator("mark")).to_contain_text("2026-11-23T12:00:00")
    expect(row.locator(".numbers li.used").first).to_contain_text("48 h")
    row.get_by_role("link", name="SIR 2019").first.click()
    expect(page).to_have_url(re.compile("/rules/antithrombotic_hold#cite-"))


def test_what_is_missing_names_the_prefetch_key(page: Page):
    page.goto("/?fixture=no-medication-section")
    row = page.locator("details.row[data-status=unknown]").filter(has_text="Antithrombotic inside").first
    row.locator("summary").first.click()
    expect(row).to_contain_text("was not sent")
    expect(row.locator(".query").first).to_contain_text("{{context.patientId}}")


def test_what_if_changes_the_answer_at_once(page: Page):
    page.goto("/")
    planned = page.get_by_label("Planned for")
    planned.fill("2026-11-27T08:00")
    expect(answer(page)).not_to_have_text("Not yet")
    planned.fill("2026-11-24T08:00")
    expect(answer(page)).to_have_text("Not yet")
    dose = page.get_by_role("textbox", name="apixaban")
    dose.fill("2026-11-20T08:00")
    expect(answer(page)).not_to_have_text("Not yet")
    expect(dose).to_be_focused()
    inr = page.get_by_label("International normalised ratio")
    inr.fill("2.4")
    expect(result(page, "INR or fibrinogen not shown within limits")).to_have_attribute("data-status", "met")
    expect(answer(page)).to_have_text("Not yet")
    page.get_by_text("Leave out a part of the chart").click()
    page.get_by_label("medication-statements").check()
    expect(answer(page)).to_have_text("Cannot be judged yet")
    expect(page.get_by_label("medication-statements")).to_be_visible()
    expect(inr).to_have_value("2.4")
    page.get_by_role("button", name="As the chart has it").click()
    expect(inr).to_have_value("1")
    expect(answer(page)).to_have_text("Not yet")


def test_the_answer_stays_in_sight_on_a_narrow_screen(open_page: Callable[..., Page]):
    page = open_page(viewport={"width": 380, "height": 800})
    page.goto("/")
    inr = page.get_by_label("International normalised ratio")
    inr.fill("2.4")
    page.get_by_role("textbox", name="apixaban").fill("2026-11-20T08:00")
    expect(page.locator("#now")).to_contain_text("Not yet")
    expect(page.locator("#now")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("textbox", name="apixaban")).to_be_in_viewport(ratio=1)
    inr.fill("1")
    expect(page.locator("#now")).not_to_contain_text("Not yet")


def test_a_printed_page_holds_the_answer_its_picture_and_its_reasons(page: Page):
    page.goto("/")
    page.emulate_media(media="print")
    for name in ("The answer", "Cards", "When", "Why"):
        expect(page.get_by_role("region", name=re.compile(f"^{name}"))).to_be_visible()
    for name in ("Run", "As the chart has it"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 dots an inch
    assert page.evaluate("document.documentElement.scrollWidth") <= 794
    page.screenshot(path=ARTIFACTS / "workbench-print.png", full_page=True)


def test_a_field_keeps_what_is_typed_while_the_answer_comes(page: Page):
    page.goto("/")
    crp = page.get_by_label("C-reactive protein")
    crp.fill("")
    with page.expect_response("**/workbench/run"):
        crp.press_sequentially("1")
    crp.press_sequentially("20")
    expect(page).to_have_url(re.compile("value%3AObservation%2Fcrp=120"))
    expect(crp).to_have_value("120")
    expect(crp).to_be_focused()


def test_the_service_is_asked_without_script_too(open_page: Callable[..., Page]):
    page = open_page(java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Chart", exact=True).select_option("Active discitis")
    page.get_by_label("Planned for").fill("2026-12-01T10:00")
    page.get_by_role("button", name="Run with changes").click()
    expect(answer(page)).to_have_text("Contraindicated now")
    expect(page.get_by_role("region", name="What your changes change")).to_be_visible()


def test_colours_follow_the_system_until_they_are_chosen(open_page: Callable[..., Page]):
    page = open_page(color_scheme="dark")  # in a context of its own: what is chosen is kept there
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Dark colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
