"""Small catalogues with every kind of term, generated: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from tests.columns.every_kind import NS, XSD, Term, literals, terms

RDF_TYPE: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
LABEL: Final = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
GraphName = NamedNode | BlankNode | DefaultGraph

TEXTS: Final = (
    *(
        "",
        " ",
        "a",
        "A",
        "b",
        "Ab",
        "aB",
        "10",
        "9",
        "-1",
        "Seoul",
        "seoul",
        "Korea",
        "Österreich",
        "österreich",
    ),
    *("외교", "외교사", "한국", "각", "각", "é", "é", "😀", "a😀b", "👩‍👩‍👧", "İ", "ß", "ẞ", "日本"),
    *(
        "line\nbreak",
        "tab\t",
        'a "b"',
        "back\\slash",
        "'",
        "a.b",
        "a+b",
        "^$",
        "같은 말로 시작하는 긴 글 " * 30,
    ),
    *("같은 말로 시작하는 긴 글 " * 30 + "끝", "x" * 97, "a b c"),
    *("\u212aorea", "ſtrasse", "ΑΣ ΣΑ", "STRASSE ÖS", "ﬁn", "ı", "i\u0307", "\u0001", "\\n \\u0001", "ЫЬ ы"),
    *('a "quoted"\nline with \\ and\ttabs, 외교 Seoul\r\n' * 20, "SEOUL SEIL"),
)
TAGS: Final = ("ko", "en", "EN", "en-GB", "EN-us", "de")


def _typed(name: str, values: str) -> tuple[Literal, ...]:
    return tuple(Literal(value, datatype=NamedNode(XSD + name)) for value in values.split())


INTEGERS: Final = _typed("integer", "0 1 2 3 5 7 10 -1 -7 100 1999 2019 2020 2021")
NUMBERS: Final = (
    *_typed("integer", "0 1 2 7 -7 100 2020 123456789012345"),
    *_typed("decimal", "0.0 1.0 2.5 7.0 -7.25 0.1 0.3 0.30 2020.0 100.5"),
    *_typed("double", "0 -0 1 2.5 7 7.5e0 -7 0.1 1e300 1e-300 INF -INF 2.02e3 0.3"),
)
DOUBTFUL: Final = (
    *_typed("double", "NaN 1 0.5"),
    *_typed("float", "0.1 7 NaN INF 2.5 -0"),
    *_typed("integer", "9007199254740993 9223372036854775807 abc 7"),
    *_typed("decimal", "0.1234567890123456789 7.0"),
    *_typed("int", "7 x 99999999999"),
)
TIMES: Final = {
    "date": _typed("date", "2020-01-01 2019-12-31 2020-02-29 -0044-03-15 0000-01-01 0001-01-01 12020-01-01"),
    "dateZ": _typed("date", "2020-01-01Z 2020-01-01+09:00 2019-12-31-10:00 -0044-03-15Z 2020-01-02Z"),
    "dateTime": _typed(
        "dateTime",
        "2020-01-01T00:00:00 2020-01-01T00:00:00.5 2019-12-31T23:59:59 -0044-03-15T12:00:00 "
        "2021-06-01T12:30:15",
    ),
    "dateTimeZ": _typed(
        "dateTime",
        "2020-01-01T00:00:00Z 2020-01-01T09:00:00+09:00 2019-12-31T19:00:00-05:00 "
        "2020-01-01T00:00:00.123456Z -0044-03-15T12:00:00Z 2021-06-01T12:30:15.5+05:30",
    ),
    "year": _typed("gYear", "2020 2019 0001 -0044 12020 1999"),
    "month": _typed("gYearMonth", "2020-02 2020-01 1999-12 -0044-03"),
}
BOOLEANS: Final = _typed("boolean", "true false")


@dataclass(frozen=True)
class Property:
    """A property: of which kind its subjects and its objects are. Of the kind ``any`` is everything."""

    name: NamedNode
    subject: str
    object: str


PROPERTIES: Final = (
    Property(RDF_TYPE, "any", "class"),
    Property(LABEL, "any", "text"),
    *(
        Property(NamedNode(NS + name), subject, of)
        for name, subject, of in (
            ("title", "work", "text"),
            ("name", "person", "text"),
            ("code", "work", "text"),
            ("year", "work", "integer"),
            ("pages", "work", "number"),
            ("score", "work", "doubtful"),
            ("date", "work", "date"),
            ("posted", "work", "dateZ"),
            ("made", "work", "dateTime"),
            ("changed", "work", "dateTimeZ"),
            ("published", "work", "year"),
            ("month", "work", "month"),
            ("open", "work", "boolean"),
            ("value", "any", "any"),
            ("author", "work", "person"),
            ("cites", "work", "work"),
            ("category", "work", "category"),
            ("broader", "category", "category"),
            ("knows", "person", "person"),
            ("rare", "any", "text"),
        )
    ),
)
# What a work has of each property: at most so many, and how often it has any.
_HELD: Final = {
    "title": (2, 0.9),
    "code": (1, 0.8),
    "year": (1, 0.9),
    "author": (3, 0.9),
    "cites": (3, 0.4),
    "rare": (1, 0.1),
}
_ONCE: Final = (1, 0.5)


@dataclass
class Data:
    """Generated statements; for each kind its resources or literals, and some that no statement has."""

    seed: int
    quads: list[Quad]
    terms: dict[str, list[Term]]
    absent: dict[str, list[Term]]

    def graphs(self) -> list[NamedNode]:
        """Return the names of the graphs that a query can name."""
        found = {quad.graph_name for quad in self.quads if isinstance(quad.graph_name, NamedNode)}
        return sorted(found, key=str)

    def without(self, dropped: set[int]) -> Data:
        """Return the same without some statements, by their places."""
        kept = [quad for place, quad in enumerate(self.quads) if place not in dropped]
        return Data(self.seed, kept, self.terms, self.absent)

    def union(self, order: int | None = None) -> Store:
        """Return a store of each triple once, in its default graph, and of the named graphs.

        ``order`` is the seed of an order in which they are loaded.
        """
        quads = list(self.quads)
        if order is not None:
            random.Random(order).shuffle(quads)
        store = Store()
        for quad in quads:
            store.add(Quad(quad.subject, quad.predicate, quad.object))
            store.add(quad)
        return store

    def store(self) -> Store:
        """Return a store of the statements in their graphs."""
        store = Store()
        for quad in self.quads:
            store.add(quad)
        return store


def _pick(rng: random.Random, values: tuple[Literal, ...]) -> list[Term]:
    """Return some of the values, so that catalogues differ in which they have."""
    return list(rng.sample(values, rng.randint(max(1, len(values) // 3), len(values))))


def _resources(rng: random.Random, scale: int) -> dict[str, list[Term]]:
    works: list[Term] = [NamedNode(f"{NS}work/{number}") for number in range(rng.randint(4, 4 + 2 * scale))]
    persons: list[Term] = [NamedNode(f"{NS}person/{number}") for number in range(rng.randint(2, 3 + scale))]
    if rng.random() < 0.6:
        works += [BlankNode(f"w{number}") for number in range(rng.randint(1, 3))]
        persons += [BlankNode(f"p{number}") for number in range(rng.randint(1, 3))]
    categories: list[Term] = [NamedNode(f"{NS}분류{number}") for number in range(rng.randint(1, 5))]
    classes: list[Term] = [NamedNode(f"{NS}{name}") for name in ("Work", "Person", "Category", "Book")]
    return {"work": works, "person": persons, "category": categories, "class": classes}


def _values(rng: random.Random) -> dict[str, list[Term]]:
    texts: list[Term] = []
    for text in rng.sample(TEXTS, rng.randint(8, len(TEXTS))):
        texts += rng.choices(
            [Literal(text), Literal(text, language=rng.choice(TAGS))], k=rng.choice((1, 1, 2))
        )
    if rng.random() < 0.3:
        texts.append(Literal("a", datatype=NamedNode(NS + "own")))
    number_kinds = {"integer": INTEGERS, "number": NUMBERS, "doubtful": DOUBTFUL, "boolean": BOOLEANS}
    found = {name: _pick(rng, values) for name, values in {**number_kinds, **TIMES}.items()}
    return {"text": texts, **found, "any": terms(rng)[:40]}


def generate(seed: int, scale: int = 6) -> Data:
    """Return the catalogue of this seed: 50 to 500 triples, more of them where ``scale`` is larger."""
    rng = random.Random(seed)
    found = _resources(rng, scale) | _values(rng)
    found["any"] += [*found["work"][:3], *rng.sample(list(literals()), 5)]
    graphs: list[GraphName] = [DefaultGraph(), *(NamedNode(f"{NS}graph/{number}") for number in range(3))]
    graphs += [BlankNode("graph")] if rng.random() < 0.3 else []
    found["property"] = [each.name for each in PROPERTIES]
    found["graph"] = [graph for graph in graphs if isinstance(graph, NamedNode)]
    held = [each for each in PROPERTIES if rng.random() < 0.85]
    quads: list[Quad] = []
    for subject, name, value in _triples(rng, found, held):
        for graph in rng.sample(graphs, rng.choice((1, 1, 1, 2, 3))):
            quads.append(Quad(subject, name, value, graph))
    rng.shuffle(quads)
    used = {quad.object for quad in quads}
    absent = {kind: [term for term in of if term not in used] for kind, of in _all_values().items()}
    for kind in found.keys() - absent.keys():
        absent[kind] = [NamedNode(f"{NS}absent/{kind}")]
    return Data(seed, quads, found, absent)


def _triples(
    rng: random.Random, terms_of: dict[str, list[Term]], held: list[Property]
) -> Iterator[tuple[NamedNode | BlankNode, NamedNode, Term]]:
    """Yield what is stated of each resource."""
    for kind in ("work", "person", "category"):
        for subject, each in product(terms_of[kind], held):
            if each.subject not in (kind, "any") or not isinstance(subject, NamedNode | BlankNode):
                continue
            most, often = _HELD.get(each.name.value.removeprefix(NS), _ONCE)
            if rng.random() < often:
                for _ in range(rng.randint(1, most)):
                    yield subject, each.name, rng.choice(terms_of[each.object])


def _all_values() -> dict[str, list[Term]]:
    texts: list[Term] = [Literal("absent"), Literal("a", language="fr"), *map(Literal, TEXTS)]
    kinds = {"integer": INTEGERS, "number": NUMBERS, "doubtful": DOUBTFUL, "boolean": BOOLEANS, **TIMES}
    return {"text": texts, **{name: list(of) for name, of in kinds.items()}, "any": list(literals())}
