"""Graphs in the shape of a frame: JSON-LD 1.1 Framing, with what only this server decides."""

from __future__ import annotations

import json

import pytest
from pyoxigraph import Literal, NamedNode, QueryTriples, Store, Triple

from endpoint.results.framing import InvalidFrame, framed
from endpoint.results.rows import Inexpressible

EX = "http://example.org/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
VOCAB = {"@context": {"@vocab": EX}}
PREFIXES = f"PREFIX : <{EX}> PREFIX xsd: <{XSD}> PREFIX rdf: <{RDF}>\n"

# A library with a book with chapters, as the specification's own examples have it.
LIBRARY = """
  :lib a :Library ; :location "Athens" ; :contains :republic .
  :republic a :Book ; :creator "Plato" ; :title "The Republic" ; :contains :intro .
  :intro a :Chapter ; :title "The Introduction" ; :about :republic .
"""


def graph(turtle: str) -> QueryTriples:
    store = Store()
    store.update(f"{PREFIXES} INSERT DATA {{ {turtle} }}")
    found = store.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")
    assert isinstance(found, QueryTriples)
    return found


def shaped(turtle: str, frame: dict[str, object]) -> dict[str, object]:
    """The document without its context, which must be that of the frame."""
    document: dict[str, object] = json.loads(framed(graph(turtle), frame))
    assert document.pop("@context", None) == frame.get("@context")
    return document


INTRO = {
    "@id": f"{EX}intro",
    "@type": "Chapter",
    "title": "The Introduction",
    "about": {"@id": f"{EX}republic"},
}
TITLED = {key: value for key, value in INTRO.items() if key != "about"}
BOOK = {
    "@id": f"{EX}republic",
    "@type": "Book",
    "creator": "Plato",
    "title": "The Republic",
    "contains": INTRO,
}

