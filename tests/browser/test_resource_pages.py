"""Pages of resources in a browser: inverse statements, loaded on demand, and the targets of links."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.reader import Reader, reading
from tests.live import Server

COUNTRY = "/core/resource/Country/KP"


def test_what_points_here_is_loaded_on_demand(reader: Reader) -> None:
    page = reader.goto(COUNTRY)
    group = page.locator("details.inverse").first
    group.wait_for()
    before = len(reader.requests)
    group.locator("summary").click()
    expect(group.locator("li a").first).to_be_visible()
    assert len(reader.requests) == before + 1
    group.locator("li a").first.click()
    page.wait_for_url(lambda url: "/Country/KP" not in url)
    assert page.locator("article.resource h1").inner_text()


def test_without_scripts_it_is_a_page_of_its_own(browser: Browser, catalogue: Server) -> None:
    with reading(browser, catalogue, scripts=False) as reader:
        page = reader.goto(COUNTRY)
        group = page.locator("details.inverse").first
        group.locator("summary").click()
        group.locator("a.load").click()
        expect(page.locator("details.inverse[open] li a").first).to_be_visible()
        reader.check()


def test_an_unknown_resource_is_not_found_in_words(reader: Reader) -> None:
    reader.expected = {404}
    page = reader.goto("/mofapub/resource/Publication/1420999")
    expect(page.locator("h1")).to_be_visible()
    assert "404" in reader.text()


@pytest.mark.parametrize("path", ["/mofapub/Publication", "/mofapub/hasAuthor", "/mofapub/"])
def test_terms_and_ontologies_have_pages_that_can_be_read(korean: Reader, path: str) -> None:
    page = korean.goto(path)
    assert page.locator("h1").inner_text()
    assert len(korean.text()) > 200
