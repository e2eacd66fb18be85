"""Citations in the three styles, written out by hand from the styles' own rules."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.results.bibliography import Item
from endpoint.results.bibliography.citation import STYLES, citations
from endpoint.results.bibliography.items import ARTICLE, BOOK, DOCUMENT, REPORT, PublicationKind
from endpoint.results.bibliography.names import Name

SONG = Name("Song", "Tae Eun")
URL = "https://example.org/view.do?a=1&b=2"


def item(kind: PublicationKind, title: str, **members: object) -> Item:
    return Item("key", "http://example.org/1", kind, title, **members)  # type: ignore[arg-type]


CASES = {
    "article in English": (
        item(
            ARTICLE,
            "South Korea’s Arms Exports",
            authors=(SONG,),
            date=(2023, 5, 22),
            number="2023.-07E",
            series="IFANS Focus",
            publisher="IFANS",
            url=URL,
        ),
        "Song, T. E. (2023). South Korea’s Arms Exports. <i>IFANS Focus</i>, (2023.-07E). "
        "https://example.org/view.do?a=1&amp;b=2",
        "Song, Tae Eun. 2023. “South Korea’s Arms Exports.” <i>IFANS Focus</i>, no. 2023.-07E (May 22). "
        "https://example.org/view.do?a=1&amp;b=2.",
        "Song, Tae Eun. 2023. “South Korea’s Arms Exports.” <i>IFANS Focus</i> 2023.-07E. IFANS. "
        "https://example.org/view.do?a=1&amp;b=2",
    ),
    "report in Korean with two authors": (
        item(
            REPORT,
            "미·중 경쟁과 <한국>",
            authors=(Name("김철수"), Name("이영희")),
            date=(2022,),
            number="2022-03",
            series="정책연구시리즈",
            publisher="국립외교원",
        ),
        "김철수, &amp; 이영희. (2022). <i>미·중 경쟁과 &lt;한국&gt;</i> (정책연구시리즈 No. 2022-03). "
        "국립외교원.",
        "김철수 and 이영희. 2022. <i>미·중 경쟁과 &lt;한국&gt;</i>. 정책연구시리즈 no. 2022-03. 국립외교원.",
        "김철수·이영희. 2022. 『미·중 경쟁과 &lt;한국&gt;』. 정책연구시리즈 2022-03. 국립외교원.",
    ),
    "article in Korean, a name in two parts": (
        item(
            ARTICLE,
            "한반도 정세",
            authors=(Name("서", "동만"), SONG),
            date=(2001, 7),
            series="분석",
            number="3",
        ),
        "서동만, &amp; Song, T. E. (2001). 한반도 정세. <i>분석</i>, (3).",
        "서동만 and Tae Eun Song. 2001. “한반도 정세.” <i>분석</i>, no. 3 (July).",
        "서동만·Tae Eun Song. 2001. 「한반도 정세」. 『분석』 3.",
    ),
    "neither author nor date": (
        item(DOCUMENT, 'Why "peace"?'),
        "<i>Why &#34;peace&#34;?</i> (n.d.).",
        "“Why ‘peace’?” n.d.",
        "“Why ‘peace’?” 발행연도 미상.",
    ),
    "a ministry's document": (
        item(DOCUMENT, "대변인 브리핑", authors=(Name("외교부"),), date=(2023, 1, 2), publisher="외교부"),
        "외교부. (2023, January 2). <i>대변인 브리핑</i>.",
        "외교부. 2023. “대변인 브리핑.” 외교부, January 2.",
        "외교부. 2023. 「대변인 브리핑」. 외교부.",
    ),
    "book of three": (
        item(
            BOOK,
            "A Book",
            authors=(Name("Lee", "Seo-Hang"), Name("서동만"), SONG),
            date=(1999, 7),
            publisher="P",
        ),
        "Lee, S.-H., 서동만, &amp; Song, T. E. (1999). <i>A Book</i>. P.",
        "Lee, Seo-Hang, 서동만, and Tae Eun Song. 1999. <i>A Book</i>. P.",
        "Seo-Hang Lee·서동만·Tae Eun Song. 1999. <i>A Book</i>. P.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_three_styles(name: str) -> None:
    cited, *expected = CASES[name]
    assert list(STYLES) == list(citations(cited))
    assert [str(text) for text in citations(cited).values()] == expected


def test_the_styles_have_names_in_both_languages() -> None:
    assert all(set(names) == {"ko", "en"} and all(names.values()) for names in STYLES.values())


def test_many_authors_are_shortened_as_each_style_says() -> None:
    authors = tuple(Name("Kim", chr(ord("A") + number)) for number in range(22))
    cited = citations(item(BOOK, "T", authors=authors))
    assert "Kim, S., … Kim, V. (n.d.)" in cited["apa"]
    assert cited["chicago"].startswith("Kim, A, B Kim, C Kim, et al. n.d.")
    twenty = citations(item(BOOK, "T", authors=authors[:20]))
    assert "Kim, S., &amp; Kim, T. (n.d.)" in twenty["apa"]
    six = citations(item(BOOK, "T", authors=authors[:6]))
    assert "E Kim, and F Kim. n.d." in six["chicago"]


def test_an_address_that_nobody_can_follow_is_left_out() -> None:
    for text in citations(item(DOCUMENT, "T", url="javascript:alert(1)")).values():
        assert "javascript" not in text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, object]] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.found.append((tag, attributes))


@given(st.text(), st.text(), st.text(), st.text(), st.sampled_from([ARTICLE, BOOK, DOCUMENT, REPORT]))
def test_nothing_but_italics_is_markup(
    title: str, name: str, series: str, url: str, kind: PublicationKind
) -> None:
    cited = item(kind, title, authors=(Name(name, name),), series=series, url="http://" + url, number=title)
    for text in citations(cited).values():
        tags = Tags()
        tags.feed(text)
        assert all(found == ("i", []) for found in tags.found)
