"""The page that tells how a client is connected: everything on it is what the service itself goes by."""

import html
import json
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from cds_service import prefetch
from cds_service.app import create_app
from cds_service.auth import ALGORITHMS
from cds_service.chart import Section
from cds_service.chart.sections import RESOURCE_TYPE
from cds_service.fetch.scopes import allows
from cds_service.hook import Hook
from cds_service.service import site_of
from cds_service.settings import Client, Settings
from cds_service.web import connect
from tests.test_pages import Elements
from tests.tokens import ELSEWHERE, ISSUER, key_set

SANDBOX = "https://sandbox.cds-hooks.org"


def serve(folder: Path, **chosen: Any) -> FlaskClient:
    return create_app(Settings(database_url=f"sqlite:///{folder}/f.sqlite3", **chosen)).test_client()


def client_of(folder: Path) -> Client:
    keys = folder / "keys.json"
    keys.write_bytes(key_set("P-384"))
    return Client(issuer=ISSUER, name="North", jwks=keys)


def by_id(text: str, name: str) -> str:
    found = re.search(rf'<(\w+) id="{name}"[^>]*>(.*?)</\1>', text, re.DOTALL)
    assert found
    return html.unescape(found[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("connect")


@pytest.fixture(scope="module")
def service(folder: Path) -> FlaskClient:
    return serve(folder)


@pytest.fixture(scope="module")
def text(service: FlaskClient) -> str:
    response = service.get("/connect")
    assert response.status_code == 200
    return response.text


def shown() -> connect.ConnectPage:
    settings = Settings()
    return connect.page(settings, site_of(settings))


def test_the_page_keeps_to_its_policy(text: str):
    page = Elements(text)
    assert page.blocked == []
    assert len(page.ids) == len(set(page.ids))


def test_only_the_test_of_a_connection_may_call_elsewhere(service: FlaskClient):
    def reach(path: str) -> str:
        policy = service.get(path).headers["Content-Security-Policy"]
        return policy.partition("connect-src ")[2].partition(";")[0]

    assert reach("/connect") == "'self' http: https:"
    assert {reach(path) for path in ("/", "/rules", "/feedback")} == {"'self'"}


def test_the_address_leads_to_discovery(service: FlaskClient, text: str):
    address = by_id(text, "discovery")
    assert address == "http://127.0.0.1:8000/cds-services"
    assert service.get(address.removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_the_sandbox_is_given_the_address_with_an_id_for_each_hook(service: FlaskClient, text: str):
    address = by_id(text, "by-hook")
    assert address == "http://127.0.0.1:8000/by-hook/cds-services"
    listed = json.loads(service.get(address.removeprefix("http://127.0.0.1:8000")).data)["services"]
    assert len({entry["id"] for entry in listed}) == len(shown().hooks)
    link = urlsplit(shown().sandbox)
    assert f"{link.scheme}://{link.netloc}" == SANDBOX
    assert parse_qs(link.query) == {
        "hook": ["patient-view"],
        "screen": ["patient-view"],
        "serviceDiscoveryURL": [address],
    }
    assert html.escape(shown().sandbox) in text


def test_the_page_says_so_where_the_sandboxs_chart_calls_a_hook_that_is_off(folder: Path):
    assert "which is switched off here" in serve(folder, hooks=(Hook.ORDER_SIGN,)).get("/connect").text
    assert "which is switched off here" not in serve(folder).get("/connect").text


def test_the_example_is_posted_to_an_id_that_is_listed(service: FlaskClient):
    request = json.loads(shown().example)
    for path, own in shown().ids.items():
        assert json.loads(service.post(f"{path}/{own}", json=request).data)["cards"]


def test_the_keys_are_those_of_discovery(service: FlaskClient):
    (templates, *_) = (entry["prefetch"] for entry in json.loads(service.get("/cds-services").data)["services"])
    assert {str(key.section): key.template for key in shown().keys} == templates


def test_without_a_required_key_the_call_is_refused_and_without_another_it_is_not(service: FlaskClient):
    request = json.loads(shown().example)
    for key in shown().keys:
        sent = request | {
            "prefetch": {name: value for name, value in request["prefetch"].items() if name != key.section}
        }
        answer = service.post("/cds-services/vertebroplasty-suitability", json=sent)
        assert answer.status_code == (412 if key.need is connect.Need.REQUIRED else 200), key.section
        if answer.status_code == 412:
            assert json.loads(answer.data)["issue"][0]["expression"] == [f"prefetch.{key.section}"]


def test_each_key_names_its_rules(text: str):
    by_key = {key.section: key for key in shown().keys}
    assert "cement_allergy" in {rule.id for rule in by_key[Section.ALLERGIES].essential}
    for key in shown().keys:
        assert set(key.essential) <= set(key.rules)
        assert all(f'href="/rules/{rule.id}"' in text for rule in key.rules)


def test_the_scopes_suffice_and_none_is_idle():
    scopes = shown().scopes
    site = site_of(Settings())
    needed = [
        (RESOURCE_TYPE[section], "?" in query) for section, query in prefetch.templates(site.rules, site.know).items()
    ] + [("Medication", False)]
    assert all(allows(" ".join(scopes), name, search=search) for name, search in needed)
    for idle in scopes:
        fewer = " ".join(scope for scope in scopes if scope != idle)
        assert not all(allows(fewer, name, search=search) for name, search in needed), idle


def test_the_configuration_shown_is_one(text: str, tmp_path: Path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/ehr.json").write_bytes(key_set("P-384"))
    read = tomllib.loads(by_id(text, "configuration"))
    (client,) = Settings(**read).clients
    assert client.issuer == "https://ehr.hospital.example"
    assert all(name in text for name in ALGORITHMS)


def test_the_example_is_answered_with_cards(service: FlaskClient, text: str):
    answer = service.post("/cds-services/vertebroplasty-suitability", data=by_id(text, "request"))
    assert answer.status_code == 200
    assert json.loads(answer.data)["cards"]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({}, "Any page may call it, as only this machine can reach it"),
        ({"cors_origins": (SANDBOX,)}, f"Pages of {SANDBOX} may call it"),
        ({"cors_origins": ("https://a.example",)}, "may not call this service yet"),
        (ELSEWHERE | {"pages": True}, "<code>cors_origins</code> is not set"),
        (ELSEWHERE | {"pages": True}, "do not let such a page call an address that begins with http"),
    ],
    ids=str,
)
def test_it_tells_whether_the_sandbox_may_call(tmp_path: Path, chosen: dict[str, Any], says: str):
    assert says in serve(tmp_path, **chosen).get("/connect").text


def test_beside_clients_it_says_that_calls_are_signed(tmp_path: Path):
    address = "https://cds.example/path"
    service = serve(tmp_path, clients=(client_of(tmp_path),), pages=True, public_url=address)
    text = service.get("/connect").text
    assert by_id(text, "discovery") == f"{address}/cds-services"
    assert "every call must be signed" in text
    assert "Never make it a client of a service that answers about real patients" in text
    assert "<code>patient-view</code>" not in text


@pytest.mark.parametrize("path", ["/", "/rules", "/feedback", "/connect"])
def test_each_page_leads_to_the_others(service: FlaskClient, path: str):
    text = service.get(path).text
    nav = text.partition("<nav")[2].partition("</nav>")[0]
    assert [link for link in ("/", "/rules", "/feedback", "/connect") if f'href="{link}"' not in nav] == []
    assert f'href="{path}" aria-current="page"' in nav
