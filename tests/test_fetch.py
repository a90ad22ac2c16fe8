"""Fetching from real servers: what was omitted or cut is completed, and what cannot be had says why, in time."""

import json
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw, to_builtins
from msgspec.json import encode
from msgspec.structs import replace

from cds_service import knowledge, prefetch
from cds_service.cards.assessment import EXTENSION
from cds_service.chart import Answer, Section
from cds_service.errors import PreconditionFailed, RequestError
from cds_service.fetch import Access, Allowed, Deadline, Fetcher, Filled
from cds_service.fetch.breaker import FAILURES, REST, Breaker
from cds_service.fetch.limits import Allowance
from cds_service.fetch.origins import Reach, origin
from cds_service.fetch.scopes import allows
from cds_service.fhir.decoding.bundle import Answered, Part, open_answer
from cds_service.hook import Hook
from cds_service.hook_policy import rules_of
from cds_service.hooks import HookRequest, read_request
from cds_service.rules import catalogue
from cds_service.service import Response, Site, respond
from tests.fhir_servers import CHART, NO_WHOLE_ANSWERS, TOKEN, Faulty, Sekmet, faulty, sekmet

REQUESTS = Path(__file__).parent.parent / "fixtures/requests"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SITE = Site(knowledge.load(), catalogue())
SEARCHES = prefetch.searches(prefetch.templates(SITE.rules, SITE.know))
DEADLINE = 400
LATE = 2.5  # seconds: generous, as other tests share the machine; tests/bench measures
ROOMY = 20_000  # milliseconds, for tests of what comes rather than of when
ORDER = {
    "resourceType": "ServiceRequest",
    "id": "vp",
    "status": "draft",
    "intent": "order",
    "code": {"text": "Percutaneous vertebroplasty of T12"},
}


@pytest.fixture
def server(fhir: Sekmet) -> Sekmet:
    """A FHIR server that asks for a token."""
    return fhir


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    """A FHIR server that asks for none."""
    with sekmet(tmp_path_factory.mktemp("open")) as running:
        running.load(CHART[:3])
        yield running


@pytest.fixture
def front(server: Sekmet) -> Iterator[Faulty]:
    """The first server behind one that goes wrong on demand; `elsewhere` is a third, which nobody may be led to."""
    with faulty(server) as other, faulty(server, f"http://127.0.0.1:{other.port}") as running:
        yield running
        assert other.asked == []


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(5_000_000)
    yield fetcher
    fetcher.close()


def access(base: str, **changes: Any) -> Access:
    return Access(base, **{"context": {"patientId": "p"}, "token": TOKEN} | changes)


LAPTOP = Allowed.of((), loopback=True)


def fill(fetcher: Fetcher, to: Access, given: Any = None, milliseconds: float = ROOMY, **changes: Any) -> Filled:
    return fetcher.fill(given or {}, changes.get("searches", SEARCHES), to, LAPTOP, Deadline(milliseconds))


def call() -> HookRequest:
    drafts = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": ORDER}]}
    body = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/d", "patientId": "p", "draftOrders": drafts},
    }
    return read_request(json.dumps(body).encode(), tuple(Hook))


def answer(fetcher: Fetcher, to: Access, deadline: float = DEADLINE) -> tuple[Response, dict[Section, str]]:
    """The answer to a call without prefetch, and how each fetch went."""
    completed = Completed(fetcher, to, Deadline(deadline))
    return respond(call(), NOW, SITE, completed), completed.outcomes


@dataclass
class Completed:
    """Completes a call as the service does; `outcomes` are those of the last one."""

    fetcher: Fetcher
    to: Access
    deadline: Deadline
    outcomes: dict[Section, str] = field(default_factory=dict)

    def __call__(self, asked: HookRequest, sections: Collection[Section]) -> HookRequest:
        searches = {section: SEARCHES[section] for section in sections}
        filled = self.fetcher.fill(asked.prefetch, searches, self.to, LAPTOP, self.deadline)
        self.outcomes |= filled.outcomes
        return replace(asked, prefetch=filled.answers)


