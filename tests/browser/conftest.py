"""One running service and one Chromium for all tests of pages, and a watch on every page that they open."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests.browser import history
from tests.npm_packages import installed
from tests.serving import Server, serving

FOLDER = Path(__file__).parent
PATIENCE = 60_000  # milliseconds; only a broken page needs them, or a machine that has much else to do

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service, with half a year of feedback long ago beside what tests send."""
    with serving(tmp_path_factory.mktemp("browser")) as running:
        database = running.database()
        history.write(database)
        database.close()
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core. Playwright evaluates it in a page as a debugger would: the page's policy stays in force."""
    return (installed(FOLDER) / "axe-core/axe.min.js").read_text(encoding="utf-8")


@dataclass
class Watch:
    """What pages must never do: complain on the console, fail in a script, ask elsewhere, or ask for what is not there.

    The status of the page itself is for the test to judge, as is what `POST /workbench/run` says inside its answer.
    """

    origins: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext, origin: str) -> None:
        self.origins.add(origin + "/")
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"script: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        about_http = message.text.startswith("Failed to load resource: the server responded with a status of")
        if message.type in ("error", "warning") and not about_http:
            self.seen.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((*self.origins, "data:", "blob:")):
            self.seen.append(f"elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.seen.append(f"HTTP {response.status}: {response.url}")


@pytest.fixture(scope="session")
def watch() -> Watch:
    return Watch()


@pytest.fixture
def seen(watch: Watch) -> list[str]:
    """What pages did in this test that they must not; a test that means them to takes it out."""
    return watch.seen


@pytest.fixture(scope="session")
def tabs() -> dict[str, Page]:
    """Pages that are open, by what they were opened with: a process of the browser costs more than most tests."""
    return {}


@pytest.fixture
def open_page(service: Server, browser: Browser, watch: Watch, tabs: dict[str, Page]) -> Iterator[Callable[..., Page]]:
    """Gives an empty page in a context with these options of `Browser.new_context`; in the end nothing may have been seen."""
    used = []

    def opened(server: Server = service, **options: Any) -> Page:
        origin = f"http://127.0.0.1:{server.port}"
        size = {"width": 1280, "height": 800}
        wanted = {"base_url": origin, "viewport": size, "locale": "en-GB", **options}
        if (name := str(wanted)) not in tabs:
            context = browser.new_context(**wanted)
            context.set_default_timeout(PATIENCE)
            watch.over(context, origin)
            tabs[name] = context.new_page()
        page = tabs[name]
        page.set_viewport_size(wanted["viewport"])
        page.emulate_media(color_scheme="light", media="screen")
        used.append(page)
        return page

    yield opened
    for page in used:
        page.unroute_all()
        page.goto("about:blank")
    seen = watch.seen[:]
    watch.seen.clear()
    assert seen == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()
