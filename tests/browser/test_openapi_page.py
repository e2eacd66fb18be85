"""The page of the API in a browser: Swagger UI shows our document and calls our server, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.reader import Reader, reading
from tests.live import Server

PATH = "/api/docs"
BY_YEAR = "#swagger .opblock-get .opblock-summary-control[aria-expanded]"


def test_an_operation_can_be_tried_out(reader: Reader) -> None:
    page = reader.goto(PATH)
    summary = page.locator(BY_YEAR, has_text="/api/publications-by-year").first
    expect(summary).to_contain_text("Publications by year")
    expect(page.locator("div#operations")).to_be_hidden()
    summary.click()
    opened = page.locator("#swagger .opblock.is-open")
    opened.locator(".try-out__btn").click()
    opened.locator("button.execute").click()
    address = f"{reader.server.url}/api/publications-by-year?year=2023"
    expect(opened.locator(".request-url pre")).to_have_text(address)
    answer = opened.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("200")
    expect(answer).to_contain_text('"generation"')


@pytest.fixture(scope="module")
def opened(browser: Browser, catalogue: Server) -> Iterator[Reader]:
    """The page in Korean and in dark colours, with one operation unfolded; tests only look at it."""
    with reading(browser, catalogue, "ko", scheme="dark") as reader:
        page = reader.goto(PATH)
        page.locator(BY_YEAR, has_text="/api/publications-by-year").first.click()
        expect(page.locator("#swagger .opblock.is-open .opblock-body").first).to_be_visible()
        yield reader
        reader.check()


def test_it_is_in_korean_for_a_korean_reader(opened: Reader) -> None:
    summary = opened.page.locator(BY_YEAR, has_text="/api/publications-by-year").first
    expect(summary).to_contain_text("연도별 발간자료")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window(opened: Reader, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 900})
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_there_is_a_list(browser: Browser, catalogue: Server) -> None:
    with reading(browser, catalogue, scripts=False) as opened:
        page = opened.goto(PATH)
        page.get_by_role("link", name="Publications by year", exact=True).first.click()
        assert "year=2023" in page.url
