"""Results that would be markup or scripts, and links with a query, also without the policy of pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.query_editor import QueryEditor, query_page
from tests.browser.reader import Reader, reading
from tests.live import Server

RAN = "window.ran = (window.ran ?? 0) + 1"
MARKUP = (
    f"<img src=x onerror='{RAN}'>",
    f"<script>{RAN}</script>",
    f"<svg onload='{RAN}'></svg>",
    f"<a href='javascript:{RAN}'>here</a>",
    f"&lt;img src=x onerror='{RAN}'&gt;",
    f"id=\" ><iframe srcdoc='<script>parent.{RAN}</script>'></iframe>",
    f"name=\" <details open ontoggle='{RAN}'>x</details>",
)
# What the data may hold in place of an address.
ADDRESSES = (
    f"javascript:{RAN}",
    f"JAVASCRIPT://x/%0a{RAN}",
    f"data:text/html,<script>{RAN}</script>",
    f"vbscript:{RAN}",
    "urn:isbn:1",
    f"https://example.org/<img src=x onerror='{RAN}'>",
    f'https://example.org/" onmouseover="{RAN}',
    "https://example.org/\u202ea",
)


@pytest.fixture(scope="module")
def window(browser: Browser, catalogue: Server) -> Iterator[Reader]:
    with reading(browser, catalogue, policy=False) as opened:
        # No script may ask for the image either; the page that would have it is not this one's.
        yield opened
        assert [url for url in opened.requests if url.endswith("/x")] == []


@pytest.fixture(scope="module")
def editor(window: Reader) -> QueryEditor:
    return query_page(window)


def shown(editor: QueryEditor, variables: list[str], rows: list[dict[str, object]]) -> None:
    """Show the result of an endpoint that answers as it likes."""

    def answer(route: Route) -> None:
        body = {"head": {"vars": variables}, "results": {"bindings": rows}}
        route.fulfill(body=json.dumps(body), content_type="application/sparql-results+json")

    editor.page.route("**/sparql", answer)
    try:
        editor.run("SELECT * {}")
    finally:
        editor.page.unroute("**/sparql")


def nothing_ran(page: Page) -> None:
    """Fail if a script of the data ran; an event that is under way comes before the answer to this."""
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))")
    assert page.evaluate("window.ran") is None
    assert (
        page.locator(
            ".tabPanel.active .yasr_results :is(img, script, svg, iframe, details, [onerror])"
        ).count()
        == 0
    )


def test_text_with_markup_is_text(editor: QueryEditor) -> None:
    shown(editor, ["x"], [{"x": {"type": "literal", "value": text}} for text in MARKUP])
    assert [row[0] for row in editor.rows()] == list(MARKUP)
    nothing_ran(editor.page)


def test_the_filter_and_the_order_take_markup_for_text(editor: QueryEditor) -> None:
    shown(editor, ["x"], [{"x": {"type": "literal", "value": text}} for text in (*MARKUP, "plain")])
    field = editor.page.locator(".tabPanel.active .tableFilter")
    field.fill("onerror='window")
    field.press("Shift")
    expect(editor.results.locator("tbody tr")).to_have_count(2)
    field.fill("lt;img src")
    field.press("Shift")
    expect(editor.results.locator("tbody tr")).to_have_count(1)
    field.fill("")
    field.press("Shift")
    editor.results.locator("thead th").nth(1).click()
    expect(editor.results.locator("tbody tr")).to_have_count(len(MARKUP) + 1)
    nothing_ran(editor.page)


@pytest.mark.parametrize("place", ["variable", "language", "datatype", "kind"])
def test_markup_in_any_place_of_a_result_is_text(editor: QueryEditor, place: str) -> None:
    for text in MARKUP:
        term: dict[str, object] = {"type": "literal", "value": 'id="'}
        variable = text if place == "variable" else "x"
        if place == "language":
            term["xml:lang"] = text
        elif place == "datatype":
            term["datatype"] = text
        elif place == "kind":
            term = {"type": text, "value": text}
        shown(editor, [variable], [{variable: term}, {variable: {"type": "uri", "value": "urn:x"}}])
        nothing_ran(editor.page)
        assert text in editor.results.inner_text() or place == "language", text


def test_only_addresses_of_the_web_are_links(editor: QueryEditor) -> None:
    shown(editor, ["x"], [{"x": {"type": "uri", "value": iri}} for iri in ADDRESSES])
    assert [row[0] for row in editor.rows()] == [f"<{iri}>" for iri in ADDRESSES]
    links = editor.results.locator("a").all()
    targets = [str(link.get_attribute("href")) for link in links]
    assert len(targets) == 3
    assert all(target.startswith("https://example.org/") for target in targets)
    assert not any(character in target for target in targets for character in '<>"\u202e ')
    assert {link.get_attribute("rel") for link in links} == {"noopener noreferrer"}
    nothing_ran(editor.page)


@pytest.mark.parametrize(
    "text", ["\u202egnp.exe", "\u2066\u202egnp.exe", "\u2069\u202egnp.exe", "\u2067a\u2069\u2069\u202eb"]
)
def test_text_that_turns_the_direction_turns_nothing_else(editor: QueryEditor, text: str) -> None:
    shown(editor, ["x"], [{"x": {"type": "literal", "value": text, "xml:lang": "en"}}])
    quoted, tag = (editor.results.locator(f"tbody td {name}").first.bounding_box() for name in ("bdi", "sup"))
    assert quoted is not None
    assert tag is not None
    # The closing quote and the language stand to the right of the text.
    assert tag["x"] >= quoted["x"] + quoted["width"]


def test_the_file_of_a_table_holds_no_formulas(editor: QueryEditor, tmp_path: Path) -> None:
    whole = "http://www.w3.org/2001/XMLSchema#integer"
    rows: list[dict[str, object]] = [
        {
            "a": {"type": "literal", "value": "=cmd|' /C calc'!A0"},
            "b": {"type": "literal", "value": "-5", "datatype": whole},
        },
        {"a": {"type": "literal", "value": 'say "x",\ny', "xml:lang": "en"}},
        {"a": {"type": "literal", "value": "\uff1d1+1"}, "b": {"type": "literal", "value": "+82"}},
    ]
    shown(editor, ["a", "b"], rows)
    with editor.page.expect_download() as download:
        editor.page.locator(".tabPanel.active .yasr_downloadIcon").click()
    file = tmp_path / "table.csv"
    download.value.save_as(file)
    expected = '\ufeffa,b\r\n\'=cmd|\' /C calc\'!A0,-5\r\n"say ""x"",\ny",\r\n\'\uff1d1+1,\'+82\r\n'
    assert file.read_bytes().decode() == expected


QUERY = "SELECT (1 AS ?came) {}"


def linked(reader: Reader, rest: str = "") -> tuple[QueryEditor, list[str]]:
    """Open a link to a query; returns the editor and the addresses that are asked for the answer to one."""
    reader.page.on(
        "request", lambda request: asked.append(request.url) if request.url.endswith("/sparql") else None
    )
    asked: list[str] = []
    editor = query_page(reader, f"/query#query={quote(QUERY)}{rest}")
    return editor, asked


def test_a_query_in_a_link_runs_when_a_person_says_so(reader: Reader) -> None:
    editor, asked = linked(reader)
    notice = editor.page.locator("#held")
    expect(notice).to_contain_text("has not run")
    assert editor.written() == QUERY
    # A query that a page sends by itself is on its way by the end of another exchange.
    editor.page.evaluate("fetch('/-/live').then((answer) => answer.text())")
    assert asked == []
    notice.get_by_role("button", name="Run").click()
    editor.settled()
    assert editor.rows() == [['"1"^^xsd:integer']]
    expect(notice).to_be_hidden()
    # Opened once more, its result was kept by the browser; nothing runs by itself.
    editor.page.reload()
    editor.page.locator("html[data-editor=ready]").wait_for()
    editor.page.evaluate("fetch('/-/live').then((answer) => answer.text())")
    assert asked == [f"{reader.server.url}/sparql"]


def test_the_button_of_the_editor_runs_it_too(korean: Reader) -> None:
    editor, _ = linked(korean)
    expect(editor.page.locator("#held")).to_contain_text("아직 실행하지 않았습니다")
    with editor.page.expect_response("**/sparql"):
        editor.press_run()
    expect(editor.page.locator("#held")).to_be_hidden()


def test_a_page_without_a_query_in_its_address_offers_none(reader: Reader) -> None:
    expect(query_page(reader).page.locator("#held")).to_be_hidden()


def test_a_link_cannot_choose_another_server(reader: Reader) -> None:
    editor, asked = linked(reader, "&endpoint=https%3A%2F%2Fevil.example%2F%3Cimg%20src%3Dx%3E")
    field = editor.page.locator(".tabPanel.active .autocompleteWrapper input")
    expect(field).to_have_value(f"{reader.server.url}/sparql")
    editor.press_run()
    editor.settled()
    assert asked == [f"{reader.server.url}/sparql"]
