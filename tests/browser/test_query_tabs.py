"""Tabs of the query page: saved queries, links to a query, and a page without scripts."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.query_editor import query_page
from tests.browser.reader import Reader, reading
from tests.live import Server

QUERY = 'SELECT ?x WHERE { VALUES ?x { "가나다" "a&b=c#d" } }'


def test_a_saved_query_opens_in_a_tab_and_runs(reader: Reader) -> None:
    editor = query_page(reader)
    link = reader.page.locator("a[data-query*='/publications-by-author/explain']")
    link.evaluate("link => { link.closest('details').open = true }")
    name = link.inner_text()
    link.click()
    expect(editor.tab).to_contain_text(name)
    assert '"SONG Tae Eun"' in editor.written()
    assert reader.page.url.partition("#")[0] == f"{reader.server.url}/query"
    with reader.page.expect_response("**/sparql"):
        editor.press_run()
    editor.settled()
    assert len(editor.rows()) > 0


def test_every_saved_query_can_be_opened(reader: Reader) -> None:
    page = query_page(reader).page
    links = page.locator("a[data-query]").all()
    assert len(links) > 20
    addresses = [str(link.get_attribute("data-query")) for link in links]
    accepted = {"accept": "application/sparql-query"}
    statuses = {address: page.request.get(reader.server.url + address, headers=accepted).status
                for address in addresses}  # fmt: skip
    assert {address: status for address, status in statuses.items() if status != 200} == {}


def test_the_list_of_saved_queries_can_be_narrowed(korean: Reader) -> None:
    page = query_page(korean).page
    page.locator("#wanted").press_sequentially("저자")
    shown = page.locator("aside details.group li:visible").all_inner_texts()
    assert shown
    assert [text for text in shown if "저자" not in text] == []


def test_a_link_to_a_query_survives_a_reload(reader: Reader) -> None:
    path = f"/query?locale=en#query={quote(QUERY)}"
    editor = query_page(reader, path)
    assert editor.written() == QUERY
    reader.page.reload()
    reader.page.locator("html[data-editor=ready]").wait_for()
    assert editor.written() == QUERY
    editor.run(QUERY)
    assert editor.rows() == [["가나다"], ["a&b=c#d"]]


def test_a_shared_link_opens_the_same_query_for_somebody_else(browser: Browser, catalogue: Server) -> None:
    with reading(browser, catalogue) as sharing:
        editor = query_page(sharing)
        editor.write(QUERY)
        sharing.page.locator(".tabPanel.active .yasqe_share").click()
        shared = sharing.page.locator(".yasqe_sharePopup input").input_value()
        sharing.check()
    assert shared.startswith(f"{catalogue.url}/query#query=")
    with reading(browser, catalogue, "ko") as opening:
        assert query_page(opening, shared.removeprefix(catalogue.url)).written() == QUERY
        opening.check()


def test_a_query_is_there_again_after_a_reload(reader: Reader) -> None:
    editor = query_page(reader)
    editor.write(QUERY)
    # YASGUI keeps a query when its editor is left.
    reader.page.locator("h1").click()
    reader.page.wait_for_function("Object.values(localStorage).some((value) => value.includes('가나다'))")
    reader.page.reload()
    reader.page.locator("html[data-editor=ready]").wait_for()
    assert editor.written() == QUERY


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_pages_own_parameters_are_not_sent(reader: Reader, method: str) -> None:
    editor = query_page(reader, "/query?locale=en&ep=x")
    settings = reader.page.locator(".tabPanel.active .tabContextButton")
    settings.click()
    reader.page.locator(".tabPanel.active .requestConfigWrapper button", has_text=method).first.click()
    settings.click()
    answer = editor.run("ASK {}")
    assert answer.request.method == method
    assert "ep=" not in answer.url + str(answer.request.post_data)


@pytest.mark.parametrize("blocked", ["yasgui.min.js", "editor.js"])
def test_without_the_editors_files_the_form_works(browser: Browser, catalogue: Server, blocked: str) -> None:
    with reading(browser, catalogue) as reader:
        reader.context.route(f"**/{blocked}*", lambda route: route.abort())
        page = reader.goto("/query")
        page.locator("#plain textarea").fill("SELECT (COUNT(*) AS ?n) { ?s a mofapub:Publication }")
        page.locator("#plain button").click()
        expect(page.locator("main td")).to_contain_text("606")


def test_without_scripts_the_form_works(browser: Browser, catalogue: Server) -> None:
    with reading(browser, catalogue, "ko", scripts=False) as reader:
        page = reader.goto("/query")
        page.locator("#plain textarea").fill('SELECT ("서울" AS ?이름) {}')
        page.locator("#plain button").click()
        expect(page.locator("main td")).to_have_text("서울")
        expect(page.locator("main textarea")).to_have_value('SELECT ("서울" AS ?이름) {}')
        reader.check()


def test_another_dataset_can_be_chosen(reader: Reader) -> None:
    editor = query_page(reader, "/mofapub/sparql")
    answer = editor.run("SELECT (COUNT(*) AS ?n) { ?s a mofapub:Publication }", "/mofapub/sparql")
    assert answer.url.endswith("/mofapub/sparql")
    field = reader.page.locator(".tabPanel.active .autocompleteWrapper input")
    field.fill("")
    field.press_sequentially("archives")
    expect(reader.page.locator(".autocompleteWrapper li").first).to_contain_text("/mofadocu/sparql")
