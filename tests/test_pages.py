"""The pages as the server writes them, without a browser: every example, every rule, what is refused, and what is escaped."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from markupsafe import Markup

from cds_service.app import create_app
from cds_service.rules import catalogue
from cds_service.settings import Settings
from cds_service.web import examples, html

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
APIXABAN = "apixaban-20h-before-slot"
DISCITIS = "active-discitis"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    database = f"sqlite:///{tmp_path_factory.mktemp('pages')}/pages.sqlite3"
    return create_app(Settings(database_url=database), now=lambda: NOW).test_client()


@pytest.fixture
def run(pages: FlaskClient) -> Callable[..., dict[str, Any]]:
    def send(**body: Any) -> dict[str, Any]:
        response = pages.post("/workbench/run", json=body)
        assert response.status_code == 200
        answer: dict[str, Any] = json.loads(response.data)
        return answer

    return send


def request_of(name: str) -> dict[str, Any]:
    request: dict[str, Any] = json.loads(examples.requests()[name].read_bytes())
    return request


def assessment(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["response"]["extension"]["org.vertebroplasty-cds.assessment"]
    return found


class Elements(HTMLParser):
    """Collects what a policy without inline script and style would block, and the ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.blocked: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag in ("style", "iframe", "object", "base") or (tag == "script" and "src" not in names):
            self.blocked.append(tag)
        self.blocked += [name for name in names if name == "style" or name.startswith("on")]
        self.blocked += [
            value for name in ("src", "href") if (value := names.get(name) or "").startswith("javascript:")
        ]


@pytest.mark.parametrize("name", sorted(examples.requests()))
def test_each_example_is_answered_on_the_server(pages: FlaskClient, name: str):
    response = pages.get(f"/?fixture={name}")
    page = Elements(response.text)
    assert response.status_code == 200
    assert page.blocked == []
    assert len(page.ids) == len(set(page.ids))


@pytest.fixture(scope="module")
def rule_pages(pages: FlaskClient) -> dict[str, str]:
    """The page of each rule by its address."""
    return {path: pages.get(path).text for path in (f"/rules/{rule.id}" for rule in catalogue())}


@pytest.mark.parametrize("rule", [rule.id for rule in catalogue()])
def test_each_rule_has_a_page_with_its_sources_and_its_cases(pages: FlaskClient, rule_pages: dict[str, str], rule: str):
    text = rule_pages[f"/rules/{rule}"]
    page = Elements(text)
    assert page.blocked == []
    for heading in ("What it checks", "Why it matters", "When it stays silent"):
        assert f"<h2>{heading}</h2>" in text
    assert any(name.startswith("cite-") for name in page.ids)
    cases = examples.rule_cases(rule)
    assert text.count(f"/?fixture={rule}/") == len(cases) > 0
    assert pages.get(f"/?fixture={rule}/{len(cases)}").status_code == 200


def test_every_link_to_a_source_leads_to_it(pages: FlaskClient, rule_pages: dict[str, str]):
    examined = {f"/?fixture={name}": pages.get(f"/?fixture={name}").text for name in examples.requests()}
    wanted = {
        (path or here, anchor)
        for here, text in (rule_pages | examined).items()
        for path, anchor in re.findall(r'href="([^"#]*)#(cite-[^"]*)"', text)
    }
    assert len(wanted) > 100
    assert [link for link in sorted(wanted) if f'id="{link[1]}"' not in rule_pages[link[0]]] == []


def test_the_catalogue_is_searched_on_the_server(pages: FlaskClient):
    assert 'href="/rules/spinal_infection"' in pages.get("/rules").text
    found = pages.get("/rules?q=discitis+spine").text
    assert 'href="/rules/spinal_infection"' in found
    assert "No rule holds all of these words" in pages.get("/rules?q=nonesuch").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rules/nonesuch", 404),
        ("/?fixture=nonesuch", 404),
        ("/?fixture=spinal_infection/0", 404),
        ("/?fixture=spinal_infection/999", 404),
        ("/?fixture=../../pyproject/1", 404),
        ("/?hook=nonesuch", 400),
        ("/?plannedAt=tomorrow", 400),
        ("/?value:Observation/crp=much", 400),
        ("/?value:Observation/crp=nan", 400),
        ("/?without=nonesuch", 400),
    ],
)
def test_what_leads_nowhere_is_said_on_a_page(pages: FlaskClient, path: str, status: int):
    response = pages.get(path)
    assert (response.status_code, response.mimetype) == (status, "text/html")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"pasted": 5}',
        b'{"pasted": [5]}',
        b'{"pasted": {"resourceType": "Bundle", "entry": "x"}}',
        b'{"pasted": "{"}',
        b'{"pasted": " "}',
        b'{"fixture": "nonesuch"}',
        b'{"fixture": "active-discitis", "values": [1]}',
    ],
)
def test_the_script_is_told_what_is_wrong(pages: FlaskClient, body: bytes):
    answer = json.loads(pages.post("/workbench/run", data=body).data)
    assert answer["status"] in (400, 404)
    assert 'class="verdict critical"' in answer["html"]


