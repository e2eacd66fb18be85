"""Accessibility of every kind of page: WCAG 2.2 AA, keyboard, narrow screens, paper, light weight."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.example_pages import ERRORS, EXAMPLE_PAGES
from tests.browser.reader import LOCALES, Reader, reading
from tests.live import ROOT, Server

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Those that look at colours; the others find the same in either scheme.
COLOURS = ["color-contrast", "link-in-text-block"]
# Widgets that others make, as npm brings them: what is inside is theirs, what is around is ours.
WIDGETS = [
    "#yasgui",  # YASGUI's own colours and unlabelled buttons
    "#swagger",  # Swagger UI, in a tree of its own
]
# Swagger UI has a main landmark of its own in its tree, beside the page's.
EXCUSED = {"swagger": ["landmark-no-duplicate-main"]}
# Bytes of a page with our own style sheets and scripts, uncompressed.
HEAVIEST = 150_000
NARROWEST = 320

WIDTHS = (390, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def opened(reader: Reader, kind: str) -> Page:
    """The page of this kind, with its widgets there."""
    reader.expected = {ERRORS[kind]} if kind in ERRORS else set()
    page = reader.goto(EXAMPLE_PAGES[kind])
    if kind == "editor":
        page.locator("html[data-editor=ready]").wait_for()
    if kind == "swagger":
        page.locator("#swagger .opblock").first.wait_for()
    reader.check()
    return page


@pytest.fixture(scope="module", params=list(LOCALES))
def window(request: pytest.FixtureRequest, browser: Browser, catalogue: Server) -> Iterator[Reader]:
    with reading(browser, catalogue, request.param) as reader:
        yield reader


def findings(page: Page, rules: list[str]) -> list[str]:
    """Return the violations by axe-core of some rules or tags: the rule, the element, and the correction."""
    found: dict[str, Any] = page.evaluate(
        "([rules, widgets]) => axe.run({exclude: widgets.map((widget) => [widget])}, "
        "{runOnly: rules, resultTypes: ['violations']})",
        [rules, WIDGETS],
    )
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("kind", EXAMPLE_PAGES)
def test_axe_finds_nothing(window: Reader, kind: str) -> None:
    page = opened(window, kind)
    page.evaluate("for (const folded of document.querySelectorAll('main details')) folded.open = true")
    page.evaluate(AXE.read_text())
    for width, scheme in product(WIDTHS, SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        found = [
            text
            for text in findings(page, RULES if scheme == "light" else COLOURS)
            if text.partition(":")[0] not in EXCUSED.get(kind, [])
        ]
        assert found == [], f"{width} pixels, {scheme}"
    # It tries out styles that the page's policy forbids; what the page itself does was checked before.
    window.complaints.clear()


@pytest.fixture(scope="module")
def narrow(browser: Browser, catalogue: Server) -> Iterator[Reader]:
    with reading(browser, catalogue, "en", NARROWEST) as reader:
        yield reader


@pytest.fixture(scope="module", params=list(EXAMPLE_PAGES))
def visited(request: pytest.FixtureRequest, narrow: Reader) -> Page:
    """One visit of each kind on a narrow screen; tests only look at it."""
    return opened(narrow, request.param)


def test_nothing_scrolls_sideways_on_a_narrow_screen(visited: Page) -> None:
    wide = visited.evaluate(
        "() => document.documentElement.scrollWidth <= innerWidth ? [] : "
        "[...document.querySelectorAll('body *')]"
        ".filter((element) => element.getBoundingClientRect().right > innerWidth + 1)"
        ".map((element) => `${element.tagName}.${element.className}`)"
    )
    assert wide == []


def test_a_page_is_light(visited: Page) -> None:
    sizes: dict[str, int] = visited.evaluate(
        "() => Object.fromEntries(['navigation', 'resource']"
        ".flatMap((kind) => performance.getEntriesByType(kind))"
        ".filter((entry) => ['navigation', 'link', 'css', 'script', 'other'].includes(entry.initiatorType))"
        ".map((entry) => [entry.name, entry.decodedBodySize]))"
    )
    own = {url: size for url, size in sizes.items() if "/vendor/" not in url}
    assert any("endpoint.css" in url and size > 10_000 for url, size in own.items())
    assert own[visited.url.partition("#")[0]] > 1_000
    assert sum(own.values()) < HEAVIEST, own


def test_on_paper_there_is_no_navigation(visited: Page) -> None:
    visited.emulate_media(media="print")
    try:
        expect(visited.locator("header.site nav:visible")).to_have_count(0)
        expect(visited.locator("main form:visible")).to_have_count(0)
        expect(visited.locator("main h1")).to_have_count(1)
    finally:
        visited.emulate_media(media="screen")


def focused(page: Page) -> str:
    """The name of the element that the keyboard is at."""
    return str(
        page.evaluate(
            "() => { const at = document.activeElement; "
            "return at.ariaLabel || at.labels?.[0]?.innerText || at.innerText || at.tagName }"
        )
    ).strip()


def test_the_first_tab_skips_to_the_content(reader: Reader) -> None:
    page = reader.goto("/")
    page.keyboard.press("Tab")
    link = page.locator(".skip")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#q")).to_be_focused()


def test_the_tab_order_of_the_search_page_is_the_reading_order(reader: Reader) -> None:
    page = reader.goto("/")
    visited = []
    for _ in range(14):
        page.keyboard.press("Tab")
        visited.append(focused(page))
    assert visited[0] == "Skip to the content"
    places = ["Catalogue", "Browse", "Overview", "Query", "API"]
    in_order = [*places, "한국어", "English", "Search the catalogue"]
    assert [name for name in visited if name in in_order] == in_order
    assert visited.index("Search") == visited.index("Search the catalogue") + 1


@pytest.mark.parametrize("kind", ["catalogue", "publication", "query-form"])
def test_the_focus_can_be_seen_everywhere(reader: Reader, kind: str) -> None:
    page = opened(reader, kind)
    page.keyboard.press("Tab")
    places = 0
    while places < 60 and page.evaluate("document.activeElement !== document.body"):
        places += 1
        ring = page.evaluate(
            "() => { const at = getComputedStyle(document.activeElement); "
            "return [at.outlineStyle, parseFloat(at.outlineWidth), at.outlineColor] }"
        )
        assert ring[0] != "none", focused(page)
        assert ring[1] >= 2, focused(page)
        page.keyboard.press("Tab")
    assert places > 15
