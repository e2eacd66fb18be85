"""The pages of the API in a browser: forms that offer values, rows, charts, code, and Swagger UI."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.reader import Reader, reading
from tests.live import Server


def test_a_query_is_found_and_filled_in(reader: Reader) -> None:
    page = reader.goto("/api")
    everything = page.locator("ul.queries > li").count()
    page.locator("main input[type=search]").fill("author")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=author*")
    assert 0 < page.locator("ul.queries > li").count() < everything
    page.get_by_role("link", name="Publications by author", exact=True).click()
    page.get_by_label("The author's whole name").fill("SONG Tae Eun")
    page.get_by_role("button", name="Run").click()
    page.wait_for_url("**author=SONG*")
    expect(page.locator("main table tbody tr").first).to_contain_text("South Korea’s Arms Exports")
    expect(page.get_by_label("The author's whole name")).to_have_value("SONG Tae Eun")


def test_values_are_offered_while_a_korean_name_is_typed(korean: Reader) -> None:
    page = korean.goto("/api/publications-by-country")
    field = page.locator("input[name=country]")
    field.focus()
    # The page leaves the request that the focus has begun: its answer may never end.
    page.keyboard.insert_text("북한")
    options = page.locator("datalist option[label*='북한']")
    expect(options.first).to_be_attached()


def test_a_wrong_value_is_told_at_its_field(reader: Reader) -> None:
    reader.expected = {400}
    page = reader.goto("/api/publications-by-year-range?from=soon")
    field = page.locator("input[name=from]")
    expect(field).to_be_focused()
    expect(field).to_have_value("soon")
    described = (field.get_attribute("aria-describedby") or "").split()
    message = page.locator(f"#{described[-1]}")
    expect(message).to_be_visible()
    # Correcting it is enough.
    field.fill("2023")
    page.keyboard.press("Enter")
    page.wait_for_url("**from=2023*")
    expect(page.locator("main table tbody tr").first).to_be_visible()


def test_the_browser_asks_for_what_is_required(reader: Reader) -> None:
    page = reader.goto("/api/publications-by-author")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("input[name=author]:invalid")).to_be_focused()
    assert page.url.endswith("/api/publications-by-author")


def test_a_series_is_drawn_above_its_table(korean: Reader) -> None:
    page = korean.goto("/api/years")
    chart = page.locator("figure.chart img")
    assert chart.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    assert page.locator("main table tbody tr").count() > 40


def test_rows_are_paged_and_downloaded(reader: Reader) -> None:
    page = reader.goto("/api/publications-by-category?category=IFANS+Focus")
    first = page.locator("main table tbody tr").first.inner_text()
    page.locator("nav.pager a[rel~=next]").click()
    page.wait_for_url(lambda url: "page" in url)
    assert page.locator("main table tbody tr").first.inner_text() != first
    with page.expect_download() as awaited:
        page.locator("a[download]", has_text="CSV").first.click()
    lines = awaited.value.path().read_text(encoding="utf-8-sig").splitlines()
    # The whole answer, whichever page is shown.
    assert len(lines) > page.locator("main table tbody tr").count() + 1


def test_the_query_with_its_values_runs_in_the_editor(reader: Reader) -> None:
    page = reader.goto("/api/publications-by-author?author=SONG+Tae+Eun")
    page.get_by_role("link", name="Open in the query editor").click()
    page.locator("html[data-editor=ready]").wait_for()
    page.locator("#held button").click()
    expect(page.locator(".yasr_results table tbody tr").first).to_contain_text("Publication/14209")


def test_swagger_calls_the_server(reader: Reader) -> None:
    page = reader.goto("/api/docs")
    operation = page.locator("#swagger .opblock-get", has_text="/api/years").first
    operation.locator("button.opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    with page.expect_response("**/api/years*") as awaited:
        operation.get_by_role("button", name="Execute").click()
    assert awaited.value.status == 200
    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")


def test_the_overview_is_drawn(korean: Reader) -> None:
    page = korean.goto("/overview")
    images = page.locator("figure.overview img")
    assert images.count() > 2
    for image in images.all():
        image.scroll_into_view_if_needed()
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    author = page.locator("svg.network a").first
    author.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**author=*")


def test_forms_work_without_scripts(browser: Browser, catalogue: Server) -> None:
    with reading(browser, catalogue, "ko", scripts=False) as reader:
        page = reader.goto("/api/publications-by-author")
        page.locator("input[name=author]").fill("SONG Tae Eun")
        page.locator("form.parameters button").click()
        expect(page.locator("main table tbody tr").first).to_contain_text("South Korea’s Arms Exports")
        reader.check()