def findings(response: Response) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = to_builtins(response.body["extension"][EXTENSION]["findings"])
    return rows


# What comes


def test_a_call_without_prefetch_is_answered_from_the_server(fetcher: Fetcher, server: Sekmet):
    response, outcomes = answer(fetcher, access(server.base), deadline=ROOMY)
    assert set(outcomes.values()) == {"whole"}
    met = [row["rule"] for row in findings(response) if row["status"] == "met"]
    assert "spinal_infection" in met
    assert not [
        row for row in findings(response) if {"omitted", "failed"} & {m["reason"] for m in row.get("missing", ())}
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["stent-dual-antiplatelet-included-medication", "uk-chart-icd10-who", "patient-view-untreated-fracture"],
)
def test_a_chart_says_the_same_whether_it_was_sent_or_fetched(fetcher: Fetcher, tmp_path: Path, name: str):
    body = json.loads((REQUESTS / f"{name}.json").read_bytes())
    sent = read_request(json.dumps(body).encode(), tuple(Hook))
    with sekmet(tmp_path) as server:
        server.load(resources(body.pop("prefetch")))
        to = access(server.base, token="", context={"patientId": sent.patient, "encounterId": sent.encounter})
        completed = Completed(fetcher, to, Deadline(ROOMY))
        fetched = respond(read_request(json.dumps(body).encode(), tuple(Hook)), NOW, SITE, completed)
    assert set(completed.outcomes.values()) == {"whole"}
    assert without_intake(fetched) == without_intake(respond(sent, NOW, SITE))


def without_intake(response: Response) -> Any:
    """The answer without the count of what arrived: more may be sent than is asked for."""
    body = json.loads(encode(response.body))
    body.get("extension", {}).get(EXTENSION, {}).pop("intake", None)
    return body


def resources(prefetch: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in filter(None, prefetch.values()):
        if value["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", ()))
        else:
            yield value


def test_an_open_server_is_asked_without_a_token(fetcher: Fetcher, open_server: Sekmet):
    filled = fill(fetcher, access(open_server.base, token=""))
    assert filled.answers[Section.PATIENT].answer is Answer.WHOLE
    assert len(filled.answers[Section.CONDITIONS].parts) == 1


def test_without_the_token_nothing_comes(fetcher: Fetcher, server: Sekmet):
    filled = fill(fetcher, access(server.base, token=""))
    assert set(filled.outcomes.values()) == {"http-401"}
    assert filled.answers[Section.CONDITIONS].answer is Answer.FAILED


def test_pages_are_followed(fetcher: Fetcher, server: Sekmet):
    """The server's own page size is 20."""
    searches = {Section.CONDITIONS: "Condition?patient={{context.patientId}}"}
    filled = fill(fetcher, access(server.base), searches=searches)
    conditions = filled.answers[Section.CONDITIONS]
    assert (conditions.answer, len(conditions.parts)) == (Answer.WHOLE, 46)


def test_a_list_that_the_ehr_cut_is_completed(fetcher: Fetcher, server: Sekmet):
    first = open_answer(Raw(json.dumps(server.get("Condition?patient=p")).encode()))
    assert (first.answer, len(first.parts)) == (Answer.CUT, 20)
    filled = fill(fetcher, access(server.base), {Section.CONDITIONS: first})
    assert len({part.full_url for part in filled.answers[Section.CONDITIONS].parts}) == 46
    assert filled.answers[Section.CONDITIONS].answer is Answer.WHOLE


def test_a_list_that_cannot_be_completed_stays_as_it_is(fetcher: Fetcher, server: Sekmet):
    first = open_answer(Raw(json.dumps(server.get("Condition?patient=p")).encode()))
    filled = fill(fetcher, access(server.base, token="another"), {Section.CONDITIONS: first})
    conditions = filled.answers[Section.CONDITIONS]
    assert (conditions.answer, len(conditions.parts)) == (Answer.CUT, 20)
    assert conditions.says == "the FHIR server answered HTTP 401"


