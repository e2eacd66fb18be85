"""The head of a publication's page, read as Zotero, search engines and chats read it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.catalog import Catalog
from endpoint.dataset import default_root, read_dataset
from endpoint.results.bibliography import Item
from endpoint.results.bibliography.items import ARTICLE, BOOK, DOCUMENT, REPORT, PublicationKind
from endpoint.results.bibliography.names import Name
from endpoint.settings import Settings
from endpoint.web import Site
from endpoint.web.http.html import render
from endpoint.web.http.view import View
from endpoint.web.machine.publications import iso_date, metadata_of, schema_org, script_json, shorten
from tests.results.bibliography.graph import ARTICLE as RECORD
from tests.results.bibliography.graph import read

PAGE = "http://example.org/resource/Publication/14209"

# What each tag becomes in Zotero's "Embedded Metadata"; a tag of several values is a list there.
FIELDS = {
    "citation_title": "title",
    "citation_publication_date": "date",
    "citation_journal_title": "publicationTitle",
    "citation_issue": "issue",
    "citation_series_title": "series",
    "citation_technical_report_institution": "institution",
    "citation_technical_report_number": "number",
    "citation_publisher": "publisher",
    "citation_abstract": "abstractNote",
    "citation_language": "language",
    "citation_abstract_html_url": "url",
    "citation_pdf_url": "pdf",
}


@dataclass
class Head(HTMLParser):
    """The meta tags and the JSON-LD of a page."""

    names: list[tuple[str, str]] = field(default_factory=list)
    properties: dict[str, list[str]] = field(default_factory=dict)
    script: str = ""
    tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        told = {name: value or "" for name, value in attributes}
        if "property" in told:
            self.properties.setdefault(told["property"], []).append(told["content"])
        elif "name" in told:
            self.names.append((told["name"], told["content"]))

    def handle_data(self, data: str) -> None:
        self.script += data

    def json_ld(self) -> Any:
        return json.loads(self.script)

    def zotero(self) -> dict[str, Any]:
        """The item as Zotero's translator makes it: Highwire tags, and the type by the tags that tell one."""
        made: dict[str, Any] = {"creators": [], "tags": []}
        for name, value in self.names:
            if name == "citation_author":
                made["creators"].append(tuple(value.split(", ", 1)))
            elif name == "citation_keywords":
                made["tags"].append(value)
            elif name in FIELDS:
                assert FIELDS[name] not in made, f"{name} is given twice, which Zotero would join"
                made[FIELDS[name]] = value
        names = dict(self.names)
        guess = "journalArticle" if "citation_title" in names else "webpage"
        if "citation_technical_report_institution" in names:
            guess = "report"
        if "citation_journal_title" in names:
            guess = "journalArticle"
        open_graph = {"book": "book", "website": "webpage"}.get(self.properties["og:type"][0])
        made["itemType"] = open_graph or names.get("DC.type") or guess
        return made


def head_of(item: Item, language: str = "en") -> Head:
    site = Site(Settings(), read_dataset(default_root()), Catalog({}, ()))
    view = View(site, language, False, "http://example.org", "/", ())
    metadata = metadata_of(item, PAGE, language, "Publications")
    head = Head()
    head.feed(asyncio.run(render("metadata.html", view, metadata=metadata)).decode())
    head.close()
    return head


def made(kind: PublicationKind, title: str = "T", **members: object) -> Item:
    return Item("key", "http://example.org/1", kind, title, **members)  # type: ignore[arg-type]


def test_zotero_reads_an_article() -> None:
    (item,) = read(RECORD, "14209")
    assert head_of(item).zotero() == {
        "itemType": "journalArticle",
        "title": "Cyber Threats and NATO: 50% of R&D",
        "creators": [("Song", "Tae Eun"), ("서동만",)],
        "date": "2023/05/22",
        "publicationTitle": "Focus",
        "issue": "2023.-07E",
        "language": "en",
        "url": PAGE,
        "tags": ["NATO, the alliance", "Republic of Korea"],
        "abstractNote": "First paragraph. Second {paragraph}.",
    }


REPORT_ITEM = made(
    REPORT,
    "한국의 “대응”  & <전략>",
    authors=(Name("김철수"), Name("외교부 유럽국")),
    date=(2022,),
    number="2022-03",
    series="정책연구",
    publisher="국립외교원",
    language="ko",
    url="https://example.org/a.PDF?x=1",
)


def test_zotero_reads_a_report_in_korean() -> None:
    assert head_of(REPORT_ITEM, "ko").zotero() == {
        "itemType": "report",
        "title": "한국의 “대응”  & <전략>",
        "creators": [("김철수",), ("외교부 유럽국",)],
        "date": "2022",
        "institution": "국립외교원",
        "number": "2022-03",
        "series": "정책연구",
        "language": "ko",
        "url": PAGE,
        "pdf": "https://example.org/a.PDF?x=1",
        "tags": [],
    }


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (made(DOCUMENT), "document"),
        (made(DOCUMENT, series="Press releases"), "document"),
        (made(REPORT), "report"),
        (made(BOOK, publisher="P"), "book"),
        (made(ARTICLE, series="S"), "journalArticle"),
    ],
)
def test_zotero_knows_what_a_publication_is(item: Item, kind: str) -> None:
    assert head_of(item).zotero()["itemType"] == kind


