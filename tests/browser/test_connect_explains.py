"""What the test of a connection says, in a browser against running services, when something is in the way: CORS, proxies, tokens."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.places import ARTIFACTS
from tests.browser.test_each_page import EVERYTHING_SHOWN, WIDTHS, colours, complaints
from tests.serving import SERVICE, Server, serving
from tests.tokens import ISSUER, key_set, token

pytestmark = pytest.mark.browser

DISCOVERY = "/cds-services"
GUARDED = f"""
pages = true
cors_origins = ["https://ehr.example"]
[[clients]]
name = "North"
issuer = "{ISSUER}"
jwks = "keys.json"
"""


def at(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with one client; pages of one other origin alone may call it."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "keys.json").write_bytes(key_set("P-384", "RSA"))
    (folder / "cds.toml").write_text(GUARDED, encoding="utf-8")
    with serving(folder, "--config", "cds.toml") as running:
        yield running


@pytest.fixture
def page(open_page: Callable[..., Page], seen: list[str]) -> Iterator[Page]:
    """A page that may meet refusals and other origins, as that is what it is for; its policy and its script must hold."""
    yield open_page()
    assert [line for line in seen if "Content Security" in line or line.startswith("script")] == []
    seen.clear()


def steps(page: Page, base: str = "") -> list[str]:
    """Runs the test and gives the state of its three steps."""
    page.fill("#base", base)
    page.click("#check button[type=submit]")
    expect(page.locator(".step")).to_have_count(3)
    expect(page.locator("#check button[type=submit]")).to_be_enabled()
    return [str(step.get_attribute("class")).removeprefix("step ") for step in page.locator(".step").all()]


def give(page: Page, discovery: str, service: str = "") -> None:
    page.fill("#token-discovery", discovery)
    page.fill("#token-service", service)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_page_of_another_origin_may_call_a_laptop(page: Page, service: Server):
    page.goto(f"http://localhost:{service.port}/connect")
    assert steps(page, at(service)) == ["good"] * 3
    refused = page.locator(".step").nth(2)
    expect(refused).to_contain_text("OperationOutcome: hook is missing")
    refused.locator("summary").click()
    expect(refused.locator("pre")).to_contain_text('"resourceType": "OperationOutcome"')


def test_a_service_that_does_not_allow_the_page_is_told_from_one_that_is_not_there(
    page: Page, service: Server, guarded: Server
):
    page.goto(f"{at(service)}/connect")
    assert steps(page, at(guarded)) == ["bad", "skipped", "skipped"]
    first = page.locator(".step").first
    expect(first).to_contain_text("blocked by CORS")
    expect(first).to_contain_text(f'cors_origins = ["{at(service)}"]')
    assert steps(page, "http://127.0.0.1:9") == ["bad", "skipped", "skipped"]
    expect(first).to_contain_text("Nothing answered at http://127.0.0.1:9")
    assert steps(page, f"{at(service)}/wrong/cds-services") == ["bad", "skipped", "bad"]
    expect(first).to_contain_text("nothing at this address")
    expect(first).to_contain_text("OperationOutcome: There is nothing at this address")
    page.fill("#base", "http://")
    page.click("#check button[type=submit]")
    expect(page.locator("#summary")).to_contain_text("This is no address")


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ({"status": 502, "body": "<h1>Bad gateway</h1>"}, "proxy without service"),
        ({"status": 403, "body": "<h1>Forbidden</h1>"}, "forbidden"),
        ({"status": 413, "body": ""}, "too large"),
        ({"status": 200, "body": "<h1>Log in</h1>"}, "not a CDS service"),
        ({"status": 200, "body": "{}"}, "no discovery document"),
        ({"status": 200, "body": '{"services": [{"id": "another"}]}'}, "another service"),
        ({"status": 302, "headers": {"Location": "/login"}, "body": ""}, "redirected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_proxy_does_is_explained(page: Page, service: Server, answer: dict[str, object], label: str):
    def proxy(route: Route) -> None:
        route.fulfill(**answer)  # type: ignore[arg-type]

    page.goto(f"{at(service)}/connect")
    page.route(f"**{DISCOVERY}", proxy)
    assert steps(page)[0] in ("bad", "attention")
    expect(page.locator(".step").first.locator(".state")).to_contain_text(label)


@pytest.mark.parametrize(
    ("entered", "discovery", "own"),
    [
        ("", DISCOVERY, ""),
        ("/", DISCOVERY, ""),
        (DISCOVERY, DISCOVERY, ""),
        ("/by-hook", "/by-hook/cds-services", "--order-sign"),
        ("/by-hook/cds-services/", "/by-hook/cds-services", "--order-sign"),
        ("/by-hook/cds-services/vertebroplasty-suitability--order-select", "/by-hook/cds-services", "--order-sign"),
    ],
)
def test_either_discovery_address_is_tested(page: Page, service: Server, entered: str, discovery: str, own: str):
    asked: list[str] = []
    page.goto(f"{at(service)}/connect")
    page.on("request", lambda request: asked.append(request.url) if DISCOVERY in request.url else None)
    assert steps(page, at(service) + entered) == ["good"] * 3
    called = f"{at(service)}{discovery}/vertebroplasty-suitability{own}"
    assert asked == [at(service) + discovery, called, called]
    expect(page.locator("#aud-service code")).to_have_text(called)


def test_a_service_with_clients_asks_for_tokens_and_gets_them(page: Page, guarded: Server):
    base = at(guarded)
    page.goto(f"{base}/connect")
    assert steps(page) == ["attention", "skipped", "good"]
    expect(page.locator("#summary")).to_have_text("The service is there and asks for a token.")
    expect(page.locator(".step").first).to_contain_text("OperationOutcome: This call needs a valid token")
    expect(page.locator("#aud-service code")).to_have_text(base + SERVICE)
    carried: list[str] = []
    page.on("request", lambda request: carried.append(request.url) if "authorization" in request.headers else None)
    tokens = token(now(), base + DISCOVERY), token(now(), base + SERVICE)
    give(page, *tokens)
    assert steps(page) == ["good"] * 3
    assert carried == [base + DISCOVERY, base + SERVICE]
    assert page.input_value("#token-discovery") + page.input_value("#token-service") == ""
    kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])")
    assert not any(sent in kept + page.content() for sent in tokens)


def test_why_a_token_was_not_accepted_is_explained(page: Page, guarded: Server):
    base = at(guarded)
    used = token(now(), base + DISCOVERY)
    seconds = int(now().timestamp())
    page.goto(f"{base}/connect")
    give(page, used)
    assert steps(page) == ["good", "attention", "good"]
    for sent, says in (
        (used, "It was sent from this page before"),
        ("abc", "It is not a JSON Web Token"),
        (token(now(), "https://another.example/cds-services"), "this call needs aud"),
        (token(now() - timedelta(hours=2), base + DISCOVERY), "It expired at"),
        (token(now() + timedelta(hours=2), base + DISCOVERY), "It is valid only from"),
        (token(now(), base + DISCOVERY, exp=seconds + 90_000), "It is valid for 25 hours; at most 24"),
        (token(now(), base + DISCOVERY, jti=None), "It has no jti"),
        (token(now(), base + DISCOVERY, iss=None), "It names no issuer"),
        (token(now(), base + DISCOVERY, "RSA", "RS512"), "It is signed with RS512; accepted are ES384"),
        (token(now(), base + DISCOVERY, "P-384 another"), "what is left are the issuer and the key"),
        (token(now(), base + DISCOVERY, iss="https://stranger.example"), "what is left are the issuer and the key"),
    ):
        give(page, sent)
        assert steps(page)[0] == "bad", says
        expect(page.locator(".step").first).to_contain_text(says)


@pytest.mark.parametrize(("name", "base"), [("asks", ""), ("failed", "http://127.0.0.1:9")])
def test_what_is_found_is_accessible(page: Page, axe: str, guarded: Server, name: str, base: str):
    page.goto(f"{at(guarded)}/connect")
    steps(page, base)
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=ARTIFACTS / f"connect-{name}-{width}.png", full_page=True)
        page.evaluate(EVERYTHING_SHOWN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints(page) == []
    colours(page, "dark")
    assert complaints(page, runOnly=["color-contrast", "link-in-text-block"]) == []