def test_what_was_answered_is_not_asked_again(fetcher: Fetcher, front: Faulty):
    given = {
        Section.CONDITIONS: open_answer(Raw(b"null")),
        Section.MEDICATION_REQUESTS: open_answer(Raw(b'{"resourceType": "OperationOutcome"}')),
    }
    filled = fill(fetcher, access(front.base("none")), given)
    assert {section: filled.answers[section] for section in given} == given
    assert not [path for path, _ in front.asked if "/Condition?" in path or "/MedicationRequest?" in path]


def test_drugs_that_orders_refer_to_come_along(fetcher: Fetcher, server: Sekmet):
    filled = fill(fetcher, access(server.base))
    requests = filled.answers[Section.MEDICATION_REQUESTS]
    assert (requests.answer, len(requests.parts), requests.matches) == (Answer.WHOLE, 2, 1)


def test_a_server_that_knows_no_include_is_asked_without(fetcher: Fetcher, front: Faulty):
    filled = fill(fetcher, access(front.base("no-include")))
    requests = filled.answers[Section.MEDICATION_REQUESTS]
    assert (requests.answer, len(requests.parts)) == (Answer.WHOLE, 1)


def test_searches_can_be_posted(fetcher: Fetcher, front: Faulty):
    filled = fill(fetcher, access(front.base("none"), by_post=True))
    assert set(filled.outcomes.values()) == {"whole"}
    assert len(filled.answers[Section.CONDITIONS].parts) == 46
    assert all(path.startswith("POST") or "/Patient/" in path for path, _ in front.asked)
    assert not [path for path, _ in front.asked if "patient=" in path.partition("?")[0]]


def test_a_token_without_a_value_leaves_its_section_out(fetcher: Fetcher, server: Sekmet):
    searches = {Section.ENCOUNTER: "Encounter/{{context.encounterId}}"}
    for context in ({}, {"encounterId": ""}, {"encounterId": ".."}):
        assert fill(fetcher, access(server.base, context=context), searches=searches).answers == {}


# What goes wrong

FAULTS = [
    ("hang", "timeout", "failed", "did not answer in time"),
    ("slow-headers", "timeout", "failed", "did not answer in time"),
    ("slow-body", "timeout", "failed", "did not answer in time"),
    ("reset", "connection", "failed", "connection to the FHIR server failed"),
    ("cut-short", "connection", "failed", "connection to the FHIR server failed"),
    ("400", "http-400", "failed", "HTTP 400"),
    ("401", "http-401", "failed", "HTTP 401"),
    ("403", "http-403", "failed", "HTTP 403"),
    ("404", "http-404", "failed", "HTTP 404"),
    ("404-bare", "http-404", "failed", "HTTP 404"),
    ("404-parameter", "http-404", "failed", "HTTP 404"),
    ("404-type", "not-offered", "omitted", "does not offer this kind of resource"),
    ("501-type", "not-offered", "omitted", "does not offer this kind of resource"),
    ("429", "http-429", "failed", "HTTP 429"),
    ("429-later", "http-429", "failed", "HTTP 429"),
    ("500", "http-500", "failed", "HTTP 500"),
    ("503", "http-503", "failed", "HTTP 503"),
    ("html", "unreadable", "failed", "cannot be read"),
    ("half-json", "unreadable", "failed", "cannot be read"),
    ("outcome", "unreadable", "failed", "an OperationOutcome was sent instead of data"),
    ("huge", "too-large", "failed", "sent more than this service accepts"),
    ("bomb", "too-large", "failed", "sent more than this service accepts"),
    ("redirect", "redirect", "failed", "redirect, which is not followed"),
    ("endless", "too-many-pages", "failed", "more pages than this service reads"),
    ("next-elsewhere", "other-server", "failed", "next page is on another server, which is not asked"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "outcome", "reason", "says"), FAULTS)
