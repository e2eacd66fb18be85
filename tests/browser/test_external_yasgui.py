"""Any YASGUI, on any other site: every kind of answer of our endpoint can be read in it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from tests.browser.query_editor import QueryEditor
from tests.browser.reader import reading
from tests.browser.yasgui_pages import BUILDS, yasgui_pages
from tests.live import Server

SEED = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
ENDLESS = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with yasgui_pages() as address:
        yield address


@pytest.fixture(scope="module", params=BUILDS)
def build(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["GET", "POST"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def editor(browser: Browser, server: Server, pages: str, build: str, method: str) -> Iterator[QueryEditor]:
    with reading(browser, server) as reader:
        reader.expected = {400, 504}
        asked = {"build": build, "method": method, "endpoint": f"{server.url}/sparql"}
        reader.page.goto(f"{pages}?{urlencode(asked)}")
        reader.page.locator("html[data-editor=ready]").wait_for()
        yield QueryEditor(reader.page)
        own = (pages, server.url, "data:", "blob:")
        assert [url for url in reader.requests if not url.startswith(own)] == []
        # The older build reports what it has shown once more, as an error that nobody caught.
        again = ("Error: Bad Request", "Error: Gateway Timeout")
        assert [text for text in reader.complaints if not text.startswith(again)] == []


def shown(editor: QueryEditor, text: str, method: str, status: int = 200) -> str:
    """Return the text that a person reads after running the query."""
    answer = editor.run(text)
    assert (answer.status, answer.request.method) == (status, method)
    return editor.results.inner_text()


def test_select(editor: QueryEditor, method: str) -> None:
    text = f'SELECT ?number ("한글" AS ?word) WHERE {{ <{SEED}> mofapub:pubNumber ?number }}'
    assert "2023.-07E" in shown(editor, text, method)
    assert [cell.strip('"') for cell in editor.rows()[0]] == ["2023.-07E", "한글"]


@pytest.mark.parametrize(("pattern", "answer"), [("?s ?p ?o", "True"), ("<urn:none> ?p ?o", "False")])
def test_ask(editor: QueryEditor, method: str, pattern: str, answer: str) -> None:
    assert shown(editor, f"ASK {{ {pattern} }}", method).strip() == answer


def test_construct(editor: QueryEditor, method: str) -> None:
    text = f"CONSTRUCT {{ <{SEED}> <urn:number> ?n }} WHERE {{ <{SEED}> mofapub:pubNumber ?n }}"
    assert "2023.-07E" in shown(editor, text, method)
    assert len(editor.rows()) == 1
    assert editor.rows()[0][1].strip("<>") == "urn:number"


def test_describe(editor: QueryEditor, method: str) -> None:
    seen = shown(editor, f"DESCRIBE <{SEED}>", method)
    assert "2023.-07E" in seen
    assert len(editor.rows()) > 10


def test_an_empty_graph(editor: QueryEditor, method: str) -> None:
    seen = shown(editor, "CONSTRUCT WHERE { ?s a <urn:none> }", method)
    assert "No data available" in seen
    assert "status" not in seen


def test_a_mistake(editor: QueryEditor, method: str) -> None:
    seen = shown(editor, "SELECT * WHERE { ?s ?p }", method, 400)
    assert 'Line 1, column 24: "}" is not expected here.' in seen
    assert "{" not in seen.replace("{ ?s ?p }", "")


def test_the_deadline(editor: QueryEditor, method: str) -> None:
    seen = shown(editor, ENDLESS, method, 504)
    assert "ran longer than 3 s and was stopped" in seen
