"""The page of the API: the queries by tag, the filter, what is wrong with files, examples."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from lxml import html  # type: ignore[import-untyped]

from endpoint.web.api.markup import leads_somewhere, prose
from tests.datasets.query_forms import HOSTILE, QUERIES, make
from tests.live import Server, serving
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("api")
    with serving(folder / "data", "--dataset", str(make(folder / "dataset"))) as running:
        yield running


def page(server: Server, path: str = "/api", language: str = "en") -> Any:
    answer = server.get(path, "text/html", Accept_Language=language)
    assert (answer.status, answer.type) == (200, "text/html")
    return html.fromstring(answer.text)


def text(element: Any) -> str:
    return " ".join(element.text_content().split())


def names(tree: Any) -> list[str]:
    return [text(code).removeprefix("/api/") for code in tree.xpath('//p[@class="signature"]/code[1]')]


NEGOTIATED = [
    ("/api", "text/html", "text/html"),
    ("/api", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
    ("/api", "*/*", "application/json"),
    ("/api", None, "application/json"),
    ("/api", "application/json", "application/json"),
    ("/api?format=json", "text/html", "application/json"),
    ("/api?format=html", "application/json", "text/html"),
]


@pytest.mark.parametrize(("path", "accept", "media_type"), NEGOTIATED)
def test_people_get_a_page_and_programs_the_list(
    server: Server, path: str, accept: str | None, media_type: str
) -> None:
    answer = server.get(path, accept)
    assert (answer.status, answer.type) == (200, media_type)


def test_every_query_is_there_once_and_leads_to_its_page(server: Server) -> None:
    listed = {row["name"]: row for row in server.get("/api").json()["queries"]}
    for language in ("en", "ko"):
        tree = page(server, "/api", language)
        assert sorted(names(tree)) == sorted(listed)
        for card in tree.xpath('//li[@class="card"]'):
            row = listed[text(card.xpath('.//p[@class="signature"]/code[1]')[0]).removeprefix("/api/")]
            (link,) = card.xpath(".//h3/a")
            assert text(link) == row["summary"][language]
            assert link.get("href") == f"/api/{row['name']}"
            assert server.get(link.get("href"), "text/html").status == 200


def test_groups_are_the_tags(server: Server) -> None:
    tree = page(server)
    groups = {
        text(section.find("h2")).rpartition(" ")[0]: len(section.xpath('.//li[@class="card"]'))
        for section in tree.xpath('//section[starts-with(@aria-labelledby, "tag-")]')
    }
    assert groups["Publications"] > groups["Authors"] >= 2
    assert list(groups) == sorted(groups)


FILTERS = [
    ("저자별", ["publications-by-author"]),
    ("BY AUTHOR", ["publications-by-author"]),
    ("schema.org", ["publication-schema-org"]),
    ("공저자 저자", ["coauthors"]),
    ("no such words", []),
]


@pytest.mark.parametrize(("wanted", "found"), FILTERS)
def test_the_filter_works_without_a_script(server: Server, wanted: str, found: list[str]) -> None:
    tree = page(server, f"/api?q={quote(wanted)}&locale=en")
    assert set(found) <= set(names(tree))
    assert len(names(tree)) < 10
    (box,) = tree.xpath('//input[@id="q"]')
    assert box.get("value") == wanted
    whole = len(server.get("/api").json()["queries"])
    assert text(tree.xpath('//*[@role="status"]')[0]).startswith(f"{len(names(tree))} quer")
    assert str(whole) in text(tree.xpath('//*[@role="status"]')[0])
    assert tree.xpath('//*[@role="status"]/a/@href') == ["/api?locale=en"]


def test_decomposed_hangul_is_found(server: Server) -> None:
    decomposed = "\u110c\u1165\u110c\u1161\u1107\u1167\u11af"
    assert "publications-by-author" in names(page(server, f"/api?q={quote(decomposed)}"))


def test_files_that_do_not_load_are_told_with_their_place(forms: Server) -> None:
    tree = page(forms)
    cells = [[text(cell) for cell in row.iter("td")] for row in tree.xpath("//tbody/tr")]
    (broken,) = [row for row in cells if row[0] == "broken.rq"]
    assert broken[1:3] == ["1", "13"]
    assert "nobody" in broken[3]
    assert str(forms.data.parent) not in forms.get("/api", "text/html").text


def test_a_folder_without_problems_tells_none(server: Server) -> None:
    assert page(server).xpath('//*[@id="problems"]') == []


def test_what_the_folder_says_of_itself_is_text(forms: Server) -> None:
    tree = page(forms)
    assert text(tree.find(".//h1")) == "Forms <API>"
    assert "Somebody" in text(tree.find(".//main"))
    assert not [href for href in tree.xpath("//a/@href") if href.lower().startswith("javascript")]


def test_a_query_that_goes_away_is_marked(forms: Server) -> None:
    tree = page(forms)
    marked = [card for card in tree.xpath('//li[@class="card"]') if card.xpath('.//*[@class="badge"]')]
    assert [text(card.xpath(".//h3/a")[0]) for card in marked] == ["Old"]
    assert len(names(tree)) == len(QUERIES) - 1


@pytest.mark.parametrize("value", HOSTILE)
def test_markup_in_the_filter_is_text(forms: Server, value: str) -> None:
    tree = page(forms, f"/api?{urlencode({'q': value})}")
    assert tree.xpath('//input[@id="q"]/@value') == [value.strip()]
    assert tree.xpath("//script[not(@src)] | //img | //svg | //iframe") == []
    assert not [name for node in tree.iter() for name in node.attrib if name.startswith("on")]


def test_the_examples_run(server: Server) -> None:
    one, several = [
        code.text_content() for code in page(server).xpath('//section[@aria-labelledby="code"]//code')
    ]
    for text_of_code in (one, several):
        done = subprocess.run(
            ["sh"], input=text_of_code, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        assert json.loads(done.stdout)


def test_the_description_for_programs_is_one_click_away(server: Server) -> None:
    links = page(server).xpath("//a/@href")
    assert {"/api/openapi.json", "/api/docs", "/api?format=json"} <= set(links)
    assert server.get("/api?format=json").json()["queries"]


PROSE = [
    ("a **b** `c`\n\nd", "<p>a <strong>b</strong> <code>c</code></p>\n<p>d</p>\n"),
    ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"),
    ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
    ("[a](JaVaScRiPt&colon;alert(1))", "<p>[a](JaVaScRiPt:alert(1))</p>\n"),
    ("<javascript:alert(1)>", "<p>&lt;javascript:alert(1)&gt;</p>\n"),
    ("![a](http://e/x.png)", '<p>!<a href="http://e/x.png">a</a></p>\n'),
    ("# a", "<p># a</p>\n"),
    ("앞부분*, -제외", "<p>앞부분*, -제외</p>\n"),
    ("", ""),
]


@pytest.mark.parametrize(("written", "shown"), PROSE)
def test_descriptions_are_commonmark_without_harm(written: str, shown: str) -> None:
    assert prose(written) == shown


@pytest.mark.parametrize(
    ("address", "leads"),
    [("https://e/", True), ("mailto:a@b", True), ("javascript:x", False), ("x", False), (None, False)],
)
def test_links_of_files(address: str | None, leads: bool) -> None:
    assert leads_somewhere(address) is leads
