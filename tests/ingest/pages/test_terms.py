"""Terms as pages write them: values of every form, and links."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from endpoint.ingest.pages.terms import link_target
from tests.ingest.pages.saved_pages import DATASET, HEADING, SUBJECT, XSD, named, read


@pytest.mark.parametrize(
    ("shown", "literal"),
    [
        ('"글"@ko', Literal("글", language="ko")),
        ('"2023"^^<http://example.org/type>', Literal("2023", datatype=NamedNode("http://example.org/type"))),
        ('"1"^^http://example.org/type', Literal("1", datatype=NamedNode("http://example.org/type"))),
        ('"say "yes""^^xsd:token', Literal('say "yes"', datatype=NamedNode(XSD + "token"))),
        ('"글"@en-a', Literal("글")),
        ('"quoted"', Literal('"quoted"')),
        ('"quoted" and more', Literal('"quoted" and more')),
        ("  indented \t and TAB ", Literal("  indented \t and TAB ")),
        ("• doubled", Literal("• doubled")),
        ("미·일․중・관계", Literal("미·일․중・관계")),
    ],
)
def test_values_of_every_form(shown: str, literal: Literal) -> None:
    triples, _ = read(f"{HEADING}rdfs:label\n  • {shown}\n")
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), literal)]


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("/mofapub/hasAuthor", "http://opendata.mofa.go.kr/mofapub/hasAuthor"),
        ("https://opendata.mofa.go.kr/mofapub/x", "http://opendata.mofa.go.kr/mofapub/x"),
        ("/lod/view.do?uri=http%3A%2F%2Fexample.org%2Fa%3Fb%3D1%23c", "http://example.org/a?b=1#c"),
        ("/lod/view.do?uri=http://example.org/a#c", "http://example.org/a#c"),
        ("/lod/view.do?uri=nothing", "http://opendata.mofa.go.kr/lod/view.do?uri=nothing"),
        (
            "https://www.example.com/?uri=http://example.org/a",
            "https://www.example.com/?uri=http://example.org/a",
        ),
        ("http://example.org/한글 a", "http://example.org/한글%20a"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("#top", None),
        ("javascript:void(0)", None),
        ("", None),
        ("http://[broken", None),
    ],
)
def test_what_a_link_means(href: str, target: str | None) -> None:
    assert link_target(href, DATASET.base) == target