# Statements, the frame beside its vocabulary, the document. Section 2 and 4 of the specification.
FRAMED: list[tuple[str, dict[str, object], object]] = [
    (
        LIBRARY,
        {"@type": "Library"},
        {"@id": f"{EX}lib", "@type": "Library", "location": "Athens", "contains": BOOK},
    ),
    (LIBRARY, {"creator": "Plato"}, BOOK),
    (LIBRARY, {"creator": {}}, BOOK),
    (LIBRARY, {"@id": f"{EX}intro", "about": {"@embed": "@never"}}, INTRO),
    (LIBRARY, {"@type": "Chapter", "@explicit": True, "title": {}}, TITLED),
    (LIBRARY, {"@type": "Newspaper"}, {}),
    (LIBRARY, {"@type": ["Book", "Newspaper"]}, BOOK),
    (LIBRARY, {"title": {}, "creator": {}, "@requireAll": True}, BOOK),
    (
        LIBRARY,
        {"creator": [], "title": {}, "@requireAll": True, "@explicit": True},
        {**TITLED, "creator": None},
    ),
    (
        LIBRARY,
        {"@type": "Chapter", "about": {"@embed": "@never"}, "pages": {"@default": 7}},
        {**INTRO, "pages": 7},
    ),
    (
        LIBRARY,
        {"@type": "Chapter", "about": {"@embed": "@never"}, "pages": {"@default": 7, "@omitDefault": True}},
        INTRO,
    ),
    (
        LIBRARY,
        {"@type": "Chapter", "@explicit": True, "@reverse": {"contains": {"@explicit": True, "creator": {}}}},
        {
            "@id": f"{EX}intro",
            "@type": "Chapter",
            "@reverse": {"contains": {"@id": f"{EX}republic", "@type": "Book", "creator": "Plato"}},
        },
    ),
    # Several: @graph. One: the object itself, or @graph where the frame has it.
    (
        ":a a :Book ; :n 1 . :b a :Book ; :n 2 .",
        {"@type": "Book"},
        {
            "@graph": [
                {"@id": f"{EX}a", "@type": "Book", "n": 1},
                {"@id": f"{EX}b", "@type": "Book", "n": 2},
            ]
        },
    ),
    # Once, always, never: the second mention of a node is a reference, a copy, or both are references.
    (
        ':x :p :y ; :q :y . :y :n "y" .',
        {"p": {}},
        {"@id": f"{EX}x", "p": {"@id": f"{EX}y", "n": "y"}, "q": {"@id": f"{EX}y"}},
    ),
    (
        ':x :p :y ; :q :y . :y :n "y" .',
        {"p": {}, "@embed": "@always"},
        {"@id": f"{EX}x", "p": {"@id": f"{EX}y", "n": "y"}, "q": {"@id": f"{EX}y", "n": "y"}},
    ),
    (
        ':x :p :y ; :q :y . :y :n "y" .',
        {"@id": f"{EX}x", "@embed": "@never"},
        {"@id": f"{EX}x", "p": {"@id": f"{EX}y"}, "q": {"@id": f"{EX}y"}},
    ),
    # Nodes that point at each other end.
    (
        ":x a :Root ; :p :y . :y :p :x .",
        {"@type": "Root"},
        {"@id": f"{EX}x", "@type": "Root", "p": {"@id": f"{EX}y", "p": {"@id": f"{EX}x"}}},
    ),
    # Blank nodes: without a label where one mention is all, with one where there are several.
    (":x :p [ :n 'y' ] .", {"p": {}}, {"@id": f"{EX}x", "p": {"n": "y"}}),
    (
        ":x :p _:y ; :q _:y . _:y :n 'y' .",
        {"p": {}},
        {"@id": f"{EX}x", "p": {"@id": "_:b0", "n": "y"}, "q": {"@id": "_:b0"}},
    ),
    # Lists keep their order and their repetitions.
    (
        ":x :p (3 1 'b'@ko 1) .",
        {"p": {}},
        {"@id": f"{EX}x", "p": {"@list": [3, 1, {"@language": "ko", "@value": "b"}, 1]}},
    ),
    (":x :p () .", {"p": {}}, {"@id": f"{EX}x", "p": {"@list": []}}),
    # Languages and base direction.
    (
        ":x :p 'a'@en .",
        {"p": {}},
        {"@id": f"{EX}x", "p": {"@language": "en", "@value": "a"}},
    ),
    (
        ":x :p 'a'@en--ltr .",
        {"p": {}},
        {"@id": f"{EX}x", "p": {"@language": "en", "@direction": "ltr", "@value": "a"}},
    ),
    # Native values, and those that are none.
    (
        ":x :p 5 ; :q -1.5e0 ; :r true ; :s '1'^^xsd:boolean .",
        {"p": {}},
        {"@id": f"{EX}x", "p": 5, "q": -1.5, "r": True, "s": True},
    ),
    (
        ":x :p 1.5 ; :q 12345678901234567 ; :r 'INF'^^xsd:double ; :s 'five'^^xsd:integer .",
        {"p": {}},
        {
            "@id": f"{EX}x",
            "p": {"@type": f"{XSD}decimal", "@value": "1.5"},
            "q": {"@type": f"{XSD}integer", "@value": "12345678901234567"},
            "r": {"@type": f"{XSD}double", "@value": "INF"},
            "s": {"@type": f"{XSD}integer", "@value": "five"},
        },
    ),
    (":x :p '<&\"é\\n\\u0001' .", {"p": {}}, {"@id": f"{EX}x", "p": '<&"é\n\x01'}),
    (
        """:x :p '{"a": [1, null]}'^^rdf:JSON ; :q '{'^^rdf:JSON .""",
        {"p": {}},
        {
            "@id": f"{EX}x",
            "p": {"@type": f"{RDF}JSON", "@value": '{"a": [1, null]}'},
            "q": {"@type": f"{RDF}JSON", "@value": "{"},
        },
    ),
]


@pytest.mark.parametrize(("turtle", "frame", "expected"), FRAMED)
def test_a_graph_in_a_frame(turtle: str, frame: dict[str, object], expected: dict[str, object]) -> None:
    assert shaped(turtle, {**VOCAB, **frame}) == expected


