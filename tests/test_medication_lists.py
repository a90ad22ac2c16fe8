"""The whole drug list: every list that the site keeps must have been answered, each in every way in which one may be."""

import html
import itertools
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cds_service.app import create_app
from cds_service.app.callers import callers
from cds_service.chart import Section
from cds_service.chart.sections import MEDICATION_LISTS
from cds_service.cli import main
from cds_service.cli._endpoint import Local, here
from cds_service.errors import SettingsError
from cds_service.hooks import ONE_ID
from cds_service.service import site_of
from cds_service.settings import Client, MedicationList, Settings, load
from cds_service.store.database import Database
from cds_service.store.medication_lists import list_histories
from cds_service.web import connect
from tests.tokens import ISSUER, key_set, token

REQUESTS = Path(__file__).parent.parent / "fixtures/requests"
SUITABLE = json.loads((REQUESTS / "suitable-acute-fracture.json").read_bytes())
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DOOR = here(NOW)
SERVICE = "http://127.0.0.1:8000/cds-services/vertebroplasty-suitability"
BOTH = ("medication-statements", "medication-requests")
TYPES = {"medication-statements": "MedicationStatement", "medication-requests": "MedicationRequest"}
ANSWERED = ("given", "null", "empty")
GAPS = ("omitted", "failed", "cut", "another patient's", "no list", "another list", "unreadable")


def drug(key: str, patient: str = "vera") -> dict[str, Any]:
    return {
        "resourceType": TYPES[key],
        "id": "d",
        "status": "active",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"text": "Paracetamol 500 mg tablet"},
    }


def bundle(*resources: object, **more: object) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": item} for item in resources], **more}


def refusal(code: str, text: str = "", severity: str = "error") -> dict[str, Any]:
    issue = {"severity": severity, "code": code} | ({"diagnostics": text} if text else {})
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def sent(key: str, way: str) -> dict[str, Any]:
    """A part of a prefetch: the key answered in one of the ways."""
    values = {
        "given": bundle(drug(key)),
        "null": None,
        "empty": bundle(),
        "failed": refusal("exception"),
        "not kept": refusal("not-supported"),
        "cut": bundle(drug(key), link=[{"relation": "next", "url": "https://ehr.example/next"}]),
        "another patient's": bundle(drug(key, "somebody-else")),
        "no list": {"resourceType": "Observation", "status": "final", "id": "o", "code": {"text": "x"}},
        "another list": bundle(drug(next(other for other in BOTH if other != key))),
        "unreadable": 7,
    }
    return {} if way == "omitted" else {key: values[way]}


def answer(statements: str, requests: str, *, door: Local = DOOR) -> Mapping[str, Any]:
    """The assessment of a patient for whom all criteria are met if the drug list is whole."""
    others = {key: value for key, value in SUITABLE["prefetch"].items() if key not in BOTH}
    lists = sent("medication-statements", statements) | sent("medication-requests", requests)
    reply = door.call(json.dumps({**SUITABLE, "prefetch": others | lists}).encode())
    assert reply.status == 200
    found: Mapping[str, Any] = reply.body["extension"]["org.vertebroplasty-cds.assessment"]
    return found


def missing(found: Mapping[str, Any]) -> set[str]:
    rows = [row for row in found["findings"] if row["rule"] == "antithrombotic_hold"]
    return {gap["section"] for row in rows for gap in row.get("missing", ())}


@pytest.mark.parametrize(("statements", "requests"), list(itertools.product((*ANSWERED, *GAPS, "not kept"), repeat=2)))
def test_every_list_that_is_kept_must_be_answered(statements: str, requests: str) -> None:
    found = answer(statements, requests)
    lacking = {key for key, way in zip(BOTH, (statements, requests), strict=True) if way in GAPS}
    if statements == requests == "not kept":
        lacking = set(BOTH)
    assert missing(found) == lacking
    assert found["disposition"] == ("insufficient-data" if lacking else "criteria-met")


def test_what_the_wrong_key_holds_counts_all_the_same() -> None:
    lists = {"medication-statements": bundle({**drug(BOTH[1]), "medicationCodeableConcept": {"text": "apixaban 5 mg"}})}
    reply = DOOR.call(json.dumps({**SUITABLE, "prefetch": SUITABLE["prefetch"] | lists}).encode())
    found = reply.body["extension"]["org.vertebroplasty-cds.assessment"]
    assert "met" in [row["status"] for row in found["findings"] if row["rule"] == "antithrombotic_hold"]
    assert missing(found) == {"medication-statements"}