def test_a_search_that_fails_is_unknown_with_its_reason(
    fetcher: Fetcher, front: Faulty, fault: str, outcome: str, reason: str, says: str
):
    # What takes its time to break is given that time; what never ends is not.
    deadline = DEADLINE if outcome == "timeout" else 4000
    started = time.monotonic()
    response, outcomes = answer(fetcher, access(front.base(fault, "AllergyIntolerance")), deadline=deadline)
    assert time.monotonic() - started < deadline / 1000 + LATE
    assert outcomes[Section.ALLERGIES] == outcome
    unknown = next(row for row in findings(response) if row["rule"] == "cement_allergy")
    assert unknown["status"] == "unknown"
    assert [(gap["section"], gap["reason"]) for gap in unknown["missing"]] == [("allergies", reason)]
    assert says in unknown["missing"][0]["says"]
    assert {token for _, token in front.asked} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(("fault", "reason"), [(name, reason) for name, (_, reason) in NO_WHOLE_ANSWERS.items()])
def test_what_is_no_whole_answer_to_a_search_is_never_an_empty_list(
    fetcher: Fetcher, front: Faulty, fault: str, reason: str
):
    response, _ = answer(fetcher, access(front.base(fault, "AllergyIntolerance")), deadline=ROOMY)
    unknown = next(row for row in findings(response) if row["rule"] == "cement_allergy")
    assert unknown["status"] == "unknown"
    assert {gap["reason"] for gap in unknown["missing"] if gap["section"] == "allergies"} == {reason}


def test_a_notice_beside_the_matches_is_no_gap(fetcher: Fetcher, front: Faulty):
    response, _ = answer(fetcher, access(front.base("notice-inside", "AllergyIntolerance")), deadline=ROOMY)
    gaps = [gap for row in findings(response) for gap in row.get("missing", ()) if gap["section"] == "allergies"]
    assert gaps == []


@pytest.mark.parametrize(
    ("fault", "says"), [("hang", "in time"), ("403", "HTTP 403"), ("404", "HTTP 404"), ("404-type", "does not offer")]
)
def test_without_conditions_there_is_no_answer_and_the_reason_is_told(
    fetcher: Fetcher, front: Faulty, fault: str, says: str
):
    with pytest.raises(PreconditionFailed, match=says) as raised:
        answer(fetcher, access(front.base(fault, "Condition")))
    assert raised.value.expression == "prefetch.conditions"


@pytest.mark.parametrize(
    ("kind", "fault", "gaps"),
    [
        ("MedicationStatement", "404-type", ()),
        ("MedicationRequest", "404-type", ()),
        ("Medication", "404-type", ("medication-statements", "medication-requests")),
        ("MedicationStatement", "404-bare", ("medication-statements",)),
        ("MedicationRequest", "501-type", ()),
        ("MedicationRequest", "400", ("medication-requests",)),
    ],
)
def test_a_server_without_the_type_keeps_no_such_list(
    fetcher: Fetcher, front: Faulty, kind: str, fault: str, gaps: tuple[str, ...]
):
    response, _ = answer(fetcher, access(front.base(fault, kind)), deadline=ROOMY)
    rows = [row for row in findings(response) if row["rule"] == "antithrombotic_hold"]
    assert tuple(gap["section"] for row in rows for gap in row.get("missing", ())) == gaps


@pytest.mark.parametrize("fault", ["delay", "429-once", "503-once"])
def test_what_comes_late_or_at_the_second_try_counts(fetcher: Fetcher, front: Faulty, fault: str):
    filled = fill(fetcher, access(front.base(fault)))
    assert filled.outcomes[Section.MEDICATION_REQUESTS] == "whole"


def test_pages_that_came_before_the_deadline_are_kept(fetcher: Fetcher, server: Sekmet, front: Faulty):
    first = open_answer(Raw(json.dumps(server.get("Condition?patient=p")).encode()))
    hanging = f"{front.base('hang', 'Condition')}/Condition?patient=p&_offset=20"
    given = {Section.CONDITIONS: first.__class__(first.answer, first.parts, hanging)}
    filled = fill(fetcher, access(front.base("none")), given, DEADLINE)
    conditions = filled.answers[Section.CONDITIONS]
    assert (conditions.answer, len(conditions.parts), filled.outcomes[Section.CONDITIONS]) == (
        Answer.CUT,
        20,
        "timeout",
    )