def test_pages_load_nothing_from_elsewhere_and_are_not_kept(pages: FlaskClient):
    headers = pages.get("/").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")


def test_pages_can_be_switched_off(tmp_path: Path):
    client = create_app(Settings(database_url=f"sqlite:///{tmp_path}/x.sqlite3", pages=False)).test_client()
    assert {client.get(path).status_code for path in ("/", "/rules", "/static/style.css")} == {404}


def test_a_refusal_shows_its_operation_outcome(pages: FlaskClient):
    text = pages.get("/?fixture=conditions-missing").text
    assert "HTTP 412" in text
    assert "prefetch.conditions" in text


def test_a_newcomer_reads_the_verdict_when_at_the_earliest_who_says_so_and_what_next(pages: FlaskClient):
    text = pages.get(f"/?fixture={APIXABAN}").text
    verdict = text[text.index('class="verdict') : text.index('class="explained"')]
    assert '<p class="answer">Not yet</p>' in verdict
    assert "pixaban" in verdict.partition('<p class="headline">')[2].partition("</p>")[0]
    for question, answer in (
        ("At the earliest", '<time datetime="2026-11-25 12:00">Wed 25 Nov 12:00</time>'),
        ("Who says so", 'href="/rules/antithrombotic_hold#cite-sir-2019"'),
        ("What next", "with the prescriber"),
    ):
        assert answer in verdict.partition(f"<dt>{question}</dt>")[2].partition("<dt>")[0]


def test_the_chart_over_time_is_drawn_without_script_and_told_in_words(pages: FlaskClient):
    text = pages.get(f"/?fixture={APIXABAN}").text
    when = text[text.index('class="when"') : text.index('class="why"')]
    assert Elements(when).blocked == []
    assert "<caption>Around the procedure</caption>" in when
    assert when.count("<svg aria-hidden") == when.count('class="track"')
    row = when.partition('<th scope="row">Apixaban')[2].partition("</tr>")[0]
    assert 'SIR 2019 48 h: from <time datetime="2026-11-25 12:00">Wed 25 Nov 12:00</time>' in row
    assert 'class="bar hold"' in row


@pytest.mark.parametrize("name", ["asOf", "plannedAt", "dose:MedicationStatement/apx"])
@pytest.mark.parametrize(
    ("when", "status"), [("0001-01-01T00:00", 400), ("1900-01-01T00:00", 200), ("8999-12-31T23:59-12:00", 200)]
)
def test_the_ends_of_time_are_answered(pages: FlaskClient, name: str, when: str, status: int):
    assert pages.get("/", query_string={"fixture": APIXABAN, name: when}).status_code == status


def test_the_page_of_an_example_can_be_asked_for_at_another_time(run):
    late = run(fixture=DISCITIS, asOf="2027-06-01T09:00:00+00:00")
    assert assessment(late)["asOf"] == "2027-06-01T09:00:00+00:00"


def test_the_planned_time_is_changed(run):
    moved = run(fixture=APIXABAN, plannedAt="2026-12-01T08:00")
    assert assessment(moved)["plannedAt"] == "2026-12-01T08:00:00+00:00"
    assert "What your changes change" in moved["html"]
    assert "ServiceRequest/vp-1.occurrenceDateTime" in moved["html"]


def test_a_value_is_changed(run):
    cooled = run(fixture=DISCITIS, values={"Observation/crp": "4", "Observation/temp": "98"})
    markers = [row["status"] for row in assessment(cooled)["findings"] if row["rule"] == "infection_markers"]
    assert markers == ["not-met"]


def test_a_part_is_left_out(run):
    blind = run(fixture=DISCITIS, without=["inflammation"])
    unknown = [row for row in assessment(blind)["findings"] if row["status"] == "unknown"]
    assert ("inflammation", "omitted") in {(gap["section"], gap["reason"]) for row in unknown for gap in row["missing"]}
    assert "inflammation" not in blind["request"]["prefetch"]