NO_SUCH_TYPE = [
    refusal("not-supported"),
    refusal("not-supported", "Resource type 'MedicationStatement' is not supported."),
    refusal(
        "processing",
        "HAPI-0302: Unknown resource type 'MedicationStatement' - Server knows how to handle: [Patient, SearchParameter]",
    ),
    refusal("not-supported", severity="fatal"),
]
SOMETHING_ELSE = [
    refusal("not-supported", "Search parameter 'patient' is not supported"),
    refusal("not-supported", "_include is not supported"),
    refusal("not-supported", "The interaction is not supported"),
    refusal("not-supported", severity="warning"),
    refusal("not-found", "Patient/vera is not known"),
    refusal("processing", "HAPI-0524: Unknown search parameter"),
    refusal("forbidden"),
    {"resourceType": "OperationOutcome"},
    {"resourceType": "OperationOutcome", "issue": [*refusal("not-supported")["issue"], *refusal("exception")["issue"]]},
    {"resourceType": "OperationOutcome", "issue": 7},
    {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": 7}]},
    {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "not-supported", "expression": ["http.patient"]}],
    },
]


@pytest.mark.parametrize(
    ("outcome", "disposition"),
    [*((item, "criteria-met") for item in NO_SUCH_TYPE), *((item, "insufficient-data") for item in SOMETHING_ELSE)],
)
def test_only_an_outcome_that_says_so_means_that_no_list_is_kept(outcome: object, disposition: str) -> None:
    others = {key: value for key, value in SUITABLE["prefetch"].items() if key != "medication-statements"}
    reply = DOOR.call(json.dumps({**SUITABLE, "prefetch": {**others, "medication-statements": outcome}}).encode())
    assert reply.body["extension"]["org.vertebroplasty-cds.assessment"]["disposition"] == disposition


@pytest.mark.parametrize("key", BOTH)
def test_the_card_names_the_list_that_was_not_sent(key: str) -> None:
    others = {name: value for name, value in SUITABLE["prefetch"].items() if name != key}
    card = DOOR.call(json.dumps({**SUITABLE, "prefetch": others}).encode()).body["cards"][0]
    names = {"medication-statements": "Medication list not sent", "medication-requests": "Prescriptions not sent"}
    assert names[key] in card["summary"]
    assert "unknown: antithrombotics" in card["detail"]


def without(key: str) -> bytes:
    """A call about the same patient in which one of the lists was left out."""
    kept = {name: value for name, value in SUITABLE["prefetch"].items() if name != key}
    return json.dumps({**SUITABLE, "prefetch": kept}).encode()


def site(*lists: str, **more: Any) -> Settings:
    return Settings(medication_lists=tuple(map(MedicationList, lists)), **more)


@pytest.mark.parametrize("kept", BOTH)
def test_a_site_that_keeps_one_list_says_so(kept: str) -> None:
    """Then the other is not missed; if it is sent all the same, what it holds counts, and so do its gaps."""
    door = here(NOW, site(kept))
    other = next(key for key in BOTH if key != kept)
    for way, gaps in {"omitted": set(), "given": set(), "not kept": set(), "cut": {other}, "failed": {other}}.items():
        ways = {kept: "empty", other: way}
        found = answer(ways[BOTH[0]], ways[BOTH[1]], door=door)
        assert missing(found) == gaps
        assert found["disposition"] == ("insufficient-data" if gaps else "criteria-met")
    for way in GAPS:
        ways = {kept: way, other: "given"}
        assert answer(ways[BOTH[0]], ways[BOTH[1]], door=door)["disposition"] == "insufficient-data"


def test_a_list_that_is_not_kept_is_not_asked_for() -> None:
    """Neither in discovery nor of a FHIR server, and no scope is needed for it."""
    keys = Client(name="n", issuer="i", jku=("https://h.example/k",), medication_lists=(MedicationList.REQUESTS,))
    settings = site(*BOTH, clients=(keys,))
    (caller,) = callers(settings, lambda _: lambda *_: ()).values()
    prefetch_of = [service["prefetch"] for service in json.loads(caller.discovery(ONE_ID)[0])["services"]]
    assert any("medication-requests" in keys for keys in prefetch_of)
    assert not any("medication-statements" in keys for keys in prefetch_of)
    assert "medication-statements" not in caller.searches
    page = connect.page(settings, caller.site)
    assert "MedicationRequest" in " ".join(page.scopes)
    assert "MedicationStatement" not in " ".join(page.scopes)
    assert {key.section for key in page.keys} == set(Section) - {Section.MEDICATION_STATEMENTS}


def test_a_client_s_own_lists_win() -> None:
    own = Client(name="n", issuer="i", jku=("https://h.example/k",), medication_lists=(MedicationList.STATEMENTS,))
    plain = Client(name="m", issuer="j", jku=("https://h.example/k",))
    settings = site("medication-requests", clients=(own, plain))
    assert [settings.lists_of(item) for item in (own, plain, None)] == [
        ("medication-statements",),
        ("medication-requests",),
        ("medication-requests",),
    ]
    assert [site_of(settings, item).lists for item in (own, plain)] == [BOTH[:1], BOTH[1:]]


def test_the_lists_are_those_of_the_chart() -> None:
    assert tuple(map(Section, MedicationList)) == MEDICATION_LISTS
    assert site(*BOTH[::-1], *BOTH).medication_lists == BOTH


