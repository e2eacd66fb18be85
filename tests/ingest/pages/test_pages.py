"""Linked Data pages, saved as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Triple, parse

from endpoint.dataset import default_root
from endpoint.errors import DataError
from tests.ingest.pages.saved_pages import (
    HEADING,
    PREFIXES,
    SUBJECT,
    XSD,
    about,
    errors,
    named,
    page,
    read,
    saved,
)

RDF_TYPE = NamedNode(PREFIXES["rdf"] + "type")


def test_the_text_of_a_page() -> None:
    title = "South Korea’s Arms Exports and Defense Diplomacy  to Advance Security Cooperation"
    triples, notices = saved("publication.txt")
    assert set(triples) == about(
        SUBJECT,
        ("rdfs:label", Literal(title)),
        ("skos:altLabel", Literal(title)),
        ("skos:altLabel", Literal("".join(title.lower().split()))),
        (
            "bibo:abstract",
            Literal(
                "I. The Russo-Ukrainian War\u00a0\nⅢ. A Strategy for Becoming a Power Player\n\n"
                "● a bullet of the text\n  • and one more, deeper\nrdfs:label\n\u00a0\n"
                '<요약> ends within a word ("and the Alli'
            ),
        ),
        ("mofa:yearOfData", Literal("2023", datatype=NamedNode(XSD + "integer"))),
        (
            "mofapub:dataURL",
            Literal(
                "https://www.ifans.go.kr/knda/ifans/eng/pblct/PblctView.do"
                "?csrfPreventionSalt=null&pblctDtaSn=14209",
                datatype=NamedNode(XSD + "anyURI"),
            ),
        ),
        ("mofapub:hasAuthor", Literal("SONG Tae Eun")),
        ("mofapub:pubNumber", Literal("2023.-07E")),
        ("dcterms:language", Literal("ENG")),
    )
    (notice,) = notices
    assert notice.endswith("rdf:type, mofadocu:relatedCountry, mofapub:hasProfessor.")


def rendered(triples: Iterable[Triple]) -> str:
    """A page's text as the ministry's service lays it out."""
    shorter = {iri: prefix for prefix, iri in PREFIXES.items()}
    lines = [f"Title ( {SUBJECT} ) at Linked Data", "", "Property Value"]
    rows: dict[str, list[str]] = {}
    for triple in triples:
        iri = triple.predicate.value
        cut = max(iri.rfind("/"), iri.rfind("#")) + 1
        values = rows.setdefault(f"{shorter[iri[:cut]]}:{iri[cut:]}", [])
        if isinstance(triple.object, Literal):
            datatype = triple.object.datatype.value
            text = triple.object.value
            typed = f'"{text}"^^xsd:{datatype.removeprefix(XSD)}'
            values.append(text if datatype == XSD + "string" else typed)
    for name, values in rows.items():
        lines.append(name)
        lines.extend("  • " + value.replace("\n", "\n    ") for value in values)
    return "\n".join([*lines, "", "본 페이지는 온톨로지 데이터를 Linked Data로 발행한 것입니다."])


def record() -> list[Triple]:
    path = default_root() / "seed" / "mofapub" / "publication-14209.ttl"
    return [quad.triple for quad in parse(path=path)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_whole_record_comes_back_from_its_page(line_end: str, codec: str) -> None:
    text = rendered(record()).replace("\n", line_end)
    triples, notices = read(text.encode(codec))
    assert set(triples) == {triple for triple in record() if triple.predicate != RDF_TYPE}
    assert notices[-1].endswith(": rdf:type.")


def test_the_page_of_the_ministry() -> None:
    path = Path(__file__).parents[2] / "data" / "publication-14209.txt"
    triples, notices = read(path.read_bytes())
    assert set(triples) == {triple for triple in record() if triple.predicate != RDF_TYPE}
    assert len(notices) == 1


def test_indentation_that_an_editor_stripped_from_blank_lines() -> None:
    triples, _ = read(f"{HEADING}bibo:abstract\n  • one\n\n\n    two\n\nrdfs:label\n  • title\n  •\n\nEnd.\n")
    assert set(triples) == about(
        SUBJECT,
        ("bibo:abstract", Literal("one\n\n\ntwo")),
        ("rdfs:label", Literal("title")),
        ("rdfs:label", Literal("")),
    )


def test_a_heading_in_angle_brackets_is_no_html() -> None:
    triples, _ = read(
        f"<요약> <Title> ( {SUBJECT} ) at Linked Data\nProperty\tValue\nrdfs:label\n  • <요약>\n"
    )
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal("<요약>"))]


def test_inverse_rows_of_a_text_have_lost_their_links() -> None:
    triples, notices = read(f"{HEADING}rdfs:label\n  • a\nis mofadocu:relatedDoc of\n  • Korea\n")
    assert len(triples) == 1
    assert "is mofadocu:relatedDoc of" in notices[0]


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")), max_size=4
    )
)
def test_any_text_comes_back(values: list[str]) -> None:
    plain = {value for value in values if '"' not in value}
    triples = [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal(value)) for value in plain]
    text = rendered([*triples, Triple(NamedNode(SUBJECT), named("dcterms:language"), Literal("KOR"))])
    found, _ = read(text)
    assert {triple.object for triple in found if triple.predicate == named("rdfs:label")} == set(
        map(Literal, plain)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{HEADING}rdfs:label\n  • a\nmofapubb:hasAuthor\n  • b\nfoo:bar\n",
            [(6, 1, "The prefix 'mofapubb' of mofapubb:hasAuthor is not known; did you mean 'mofapub'?"),
             (8, 1, "The prefix 'foo' of foo:bar is not known;")],
        ),
        (f'{HEADING}rdfs:label\n  • "1"^^xds:integer\n', [(5, 5, "The prefix 'xds' of xds:integer")]),
        (f"{HEADING}rdfs:label\n  • a\n  b\n", [(6, 1, "This line is neither a property, nor a value")]),
        (f"{HEADING}  • a\n", [(4, 1, "This line is neither a property, nor a value")]),
        (
            f"{HEADING}rdfs:label\n  • one\n\ntwo without indentation\nbibo:abstract\n  • three\n",
            [(7, 1, "This line is neither a property, nor a value")],
        ),
        ("Title ( no-iri ) at Linked Data\n\nProperty Value\n", [(1, 9, "The heading names no absolute")]),
        ("A letter\n\nDear all,\n", [(3, None, "This is not the text of a Linked Data page;")]),
        ("Title\n\nProperty Value\n", [(1, None, "This is not the text of a Linked Data page;")]),
        ("", [(1, None, "This is not the text of a Linked Data page;")]),
        (HEADING, [(4, None, "The page has no properties.")]),
    ],
)  # fmt: skip
def test_mistakes_in_a_text_are_reported_with_their_place(
    text: str, expected: list[tuple[int, int | None, str]]
) -> None:
    found = errors(text)
    assert [(line, column) for line, column, _ in found] == [place[:2] for place in expected]
    for (_, _, detail), (_, _, start) in zip(found, expected, strict=True):
        assert detail.startswith(start)


@pytest.mark.parametrize("before", ["", "\ufeff\n", "<!-- saved -->", "<!DOCTYPE html>"])
def test_html_is_known_by_its_content_as_well(before: str) -> None:
    triples, _ = read(before + page("<tr><td>rdfs:label<td>a"), "saved-page")
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal("a"))]


@pytest.mark.parametrize(
    ("codec", "head", "notices"),
    [
        ("cp949", '<meta charset="euc-kr">', 0),
        ("cp949", '<meta http-equiv="Content-Type" content="text/html; charset=EUC-KR">', 0),
        ("cp949", "", 1),
        ("utf-8", '<meta charset="euc-kr">', 0),
        ("cp949", '<meta charset="no-such">', 1),
    ],
)
def test_the_encoding_of_a_page(codec: str, head: str, notices: int) -> None:
    triples, remarks = read(page("<tr><td>rdfs:label<td>한국의 외교 정책", head).encode(codec), "a.html")
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal("한국의 외교 정책"))]
    assert len(remarks) == notices


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for name in ("a.txt", "a.html"):
        try:
            read(content, name)
        except DataError:
            continue
