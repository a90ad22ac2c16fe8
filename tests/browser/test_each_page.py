"""Each page, wide and narrow, in light and dark: accessible, fitting, readable without script, and usable by keyboard."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.places import ARTIFACTS, PAGES, Place

pytestmark = pytest.mark.browser

WIDTHS = (1280, 380)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
EVERYTHING_SHOWN = """() => {
    document.querySelector("input[name=show][value=all]")?.click();
    for (const part of document.querySelectorAll("details")) part.open = true;
}"""
each_page = pytest.mark.parametrize("place", PAGES, ids=lambda place: place.name)


def complaints(page: Page, **options: Any) -> list[str]:
    """What axe-core finds wrong, or cannot decide, under all its rules for WCAG and good practice.

    It can never decide the contrast of a text in a drawing: those are measured by a test of their own.
    """
    found = page.evaluate("options => axe.run({ resultTypes: ['violations', 'incomplete'], ...options })", options)
    return [
        f"{problem['id']}: {problem['help']}: {node['html'][:200]}"
        for problem in found["violations"] + found["incomplete"]
        for node in problem["nodes"]
        if not (problem["id"] == "color-contrast" and node["html"].startswith("<text"))
    ]


def colours(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Asks for light or dark, and waits until the page has it."""
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)


@each_page
def test_accessible_and_fitting(page: Page, axe: str, place: Place):
    response = page.goto(place.path)
    assert response
    assert response.status == place.status
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            colours(page, scheme)
            page.screenshot(path=ARTIFACTS / f"{place.name}-{width}-{scheme}.png", full_page=True)
    page.evaluate(EVERYTHING_SHOWN)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        colours(page, "light")
        assert complaints(page) == []
        colours(page, "dark")
        assert complaints(page, runOnly=["color-contrast", "link-in-text-block"]) == []


@each_page
def test_readable_without_script(open_page: Callable[..., Page], place: Place):
    page = open_page(java_script_enabled=False)
    page.goto(place.path)
    expect(page.get_by_text(place.says).first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


DRAWN_TEXTS = """() => {
    const luminance = (colour) => {
        const [red, green, blue] = colour.match(/[0-9.]+/g).slice(0, 3)
            .map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    return [...document.querySelectorAll("main svg text")].map((text) => {
        const mark = [...text.parentElement.querySelectorAll(":scope > :is(rect, circle)")].at(-1);
        const filled = mark ? getComputedStyle(mark).fill : "none";
        const ground = filled === "none" ? getComputedStyle(text.closest(".panel")).backgroundColor : filled;
        const [darker, lighter] = [luminance(getComputedStyle(text).fill), luminance(ground)].sort((a, b) => a - b);
        return { text: text.textContent, contrast: (lighter + 0.05) / (darker + 0.05) };
    });
}"""


@pytest.mark.parametrize(
    "fixture",
    ["apixaban-20h-before-slot", "onset-month-only", "stent-dual-antiplatelet-included-medication", "active-discitis"],
)
def test_text_in_a_drawing_stands_out(page: Page, fixture: str):
    page.goto(f"/?fixture={fixture}")
    for scheme in SCHEMES:
        colours(page, scheme)
        texts = page.evaluate(DRAWN_TEXTS)
        assert {"Now", "Procedure"} <= {item["text"] for item in texts}
        assert [item for item in texts if item["contrast"] < 4.5] == []


FOCUS = """() => {
    const one = document.activeElement;
    const shown = one.matches(".segments input") ? one.nextElementSibling : one;
    const { outlineStyle, outlineWidth } = getComputedStyle(shown);
    const { width, bottom } = shown.getBoundingClientRect();
    return {
        what: one.outerHTML.slice(0, 120),
        body: one === document.body,
        seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && width > 1 && bottom > 0,
    };
}"""


@pytest.mark.parametrize("place", [place for place in PAGES if not place.variant], ids=lambda place: place.name)
def test_usable_by_keyboard(page: Page, place: Place):
    page.goto(place.path)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(
        "document.activeElement.closest('main, footer') !== null || document.activeElement === document.body"
    )
    page.goto(place.path)
    for _ in range(50):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus["body"]:
            break
        assert focus["seen"], focus["what"]
