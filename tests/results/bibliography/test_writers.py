"""The three formats, read back with the parsers of others."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import rispy  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import parse_string  # type: ignore[import-untyped]

from endpoint.formats import BIBLIOGRAPHIES, BIBTEX, CSL_JSON, RIS, Format
from endpoint.results.bibliography import Item, write_items
from endpoint.results.bibliography.items import ARTICLE as ARTICLE_KIND
from endpoint.results.bibliography.items import BOOK, DOCUMENT, REPORT, PublicationKind
from endpoint.results.bibliography.names import Name, paragraphs, parse_names, single_line
from tests.results.bibliography.graph import ARTICLE, written

BIBTEX_TEXT = r"""@article{Publication-14209,
    author = {Song, Tae Eun and {서동만}},
    title = {Cyber {Threats} and {NATO:} 50\% of {R\&D}},
    journal = {Focus},
    number = {2023.-07E},
    year = {2023},
    date = {2023-05-22},
    language = {en},
    url = {https://www.example.org/view.do?salt=null&id_no=14209},
    keywords = {NATO the alliance, Republic of Korea},
    abstract = {First paragraph.
Second {\textbraceleft}paragraph{\textbraceright}.}
}
"""

RIS_TEXT = """TY  - JOUR
ID  - Publication-14209
TI  - Cyber Threats and NATO: 50% of R&D
T2  - Focus
IS  - 2023.-07E
PY  - 2023
DA  - 2023/05/22/
LA  - en
AB  - First paragraph. Second {paragraph}.
AN  - 14209
AU  - Song, Tae Eun
AU  - 서동만
KW  - NATO, the alliance
KW  - Republic of Korea
UR  - https://www.example.org/view.do?salt=null&id_no=14209
ER  -\x20
"""

CSL = {
    "id": "Publication-14209",
    "type": "article-journal",
    "title": "Cyber Threats and NATO: 50% of R&D",
    "author": [{"family": "Song", "given": "Tae Eun"}, {"literal": "서동만"}],
    "issued": {"date-parts": [[2023, 5, 22]]},
    "container-title": "Focus",
    "issue": "2023.-07E",
    "URL": "https://www.example.org/view.do?salt=null&id_no=14209",
    "language": "en",
    "keyword": "NATO the alliance, Republic of Korea",
    "abstract": "First paragraph.\n\n\tSecond {paragraph}.",
}


def test_a_whole_record_as_bibtex() -> None:
    assert written(ARTICLE, "bibtex", "14209") == BIBTEX_TEXT


def test_a_whole_record_as_ris() -> None:
    assert written(ARTICLE, "ris", "14209") == RIS_TEXT.replace("\n", "\r\n")


def test_a_whole_record_as_csl_json() -> None:
    assert json.loads(written(ARTICLE, "csl-json", "14209")) == [CSL]


@pytest.mark.parametrize("fmt", BIBLIOGRAPHIES, ids=lambda fmt: fmt.name)
def test_nothing_is_an_empty_valid_file(fmt: Format) -> None:
    text = "".join(write_items([], fmt))
    assert parsed(text, fmt.name) == []


@pytest.mark.parametrize("fmt", BIBLIOGRAPHIES, ids=lambda fmt: fmt.name)
def test_entries_are_written_one_by_one(fmt: Format) -> None:
    asked = 0

    def items() -> Any:
        nonlocal asked
        for number in range(1000):
            asked += 1
            yield Item(f"k{number}", "urn:x", DOCUMENT, "T")

    pieces = write_items(items(), fmt)
    assert "k0" in next(pieces)
    assert asked == 1
    assert len(parsed("[" * (fmt is CSL_JSON) + "".join(pieces)[1:], fmt.name)) == 999


# In each format: the type, and the names under which series, number and publisher stand.
TYPES = [
    (REPORT, "techreport series number institution", "RPRT T2 SN PB", "report collection-title number"),
    (
        ARTICLE_KIND,
        "article journal number publisher",
        "JOUR T2 IS PB",
        "article-journal container-title issue",
    ),
    (BOOK, "book series number publisher", "BOOK T2 IS PB", "book collection-title collection-number"),
    (DOCUMENT, "misc series number publisher", "GEN T2 IS PB", "document collection-title number"),
]


@pytest.mark.parametrize(("kind", "bibtex", "ris", "csl"), TYPES)
def test_each_kind_has_its_fields(kind: PublicationKind, bibtex: str, ris: str, csl: str) -> None:
    item = Item("k", "urn:x", kind, "T", number="No. 7", series="Series", publisher="Institute")
    of, series, number, publisher = bibtex.split()
    text = "".join(write_items([item], BIBTEX))
    assert text.startswith(f"@{of}{{k,")
    assert f"{series} = {{Series}}" in text
    assert f"{number} = {{No. 7}}" in text
    assert f"{publisher} = {{Institute}}" in text
    of, series, number, publisher = ris.split()
    lines = "".join(write_items([item], RIS)).split("\r\n")
    assert {f"TY  - {of}", f"{series}  - Series", f"{number}  - No. 7", f"{publisher}  - Institute"} < {
        *lines
    }
    of, series, number = csl.split()
    (members,) = json.loads("".join(write_items([item], CSL_JSON)))
    assert (members["type"], members[series], members[number]) == (of, "Series", "No. 7")
    assert members["publisher"] == "Institute"


@pytest.mark.parametrize(
    ("date", "bibtex", "ris"),
    [
        ((2023,), "2023", "2023///"),
        ((2023, 5), "2023-05", "2023/05//"),
        ((987, 5, 2), "0987-05-02", "0987/05/02/"),
    ],
)
def test_dates(date: tuple[int, ...], bibtex: str, ris: str) -> None:
    item = Item("k", "urn:x", REPORT, "T", date=date)
    (entry,) = parsed("".join(write_items([item], BIBTEX)), "bibtex")
    assert (entry["date"], entry["year"]) == (bibtex, bibtex[:4])
    assert f"DA  - {ris}\r\n" in "".join(write_items([item], RIS))
    assert csl_of(item)["issued"] == {"date-parts": [list(date)]}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("The foreign policy", "The foreign policy"),
        ("The Foreign policy of Korea", "The {Foreign} policy of {Korea}"),
        ("NATO and IFANS", "{NATO} and {IFANS}"),
        ("ASEAN's eBook", "{ASEAN's} {eBook}"),
        ("한국의 외교와 AI", "한국의 외교와 {AI}"),
        ("R&D_1", r"{R\&D\_1}"),
    ],
)
def test_capitals_of_titles_are_kept(title: str, expected: str) -> None:
    assert f"title = {{{expected}}}" in "".join(write_items([Item("k", "urn:x", REPORT, title)], BIBTEX))


@pytest.mark.parametrize(
    ("name", "bibtex"),
    [
        (Name("Song", "Tae Eun"), "Song, Tae Eun"),
        (Name("서동만"), "{서동만}"),
        (
            Name("Ministry of Foreign Affairs and Trade, Korea"),
            "{Ministry of Foreign Affairs and Trade, Korea}",
        ),
        (Name("van der Berg", "Jan"), "van der Berg, Jan"),
        (Name("And", "Rew"), "{And, Rew}"),
        (Name("R&D Team"), r"{R\&D Team}"),
    ],
)
def test_names_of_bibtex(name: Name, bibtex: str) -> None:
    text = "".join(write_items([Item("k", "urn:x", REPORT, "T", authors=(name,))], BIBTEX))
    assert f"author = {{{bibtex}}}" in text
    assert len(parse_string(text, "bibtex").entries["k"].persons["author"]) == 1


def test_an_address_is_not_escaped_and_cannot_end_its_field() -> None:
    item = Item("k", "urn:x", REPORT, "T", url='https://a/b_c?d=50%25&e={"}#f~\\')
    (entry,) = parsed("".join(write_items([item], BIBTEX)), "bibtex")
    assert entry["url"] == "https://a/b_c?d=50%25&e=%7B%22%7D#f~%5C"


HOSTILE = [
    "\\",
    "{",
    "}}}{",
    '"',
    "a # $ % & _ ~ ^ \\ { } z",
    "@article{x,",
    "ER  - ",
    "a\nER  - \nTY  - BOOK",
    "a\r\n\r\nb\tc\x0bd\u2028e\x85f",
    "\x00\x01\x7f",
    "`` ''",
    "외교·안보․정세・<요약>",
    "–—’“”",
    "\U0001f600",
    "\\textbackslash{}",
]
TEXTS = st.one_of(st.text(), st.text(alphabet='\\{}"#$%&_~^@,= \n\tABaz가나-'), st.sampled_from(HOSTILE))
NAMES = st.one_of(
    st.text(alphabet="ABab가나 ,;{}\\\"-'"),
    st.sampled_from([*HOSTILE, "A and B", "and", ",", "{and}"]),
)


@given(TEXTS, TEXTS, TEXTS, st.lists(NAMES, max_size=3))
def test_every_text_survives_in_every_format(
    title: str, abstract: str, word: str, creators: list[str]
) -> None:
    check(title, abstract, word, creators)


def test_long_texts_survive() -> None:
    check(
        "외교 Policy " * 50, "A paragraph of Words, 한국의 {외교}.\n" * 1_500, "x" * 40_000, ["SONG Tae Eun"]
    )


def check(title: str, abstract: str, word: str, creators: list[str]) -> None:
    """Each format's own parser reads the same as was written."""
    authors = tuple(dict.fromkeys(name for creator in creators for name in parse_names(creator)))
    keywords = tuple(filter(None, [single_line(word)]))
    item = Item(
        "k", "urn:x", REPORT, single_line(title) or "T", authors, abstract=abstract.strip(), keywords=keywords
    )
    (entry,) = parsed("".join(write_items([item], BIBTEX)), "bibtex")
    assert entry["title"] == item.title
    assert entry.get("abstract", "") == " ".join(paragraphs(abstract))
    assert entry.get("keywords", "") == single_line(word.replace(",", " "))
    assert entry["authors"] == len(authors)

    (record,) = parsed("".join(write_items([item], RIS)), "ris")
    assert record["title"] == item.title
    assert record.get("abstract", "") == single_line(abstract)
    assert record.get("keywords", []) == list(keywords)
    assert len(record.get("authors", [])) == len(authors)

    members = csl_of(item)
    assert members["title"] == item.title
    assert members.get("abstract", "") == abstract.strip()


# What the schema of CSL-JSON says of the members that are written here.
CSL_TEXTS = {
    *("id", "title", "container-title", "collection-title", "number", "issue", "collection-number"),
    *("publisher", "URL", "language", "keyword", "abstract"),
}


def csl_of(item: Item) -> dict[str, Any]:
    """The one object, checked against the schema of CSL-JSON."""
    (members,) = json.loads("".join(write_items([item], CSL_JSON)))
    assert {"id", "type"} <= members.keys() <= CSL_TEXTS | {"type", "author", "issued"}
    assert members["type"] in {"article-journal", "book", "document", "report"}
    assert all(isinstance(members[name], str) and members[name] for name in CSL_TEXTS & members.keys())
    for name in members.get("author", []):
        assert name.keys() in ({"family", "given"}, {"literal"})
        assert all(isinstance(part, str) and part for part in name.values())
    for date in members.get("issued", {}).get("date-parts", []):
        assert 1 <= len(date) <= 3
        assert all(type(part) is int for part in date)
    result: dict[str, Any] = members
    return result


def parsed(text: str, format_name: str) -> list[dict[str, Any]]:
    if format_name == "csl-json":
        records: list[dict[str, Any]] = json.loads(text)
        return records
    if format_name == "ris":
        return list(rispy.loads(text))
    entries = parse_string(text, "bibtex").entries.values()
    return [
        {
            **{name: untex(value) for name, value in entry.fields.items()},
            "authors": len(entry.persons.get("author", ())),
        }
        for entry in entries
    ]


def untex(text: str) -> str:
    """Return the text that TeX prints for these commands; other braces group and are not printed."""
    names = {
        r"{\textbackslash}": "\\",
        r"{\textbraceleft}": "{",
        r"{\textbraceright}": "}",
        r"{\textasciitilde}": "~",
        r"{\textasciicircum}": "^",
    }
    found = re.compile(r"\{\\text[a-z]+\}|\\[#$%&_]|[{}\\]")
    return found.sub(lambda match: names.get(match[0], match[0][1:] if len(match[0]) == 2 else ""), text)