@pytest.mark.parametrize(
    "address",
    ["http://[", "//[x", "http://a\u2100b/", "http://ehr.example:999999/", "\x00", "a b\r\nX: y", "?\udc00", "#"],
)
def test_a_next_page_whose_address_is_none_leaves_what_came(fetcher: Fetcher, front: Faulty, address: str):
    given = {Section.CONDITIONS: Answered(Answer.CUT, (Part(Raw(b"{}")),), address)}
    conditions = fill(fetcher, access(front.base("none")), given).answers[Section.CONDITIONS]
    assert (conditions.answer, conditions.parts) == (Answer.CUT, given[Section.CONDITIONS].parts)
    assert conditions.says


def test_what_is_taken_in_for_one_answer_is_bounded(front: Faulty):
    fetcher = Fetcher(3000)
    filled = fill(fetcher, access(front.base("none")))
    fetcher.close()
    assert "too-large" in filled.outcomes.values()
    assert sum(len(part.raw) for found in filled.answers.values() for part in found.parts) <= 3000


def test_a_server_that_is_not_there_fails_at_once(fetcher: Fetcher):
    filled = fill(fetcher, access("http://127.0.0.1:9/fhir"))
    assert set(filled.outcomes.values()) <= {"connection", "resting"}
    assert filled.answers[Section.CONDITIONS].answer is Answer.FAILED


def test_a_server_that_hangs_is_left_alone_and_asked_again_later(front: Faulty, fetcher: Fetcher):
    moment = [0.0]
    fetcher._breaker = Breaker(lambda: moment[0])
    hanging = {section: f"pages/{section}" for section in list(Section)[:6]}
    for _ in range(FAILURES):  # however many searches an answer needs, it fails once
        late = fill(fetcher, access(front.base("hang")), milliseconds=60, searches=hanging)
        assert set(late.outcomes.values()) == {"timeout"}
    asked = len(front.asked)
    resting = fill(fetcher, access(front.base("none")))
    assert set(resting.outcomes.values()) == {"resting"}
    assert resting.answers[Section.CONDITIONS].answer is Answer.FAILED
    assert len(front.asked) == asked
    moment[0] += REST + 1
    assert set(fill(fetcher, access(front.base("none"))).outcomes.values()) == {"whole"}


def test_the_breaker_opens_after_failures_in_a_row_and_closes_with_a_success():
    moment = [0.0]
    breaker = Breaker(lambda: moment[0])
    for _ in range(FAILURES - 1):
        breaker.record("s", ok=False)
    breaker.record("s", ok=True)
    for _ in range(FAILURES):
        assert not breaker.is_open("s")
        breaker.record("s", ok=False)
    assert breaker.is_open("s")
    assert not breaker.is_open("another")
    moment[0] = REST
    assert not breaker.is_open("s")
    breaker.record("s", ok=False)
    assert breaker.is_open("s")
    moment[0] = 2 * REST
    breaker.record("s", ok=True)
    breaker.record("s", ok=False)
    assert not breaker.is_open("s")


# Who may be asked


@pytest.mark.parametrize(
    ("changes", "outcome", "says"),
    [
        ({"server": "http://10.0.0.7/fhir"}, "origin", "not one that this client may name"),
        ({"server": "file:///etc/passwd"}, "origin", "not one that this client may name"),
        ({"server": ""}, "origin", "not one that this client may name"),
        ({"patient": "q"}, "patient", "for another patient"),
        ({"scope": "launch patient/Patient.read patient/Condition.rs"}, "scope", "does not allow this search"),
    ],
)
def test_what_is_not_asked_counts_as_not_sent(
    fetcher: Fetcher, front: Faulty, changes: dict[str, Any], outcome: str, says: str
):
    to = access(**{"base": front.base("none")} | {("base" if k == "server" else k): v for k, v in changes.items()})
    filled = fill(fetcher, to)
    requests = filled.answers[Section.MEDICATION_REQUESTS]
    assert (requests.answer, filled.outcomes[Section.MEDICATION_REQUESTS]) == (Answer.OMITTED, outcome)
    assert says in requests.says
    assert not [path for path, _ in front.asked if "/MedicationRequest?" in path]