def test_a_last_dose_is_changed(run):
    dosed = run(fixture=APIXABAN, doses={"MedicationStatement/apx": "2026-11-20T08:00"})
    (statement,) = (entry["resource"] for entry in dosed["request"]["prefetch"]["medication-statements"]["entry"])
    assert statement["effectivePeriod"] == {"start": "2025-02-11", "end": "2026-11-20T08:00:00+00:00"}


def test_what_is_tried_leaves_the_example_as_it_is(run):
    before = run(fixture=APIXABAN)["request"]
    run(fixture=APIXABAN, plannedAt="2026-12-01T08:00", without=["coagulation"], values={"Observation/inr": 9})
    assert run(fixture=APIXABAN)["request"] == before


@pytest.mark.parametrize("hook", ["order-select", "appointment-book"])
def test_another_hook_gets_the_context_that_it_asks_for(run, hook: str):
    asked = run(fixture=DISCITIS, hook=hook)
    assert (asked["status"], asked["request"]["hook"]) == (200, hook)
    assert assessment(asked)["disposition"] == "contraindicated"


def test_suggestions_that_are_taken_change_the_drafts(run):
    request = request_of(DISCITIS)
    (draft,) = (entry["resource"] for entry in request["context"]["draftOrders"]["entry"])
    test = {"resourceType": "ServiceRequest", "status": "draft", "intent": "order", "code": {"text": "CRP"}}
    taken = [
        {"type": "update", "description": "later", "resource": draft | {"occurrenceDateTime": "2026-12-24T08:00:00Z"}},
        {"type": "create", "description": "test", "resource": test},
    ]
    answer = run(pasted=request, actions=taken)
    assert assessment(answer)["plannedAt"] == "2026-12-24T08:00:00+00:00"
    drafts = [entry["resource"] for entry in answer["request"]["context"]["draftOrders"]["entry"]]
    assert [item["code"]["text"] for item in drafts] == [draft["code"]["text"], "CRP"]
    gone = run(pasted=request, actions=[{"type": "delete", "resourceId": f"ServiceRequest/{draft['id']}"}])
    assert gone["response"] == {"cards": []}
    assert "removed" in gone["html"]


def test_plain_resources_and_bundles_are_asked_about(run):
    """What they lack was not sent, and without a problem list there is no answer, unless they are the whole chart."""
    patient = {"resourceType": "Patient", "id": "x", "birthDate": "1950-01-01"}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": patient}]}
    for pasted in (patient, bundle, [patient]):
        answer = run(pasted=pasted, complete=True)
        assert answer["request"]["context"]["patientId"] == "x"
        assert answer["status"] == 200
        assert run(pasted=pasted)["status"] == run(pasted=pasted, complete="no")["status"] == 412


def test_the_draft_orders_of_a_bundle_are_what_is_asked_about(run):
    request = request_of(DISCITIS)
    (draft,) = request["context"]["draftOrders"]["entry"]
    chart = [entry for part in request["prefetch"].values() for entry in part.get("entry", ())]
    with_order = run(pasted={"resourceType": "Bundle", "entry": [*chart, draft]})
    assert with_order["request"]["context"]["draftOrders"]["entry"] == [draft]
    assert assessment(with_order)["plannedAt"] == "2026-11-24T08:00:00+00:00"
    assert "no draft order was given" not in with_order["html"]
    without = run(pasted={"resourceType": "Bundle", "entry": chart})
    assert "targetLevels" not in assessment(without)  # the order that was added names none: the fracture's level counts
    assert "Fracture at T12" in without["html"]
    assert "no draft order was given" in without["html"]


def test_a_refusal_leaves_nothing_to_try_out(run):
    assert "data-was" not in run(fixture="conditions-missing")["html"]


def test_cards_and_suggestions_are_told_by_their_place(run):
    answer = run(fixture=APIXABAN)
    cards = answer["response"]["cards"]
    for place, card in enumerate(cards):
        shown = answer["html"].partition(f'data-card="{place}"')[2].partition("</article>")[0]
        for number, suggestion in enumerate(card.get("suggestions", ())):
            assert f'data-take="{number}">{suggestion["label"]}<' in shown


