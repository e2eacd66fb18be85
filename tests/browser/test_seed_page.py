"""The page of the one publication whose page is known, beside that page's text, as a person reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.reader import Reader, reading
from tests.live import Server

PATH = "/mofapub/resource/Publication/14209"
TEXT = (Path(__file__).parent.parent / "data" / "publication-14209.txt").read_text()
HEADING, _, REST = TEXT.partition("\n\nProperty Value\n")
TABLE, _, FOOTER = REST.rpartition("\n\n")


def rows_of(table: str) -> dict[str, list[str]]:
    """Property names and their values, in the order of the text."""
    rows: dict[str, list[str]] = {}
    name = ""
    for line in table.split("\n"):
        if line.startswith("  • "):
            rows[name].append(line[4:])
        elif line.startswith("    ") or not line:
            rows[name][-1] += "\n" + line[4:]
        else:
            name = line
            rows[name] = []
    return rows


SEED = rows_of(TABLE)


def seen(text: str) -> str:
    """Collapse white space as a browser does: one space for many, and none at the end of a line."""
    return re.sub(r"[^\S\n]+", " ", text).replace(" \n", "\n").strip()


@pytest.fixture(scope="module", params=["ko", "en"])
def reader(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Reader]:
    with reading(browser, server, request.param) as opened:
        yield opened
        opened.check()


@pytest.fixture(scope="module")
def page(reader: Reader) -> Page:
    opened = reader.goto(PATH)
    # Long values are folded; a person opens them.
    for summary in opened.locator("table.statements").first.locator("details.long > summary").all():
        summary.click()
    return opened


def test_the_text_was_read_whole() -> None:
    assert len(SEED) == 19
    assert len(SEED["bibo:abstract"][0]) > 1_700
    assert SEED["mofa:yearOfData"] == ['"2023"^^xsd:integer']
    assert SEED["rdf:type"] == SEED["mofa:relatedOrg"] == []


def test_the_heading_is_the_same(page: Page) -> None:
    assert " ".join(page.locator("h1").inner_text().split()) == " ".join(HEADING.split())


def test_the_rows_are_the_same_in_the_same_order(page: Page) -> None:
    shown: dict[str, list[str]] = {}
    for row in page.locator("table.statements").first.locator("tbody tr").all():
        name = row.locator("th a.property").inner_text()
        items = row.locator("td > ul > li")
        shown[name] = [
            (item.locator("div.text") if item.locator("details.long").count() else item).inner_text()
            for item in items.all()
        ]
    # The text lost the links that stood where it has no value; the class is the only one known.
    assert shown.pop("rdf:type")[0].endswith("mofapub:Publication")
    told = {name: values for name, values in SEED.items() if values}
    assert list(shown) == list(told)
    for name, values in told.items():
        assert [seen(value) for value in shown[name]] == [seen(value) for value in values], name


def test_the_class_comes_first(page: Page) -> None:
    assert page.locator("table.statements th a.property").first.inner_text() == next(iter(SEED)) == "rdf:type"


def test_double_spaces_are_kept_in_the_page(page: Page) -> None:
    label = page.locator("table.statements td .text").first.text_content()
    assert label == SEED["rdfs:label"][0]
    assert "Diplomacy  to" in str(label)


def test_the_footer_says_the_sentence(page: Page) -> None:
    expect(page.locator("footer")).to_contain_text(FOOTER.strip())
    assert FOOTER.strip() == "본 페이지는 온톨로지 데이터를 Linked Data로 발행한 것입니다."


def test_the_folded_text_can_be_opened_with_the_keyboard(reader: Reader) -> None:
    page = reader.goto(PATH)
    folded = page.locator("details.long").first
    expect(folded.locator("div.text")).to_be_hidden()
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(folded.locator("div.text")).to_be_visible()


def test_the_original_record_is_one_click_away(page: Page) -> None:
    link = page.locator("a.button[rel~=external]").first
    assert link.get_attribute("href") == SEED["mofapub:dataURL"][0].split('"')[1]


def test_query_this_runs_in_the_editor(reader: Reader) -> None:
    page = reader.goto(PATH)
    page.locator(".actions a[href*='/query']").click()
    page.locator("html[data-editor=ready]").wait_for()
    page.locator("#held button").click()
    page.locator(".yasr_results table tbody tr").first.wait_for()
    shown = page.locator(".yasr_results").inner_text()
    assert "mofapub:pubNumber" in shown
    assert "2023.-07E" in shown