def test_the_token_is_never_shown():
    assert TOKEN not in repr(access("http://x"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://EHR.example/fhir", "https://ehr.example"),
        ("https://ehr.example:443/", "https://ehr.example"),
        ("http://ehr.example:8080/x?y#z", "http://ehr.example:8080"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://user@ehr.example", ""),
        ("https://@ehr.example", ""),
        ("https://ehr.example\\@evil.example/", ""),
        ("https://ehr.example:99999/", ""),
        ("ftp://ehr.example", ""),
        ("//ehr.example/fhir", ""),
        ("https:///fhir", ""),
        ("http://[::1/", ""),
        ("", ""),
    ],
)
def test_the_origin_of_an_address(url: str, expected: str):
    assert origin(url) == expected


LISTED = ("https://ehr.example", "http://10.1.2.3:8080", "http://localhost:9000")


@pytest.mark.parametrize(
    ("allowed", "url", "reach"),
    [
        (Allowed.of(LISTED), "https://ehr.example/fhir", Reach.PUBLIC),
        (Allowed.of(LISTED, private=True), "https://ehr.example/fhir", Reach.PRIVATE),
        (Allowed.of(LISTED), "http://10.1.2.3:8080/fhir", Reach.ANY),
        (Allowed.of(LISTED), "http://localhost:9000", Reach.ANY),
        (Allowed.of(LISTED), "http://ehr.example/fhir", None),
        (Allowed.of(LISTED), "https://ehr.example:8443/fhir", None),
        (Allowed.of(LISTED), "https://ehr.example.evil.example/fhir", None),
        (Allowed.of(LISTED), "https://evil.example/https://ehr.example", None),
        (Allowed.of(LISTED), "https://ehr.example@evil.example", None),
        (Allowed.of(LISTED), "http://10.1.2.3/fhir", None),
        (Allowed.of(LISTED), "http://169.254.169.254/latest/meta-data", None),
        (Allowed.of(LISTED), "http://127.0.0.1:8000", None),
        (Allowed.of(("no address",)), "", None),
        (LAPTOP, "http://127.0.0.1:8080/fhir", Reach.LOOPBACK),
        (LAPTOP, "http://[::1]:8080/fhir", Reach.LOOPBACK),
        (LAPTOP, "http://localhost/fhir", Reach.LOOPBACK),
        (LAPTOP, "http://127.0.0.1.evil.example/", None),
        (LAPTOP, "http://localhost.evil.example/", None),
        (LAPTOP, "http://2130706433/", None),
        (LAPTOP, "http://0x7f.1/", None),
        (LAPTOP, "http://10.0.0.1/", None),
        (LAPTOP, "https://ehr.example/fhir", None),
    ],
)
def test_which_servers_may_be_called(allowed: Allowed, url: str, reach: Reach | None):
    assert allowed.reach(url) is reach


@pytest.mark.parametrize(
    ("address", "covered"),
    [
        ("8.8.8.8", "public private any"),
        ("2606:4700::1111", "public private any"),
        ("10.0.0.1", "private any"),
        ("172.16.5.4", "private any"),
        ("192.168.1.1", "private any"),
        ("fd00::1", "private any"),
        ("::ffff:10.0.0.1", "private any"),
        ("::ffff:8.8.8.8", "public private any"),
        ("127.0.0.1", "loopback any"),
        ("::1", "loopback any"),
        ("::ffff:127.0.0.1", "loopback any"),
        ("169.254.169.254", "any"),
        ("::ffff:169.254.169.254", "any"),
        ("fe80::1%eth0", "any"),
        ("0.0.0.0", "any"),
        ("224.0.0.1", "any"),
    ],
)
def test_where_a_name_may_lead(address: str, covered: str):
    assert [reach.value for reach in Reach if reach.covers(address)] == covered.split()


def test_a_name_that_leads_to_this_machine_is_not_followed(fetcher: Fetcher, front: Faulty, monkeypatch):
    """As an address in a name server may be changed after it was looked at, what counts is the open connection."""
    real = __import__("socket").getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", lambda host, *rest: real("127.0.0.1", *rest))
    base = front.base("none").replace("127.0.0.1", "ehr.example")
    filled = fetcher.fill({}, SEARCHES, access(base), Allowed.of([base], private=True), Deadline(ROOMY))
    assert set(filled.outcomes.values()) == {"address"}
    assert front.asked == []


@pytest.mark.parametrize(
    ("scope", "kind", "read", "search"),
    [
        ("", "Observation", True, True),
        ("openid fhirUser launch", "Observation", True, True),
        ("patient/Observation.read", "Observation", True, True),
        ("user/Observation.read", "Condition", False, False),
        ("user/*.read", "Condition", True, True),
        ("user/*.*", "Condition", True, True),
        ("system/Condition.write", "Condition", False, False),
        ("patient/Condition.rs", "Condition", True, True),
        ("patient/Condition.r", "Condition", True, False),
        ("patient/Condition.s", "Condition", False, True),
        ("patient/Condition.cud", "Condition", False, False),
        ("patient/*.cruds", "Condition", True, True),
        ("patient/Observation.rs?category=laboratory", "Observation", True, True),
        ("patient/Condition.rs user/Observation.read", "Observation", True, True),
    ],
)
def test_what_scopes_allow(scope: str, kind: str, read: bool, search: bool):
    assert (allows(scope, kind, search=False), allows(scope, kind, search=True)) == (read, search)


def test_an_allowance_runs_out():
    allowance = Allowance(10)
    assert [allowance.take(4) for _ in range(3)] == [True, True, False]
    allowance.give_back(4)
    assert [allowance.take(1) for _ in range(3)] == [True, True, False]


# What discovery asks for


@pytest.mark.parametrize("file", sorted(REQUESTS.glob("*.json")), ids=lambda file: file.stem)
def test_what_is_asked_for_on_a_hook_is_all_that_its_answer_needs(file: Path):
    try:
        sent = read_request(file.read_bytes(), tuple(Hook))
        whole = respond(sent, NOW, SITE)
    except RequestError:
        return  # refused whatever was sent
    asked = prefetch.templates(rules_of(sent.hook, SITE.rules), SITE.know)
    answers = {section: answered for section, answered in sent.prefetch.items() if section in asked}
    assert without_intake(respond(replace(sent, prefetch=answers), NOW, SITE)) == without_intake(whole)


def test_less_is_asked_for_where_fewer_rules_speak():
    """An EHR prefetches for patient-view whenever a chart is opened."""
    counts = {hook: len(prefetch.sections(rules_of(hook, SITE.rules))) for hook in Hook}
    assert counts[Hook.PATIENT_VIEW] < counts[Hook.ENCOUNTER_DISCHARGE] < counts[Hook.ORDER_SIGN]
    assert counts[Hook.ORDER_SELECT] == counts[Hook.APPOINTMENT_BOOK] == counts[Hook.ORDER_SIGN]


def test_prefetch_templates_keep_to_the_subset():
    everything = prefetch.templates(SITE.rules, SITE.know)
    for section, template in everything.items():
        path, _, query = template.partition("?")
        names = [pair.partition("=")[0] for pair in query.split("&")] if query else []
        assert len(names) == len(set(names)), section
        assert not [name for name in names if name.startswith(("_include", "_revinclude", "_has")) or ":" in name]
        assert "sort:" not in query
        for token in template.split("{{")[1:]:
            assert token.split("}}")[0] in ("context.patientId", "context.encounterId")
        assert query or path in ("Patient/{{context.patientId}}", "Encounter/{{context.encounterId}}")
    assert prefetch.counts(everything).keys() == {key for key, template in everything.items() if "_count=" in template}