def test_a_server_is_offered_only_where_a_visitor_may_have_it_called(tmp_path: Path):
    def page(**settings: Any) -> str:
        made = Settings(database_url=f"sqlite:///{tmp_path}/x.sqlite3", **settings)
        text: str = create_app(made, now=lambda: NOW).test_client().get("/").text
        return text

    assert '<option value="https://fhir.example">' in page(fhir_origins=("https://fhir.example",))
    client = {"name": "EHR", "issuer": "https://ehr.example", "jku": ["https://ehr.example/jwks.json"]}
    assert 'id="server"' not in page(clients=(client,))


def test_every_date_of_an_answer_is_in_words(pages: FlaskClient):
    """Cards apart, which are shown as the EHR shows them, and JSON."""
    for name in examples.requests():
        text = pages.get(f"/?fixture={name}").text
        text = re.sub(r"<pre.*?</pre>|<article.*?</article>|<select.*?</select>|<[^>]*>", " ", text, flags=re.DOTALL)
        assert re.findall(r"\d{4}-\d\d-\d\d", text) == [], name


@pytest.mark.parametrize(
    ("text", "as_of", "shown"),
    [
        ("<b> 2026-11-21", NOW, '&lt;b&gt; <time datetime="2026-11-21">21 Nov</time>'),
        ("2026-11-25 12:00; x", NOW, '<time datetime="2026-11-25 12:00">Wed 25 Nov 12:00</time>; x'),
        ("2026-11-25", None, '<time datetime="2026-11-25">25 Nov 2026</time>'),
        ("in 2027-02", NOW, 'in <time datetime="2027-02">Feb 2027</time>'),
        ("2026-02-30", NOW, "2026-02-30"),
    ],
)
def test_a_date_is_shown_in_words_beside_its_form_for_programs(text: str, as_of: datetime | None, shown: str):
    assert html.dated(text, as_of) == shown


def test_what_left_the_card_stands_under_why(run):
    """Nothing that a card leaves out is lost: each sentence, what explains it, and what can be done about it."""
    for name in examples.requests():
        answer = run(fixture=name)
        why = Markup(re.sub("<[^>]*>", "", answer["html"].partition('class="why"')[2])).unescape()
        for row in assessment(answer)["findings"] if "extension" in answer.get("response", {}) else ():
            for text in (row.get("says", ""), row.get("explains", ""), *row.get("steps", ())):
                words = [part for part in re.split(r"\d{4}-\d\d(?:-\d\d(?: \d\d:\d\d)?)?", text) if part]
                assert all(part in why for part in words), text


def test_text_of_a_chart_stays_text(run):
    request = request_of(DISCITIS)
    evil = "<img src=x onerror=alert(1)> [click](javascript:alert(1)) ![x](https://elsewhere.example/x)"
    for entry in request["prefetch"]["conditions"]["entry"]:
        code = entry["resource"]["code"]
        code["text"] = evil
        for coding in code["coding"]:
            coding["display"] = evil
    answer = run(pasted=request)
    page = Elements(answer["html"])
    assert "onerror" in answer["html"]  # the text is shown, as text
    assert page.blocked == []
    assert "<img" not in answer["html"]
    assert 'href="javascript' not in answer["html"]


def test_a_cell_without_a_word_heads_no_column():
    table = html.markdown("| | from |\n|---|---|\n| SIR 2019 | Wed 25 Nov 12:00 |")
    assert re.findall("<(t[hd])>([^<]*)</t[hd]>", table) == [
        ("td", ""),
        ("th", "from"),
        ("td", "SIR 2019"),
        ("td", "Wed 25 Nov 12:00"),
    ]


def test_markdown_brings_neither_html_nor_pictures_nor_odd_links():
    text = html.markdown(
        '<b onclick="x()">b</b> ![p](https://x.example/p.png) [l](javascript:x()) [m](https://x.example)'
    )
    assert Elements(text).blocked == []
    assert "<b" not in text
    assert "<img" not in text
    assert text.count("<a ") == 2  # a picture becomes a link to it
    assert 'rel="noopener noreferrer"' in text


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("value", '"valueQuantity": {'),
        ("status", '"status": "final"'),
        ("code.coding.display", '"display": "INR"'),
        ("nonesuch", ""),
    ],
)
def test_the_element_that_was_read_is_marked(path: str, marked: str):
    raw = b'{"status": "final", "code": {"coding": [{"display": "INR"}]}, "valueQuantity": {"value": 2.4}}'
    shown = html.marked_json(raw, path)
    found = shown.partition("<mark>")[2].partition("</mark>")[0]
    assert (marked in Markup(found).unescape()) if marked else not found


def test_json_that_is_none_is_shown_as_it_came():
    assert html.marked_json(b"{<b>", "x") == "{&lt;b&gt;"