# A context, and what it makes of a title in two languages, a date, a link, a number and a list.
VALUES = ":x :t 'a'@en , 'b'@ko ; :d '2024-05-01'^^xsd:date ; :l :y ; :n 5 ; :i (1 2) ."
CONTEXTS: list[tuple[dict[str, object], dict[str, object]]] = [
    (
        {"t": {"@id": f"{EX}t", "@container": "@language"}},
        {"t": {"en": "a", "ko": "b"}},
    ),
    ({"d": {"@id": f"{EX}d", "@type": f"{XSD}date"}}, {"d": "2024-05-01"}),
    ({"l": {"@id": f"{EX}l", "@type": "@id"}}, {"l": f"{EX}y"}),
    ({"n": {"@id": f"{EX}n", "@container": "@set"}}, {"n": [5]}),
    # A term that has the datatype keeps its name, and the lexical form.
    ({"n": {"@id": f"{EX}n", "@type": f"{XSD}integer"}}, {"n": "5"}),
    ({"xsd": XSD, "n": {"@id": f"{EX}n", "@type": "xsd:integer"}}, {"n": "5"}),
    ({"n": {"@id": f"{EX}n", "@type": f"{XSD}double"}}, {f"{EX}n": 5}),
    ({"i": {"@id": f"{EX}i", "@container": "@list"}}, {"i": [1, 2]}),
    ({"i": {"@id": f"{EX}i", "@container": "@list", "@type": f"{XSD}integer"}}, {"i": ["1", "2"]}),
    ({"id": "@id", "ex": EX}, {"id": "ex:x", "ex:n": 5}),
]


@pytest.mark.parametrize(("context", "expected"), CONTEXTS)
def test_the_context_decides_how_values_look(context: dict[str, object], expected: dict[str, object]) -> None:
    found = shaped(VALUES, {"@context": context, f"{EX}d": {}})
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize("context", [[{"@vocab": EX}, {"id": "@id"}], {}, None])
def test_contexts_in_a_list_or_none(context: object) -> None:
    document = json.loads(framed(graph(":x :p :y ."), {"@context": context, f"{EX}p": {}}))
    assert document.get("id", document.get("@id")) == f"{EX}x"


def test_without_a_context_names_are_whole() -> None:
    assert shaped(":x :p 5 .", {f"{EX}p": {}}) == {"@id": f"{EX}x", f"{EX}p": 5}


def test_a_statement_that_comes_twice_is_one() -> None:
    triple = Triple(NamedNode(f"{EX}x"), NamedNode(f"{EX}p"), Literal(5))
    assert json.loads(framed([triple, triple], {**VOCAB, "p": {}}))["p"] == 5


def test_the_frame_stays_as_it_is() -> None:
    frame: dict[str, object] = {**VOCAB, "@type": "Book", "creator": {}}
    before = json.dumps(frame)
    assert framed(graph(LIBRARY), frame) == framed(graph(LIBRARY), frame)
    assert json.dumps(frame) == before


WRONG: list[tuple[dict[str, object], str]] = [
    ({"@context": "https://schema.org/"}, "its context is at https://schema.org/, and nothing is fetched"),
    ({"@context": [{"a": EX}, "https://schema.org/"]}, "https://schema.org/, and nothing is fetched"),
    ({"@context": {"@import": "https://schema.org/"}}, "https://schema.org/, and nothing is fetched"),
    (
        {"@context": {"p": {"@id": f"{EX}p", "@context": "https://schema.org/"}}, "p": {"n": {}}},
        "https://schema.org/, and nothing is fetched",
    ),
    ({"@context": {"p": 5}}, "The frame is not valid"),
    ({"@context": {"p": {"@id": f"{EX}p", "@container": "@bag"}}}, "@container"),
    ({**VOCAB, "p": {"@embed": "@sometimes"}}, "@embed"),
    ({"@id": 5}, "The frame is not valid"),
]


@pytest.mark.parametrize(("frame", "sentence"), WRONG)
def test_a_frame_that_is_none_is_told(frame: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidFrame) as caught:
        framed(graph(":x :p :y . :y :n 5 ."), frame)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def test_what_json_ld_cannot_say_is_told() -> None:
    with pytest.raises(Inexpressible, match=r"a triple term.*format=turtle"):
        framed(graph(":x :p <<( :a :b :c )>> ."), {**VOCAB, "p": {}})


def test_a_long_chain_is_too_deep_unless_it_is_kept_flat() -> None:
    chain = "".join(f":n{n:05} :next :n{n + 1:05} . " for n in range(3000))
    with pytest.raises(Inexpressible, match="nest too deeply"):
        framed(graph(chain), {**VOCAB, "@id": f"{EX}n00000", "next": {}})
    flat = shaped(chain, {**VOCAB, "next": {"@embed": "@never"}, "@embed": "@never"})
    assert len(str(flat)) > 100_000