def test_what_is_not_known_has_no_tag() -> None:
    head = head_of(made(DOCUMENT))
    assert head.names == [
        ("citation_title", "T"),
        ("citation_abstract_html_url", PAGE),
        ("DC.type", "document"),
        ("twitter:card", "summary"),
    ]
    assert head.json_ld() == {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "@id": "http://example.org/1",
        "url": PAGE,
        "name": "T",
    }


def test_schema_org_of_an_article() -> None:
    (item,) = read(RECORD, "14209")
    assert head_of(item).json_ld() == {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "@id": "http://example.org/resource/Publication/14209",
        "url": PAGE,
        "name": "Cyber Threats and NATO: 50% of R&D",
        "headline": "Cyber Threats and NATO: 50% of R&D",
        "author": [
            {"@type": "Person", "name": "Tae Eun Song", "familyName": "Song", "givenName": "Tae Eun"},
            {"@type": "Person", "name": "서동만"},
        ],
        "datePublished": "2023-05-22",
        "inLanguage": "en",
        "abstract": "First paragraph. Second {paragraph}.",
        "keywords": ["NATO, the alliance", "Republic of Korea"],
        "isPartOf": {
            "@type": "PublicationIssue",
            "issueNumber": "2023.-07E",
            "isPartOf": {"@type": "Periodical", "name": "Focus"},
        },
        "identifier": "14209",
        "sameAs": "https://www.example.org/view.do?salt=null&id_no=14209",
    }


def test_schema_org_of_other_kinds() -> None:
    report = schema_org(REPORT_ITEM, PAGE)
    assert (report["@type"], report["reportNumber"]) == ("Report", "2022-03")
    assert report["isPartOf"] == {"@type": "CreativeWorkSeries", "name": "정책연구"}
    assert report["publisher"] == {"@type": "Organization", "name": "국립외교원"}
    book = schema_org(made(BOOK, series="S", number="3", url="javascript:alert(1)"), PAGE)
    assert (book["@type"], book["position"], "sameAs" in book) == ("Book", "3", False)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("김철수", "Person"),
        ("John Smith", "Person"),
        ("Ministry of Foreign Affairs", "Organization"),
        ("외교안보연구소", "Organization"),
        ("외교부 유럽국", "Organization"),
        ("NATO", "Organization"),
    ],
)
def test_persons_and_bodies_are_told_apart(name: str, kind: str) -> None:
    assert schema_org(made(BOOK, authors=(Name(name),)), PAGE)["author"] == [{"@type": kind, "name": name}]


def test_open_graph() -> None:
    (item,) = read(RECORD, "14209")
    assert head_of(item, "ko").properties == {
        "og:type": ["article"],
        "og:title": ["Cyber Threats and NATO: 50% of R&D"],
        "og:url": [PAGE],
        "og:site_name": ["Publications"],
        "og:description": ["First paragraph. Second {paragraph}."],
        "og:locale": ["ko_KR"],
        "og:locale:alternate": ["en_US"],
        "article:published_time": ["2023-05-22"],
        "article:tag": ["NATO, the alliance", "Republic of Korea"],
    }
    book = head_of(made(BOOK, date=(1999, 7), keywords=("a",)))
    assert (book.properties["book:release_date"], book.properties["book:tag"]) == (["1999-07"], ["a"])


def test_without_an_abstract_the_description_is_what_there_is() -> None:
    description = dict(head_of(REPORT_ITEM).names)["description"]
    assert description == "김철수, 외교부 유럽국 · 정책연구 2022-03 · 2022"


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("Short.", 10, "Short."),
        ("One is here. Two is there. Three", 27, "One is here. Two is there."),
        ("One is here. Two is there. Three", 26, "One is here. Two is there."),
        ("One is here. Two is there. Three", 25, "One is here. Two is…"),
        ("He said “yes.” Then he went away", 20, "He said “yes.”"),
        ("정책을 논의했다. 결과를 발표했다. 이후", 20, "정책을 논의했다. 결과를 발표했다."),
        ("in version 3.14 of the text there is more", 17, "in version 3.14…"),
        ("가나다라마바사아자차", 5, "가나다라…"),
        ("  two\n\nlines \t here  ", 40, "two lines here"),
        ("", 5, ""),
    ],
)
def test_a_text_is_shortened_at_a_sentence(text: str, most: int, short: str) -> None:
    assert shorten(text, most) == short


@given(st.text(), st.integers(2, 30))
def test_a_shortened_text_is_short(text: str, most: int) -> None:
    assert len(shorten(text, most)) <= most


@pytest.mark.parametrize(("date", "text"), [((), ""), ((2023,), "2023"), ((987, 5, 2), "0987-05-02")])
def test_dates(date: tuple[int, ...], text: str) -> None:
    assert iso_date(date) == text


@given(st.text(), st.text(), st.sampled_from([ARTICLE, BOOK, DOCUMENT, REPORT]))
def test_no_text_gets_out_of_its_tag(title: str, text: str, kind: PublicationKind) -> None:
    evil = f'{title}"></script><img src=x onerror=alert(1)><!--{text}'
    item = made(kind, evil, authors=(Name(evil, text),), abstract=evil, series=evil, keywords=(evil,))
    head = head_of(item)
    assert set(head.tags) == {"meta", "script"}
    assert head.json_ld()["name"] == evil


@given(st.recursive(st.text() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_in_a_script_element_says_the_same(value: object) -> None:
    written = script_json(value)
    assert json.loads(written) == value
    assert "<" not in written