@pytest.mark.parametrize("where", ["", "[[clients]]\nname = 'n'\nissuer = 'i'\njku = ['https://h.example/k']\n"])
@pytest.mark.parametrize(
    ("lists", "says"),
    [("[]", "names no list"), ("['medications']", "should be 'medication-statements' or 'medication-requests'")],
)
def test_other_lists_stop_the_start_in_one_line(tmp_path: Path, where: str, lists: str, says: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(f"{where}medication_lists = {lists}\n")
    with pytest.raises(SettingsError, match="medication_lists") as raised:
        load(file)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_replay_goes_by_the_settings(tmp_path: Path) -> None:
    file, request = tmp_path / "site.toml", tmp_path / "request.json"
    file.write_text("medication_lists = ['medication-requests']\n")
    others = {key: value for key, value in SUITABLE["prefetch"].items() if key != "medication-statements"}
    request.write_text(json.dumps({**SUITABLE, "prefetch": others}))
    as_default = CliRunner().invoke(main, ["replay", str(request)])
    as_the_site = CliRunner().invoke(main, ["replay", "--config", str(file), str(request)])
    assert "insufficient-data" in as_default.output
    assert "criteria-met" in as_the_site.output


def checked(tmp_path: Path, address: str, more: str = "") -> str:
    """What `config check` says, in one line."""
    file = tmp_path / "site.toml"
    file.write_text(f"database_url = '{address}'\n{more}")
    told = CliRunner().invoke(main, ["config", "check", "--config", str(file)])
    assert told.exit_code == 0, told.output
    return " ".join(told.output.split())


def called(address: str, *bodies: bytes, now: datetime = NOW, **more: Any) -> str:
    """Makes calls of a service with this database; what /connect says then, once all is written down."""
    app = create_app(Settings(database_url=address, **more), now=lambda: now)
    http = app.test_client()
    for body in bodies:
        assert http.post("/cds-services/vertebroplasty-suitability", data=body).status_code == 200
    database = Database(address)
    for _ in range(200):
        if [item.last_at for item in list_histories(database)] == [now, now]:
            break
        time.sleep(0.05)
    database.close()
    return html.unescape(http.get("/connect").text)


@pytest.mark.parametrize(("key", "other"), [BOTH, BOTH[::-1]])
def test_a_list_that_was_never_answered_is_said_at_both_places(tmp_path: Path, key: str, other: str) -> None:
    address = f"sqlite:///{tmp_path}/f.sqlite3"
    assert "not answered" not in checked(tmp_path, address)
    assert not (tmp_path / "f.sqlite3").exists()
    says = f"{key} was not answered by whoever calls in any call since 2026-11-22"
    remedy = f'if no such list is kept, set medication_lists = ["{other}"]'
    for told in (called(address, without(key)), checked(tmp_path, address)):
        assert says in told
        assert remedy in told
        assert f"{other} was not answered" not in told
    assert "not answered" not in checked(tmp_path, address, f"medication_lists = ['{other}']")


def test_a_list_that_is_answered_is_not_spoken_of(tmp_path: Path) -> None:
    """Not for a week without it either: somebody may have tested with it first."""
    address = f"sqlite:///{tmp_path}/f.sqlite3"
    whole = json.dumps(SUITABLE).encode()
    assert "not answered" not in called(address, whole)
    assert "not answered" not in called(address, without(BOTH[0]), now=NOW + timedelta(days=7))
    assert f"{BOTH[0]} was not answered by whoever calls since 2026-11-22" in called(
        address, without(BOTH[0]), now=NOW + timedelta(days=8)
    )
    assert f"{BOTH[0]} was not answered" in checked(tmp_path, address)
    assert "not answered" not in called(address, whole, now=NOW + timedelta(days=9))


def test_a_call_in_shadow_counts(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/f.sqlite3"
    keys = tmp_path / "keys.json"
    keys.write_bytes(key_set("P-384"))
    north = Client(name="North", issuer=ISSUER, jwks=keys, shadow=True)
    http = create_app(Settings(database_url=address, clients=(north,)), now=lambda: NOW).test_client()
    headers = {"Authorization": f"Bearer {token(NOW, SERVICE)}"}
    response = http.post("/cds-services/vertebroplasty-suitability", data=without(BOTH[0]), headers=headers)
    assert response.get_json() == {"cards": []}
    database = Database(address)
    for _ in range(200):
        if len(found := list_histories(database)) == len(BOTH):
            break
        time.sleep(0.05)
    database.close()
    assert [(item.client, item.section, item.answered_at) for item in found] == [
        ("North", "medication-requests", NOW),
        ("North", "medication-statements", None),
    ]
    config = f"[[clients]]\nname = 'North'\nissuer = '{ISSUER}'\njwks = '{keys}'\n"
    assert "medication-statements was not answered by North" in checked(tmp_path, address, config)
    own = f"{config}medication_lists = ['medication-requests']\n"
    assert "not answered" not in checked(tmp_path, address, own)


def test_a_database_that_cannot_be_read_does_not_stop_the_check(tmp_path: Path) -> None:
    broken = tmp_path / "f.sqlite3"
    broken.write_text("no database" * 100)
    assert "which medication lists callers answer cannot be read" in checked(tmp_path, f"sqlite:///{broken}")
