"""Completion on the query page: names from our own data, with labels in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.query_editor import QueryEditor, query_page
from tests.browser.reader import Reader, reading
from tests.live import Server
from tests.waiting import until

MOFAPUB = "PREFIX mofapub: <http://opendata.mofa.go.kr/mofapub/>\n"


@pytest.fixture(scope="module", params=["en", "ko"])
def window(request: pytest.FixtureRequest, browser: Browser, catalogue: Server) -> Iterator[Reader]:
    # The names are counted once for each generation; until then the server asks to come back.
    until(lambda: catalogue.get("/-/completion/classes").status == 200)
    with reading(browser, catalogue, request.param) as opened:
        yield opened
        opened.check()


@pytest.fixture(scope="module")
def language(window: Reader) -> str:
    return str(window.page.evaluate("document.documentElement.lang"))


@pytest.fixture(scope="module")
def editor(window: Reader) -> QueryEditor:
    return query_page(window)


def closed(editor: QueryEditor) -> None:
    editor.page.keyboard.press("Escape")
    expect(editor.page.locator(".CodeMirror-hints")).to_have_count(0)


def test_a_class_is_found_by_its_name(editor: QueryEditor) -> None:
    editor.write("SELECT * WHERE { ?s a ")
    editor.page.keyboard.type("Publica")
    label = {"ko": "발간자료", "en": "Publication"}[editor.page.evaluate("document.documentElement.lang")]
    (offered,) = editor.hints("Control+Space")
    name, *middle, count = offered.split(" ")
    assert (name, " ".join(middle)) == ("mofapub:Publication", label)
    assert int(count.replace(",", "")) > 600
    editor.page.keyboard.press("Enter")
    # The prefix is declared too, so that the query runs elsewhere.
    expect(editor.page.locator(".CodeMirror-hints")).to_have_count(0)
    assert editor.written() == f"{MOFAPUB}SELECT * WHERE {{ ?s a mofapub:Publication"


def test_a_korean_word_finds_by_the_label_and_is_replaced_whole(editor: QueryEditor) -> None:
    editor.write("SELECT * WHERE { ?s 발간일")
    assert editor.hints("Control+Space")[0].startswith("mofapub:pubDate")
    editor.page.keyboard.press("Enter")
    assert editor.written() == f"{MOFAPUB}SELECT * WHERE {{ ?s mofapub:pubDate"


def test_properties_are_those_of_the_subjects_class(editor: QueryEditor) -> None:
    editor.write("SELECT * WHERE { ?s a mofa:Country ; ")
    of_country = {row.split(" ")[0] for row in editor.hints("Control+Space")}
    closed(editor)
    editor.write("SELECT * WHERE { ?s a mofapub:Publication ; ")
    of_publication = {row.split(" ")[0] for row in editor.hints("Control+Space")}
    closed(editor)
    assert "mofa:hasISO_2CD" in of_country - of_publication
    assert "mofapub:pubDate" in of_publication - of_country


def test_the_class_may_stand_later_in_the_query(editor: QueryEditor) -> None:
    editor.put_cursor("SELECT * WHERE { ?s ", " ?o . ?s a mofa:Country }")
    offered = {row.split(" ")[0] for row in editor.hints("Control+Space")}
    closed(editor)
    assert "mofa:hasISO_2CD" in offered
    assert "mofapub:pubDate" not in offered


def test_two_classes_have_the_properties_of_both(editor: QueryEditor) -> None:
    editor.write("SELECT * WHERE { ?s a mofa:Country, mofapub:Publication ; ")
    offered = {row.split(" ")[0] for row in editor.hints("Control+Space")}
    closed(editor)
    assert {"mofa:hasISO_2CD", "mofapub:pubDate"} <= offered


def test_a_class_that_the_data_has_not_hides_no_property(editor: QueryEditor) -> None:
    editor.write("SELECT * WHERE { ?s a foaf:Unknown ; mofapub:pubD")
    offered = editor.hints("Control+Space")
    closed(editor)
    assert [row.split(" ")[0] for row in offered] == ["mofapub:pubDate"]


def test_a_space_before_the_cursor_stays(editor: QueryEditor) -> None:
    editor.write("PREFIX schema: <https://schema.org/>\nSELECT * WHERE { ?s a ")
    first = editor.hints("Control+Space")[0].split(" ")[0]
    editor.page.keyboard.press("Enter")
    assert editor.written().endswith(f"{{ ?s a {first}")


def test_prefixes_are_the_datasets(editor: QueryEditor) -> None:
    editor.write("")
    editor.page.keyboard.type("PREFIX mofapu")
    assert editor.hints("Control+Space") == [MOFAPUB.removeprefix("PREFIX ").strip()]
    editor.page.keyboard.press("Enter")
    assert editor.written() == MOFAPUB.strip()
