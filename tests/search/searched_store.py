"""A small catalogue with a text index, and the worker's way from a query to its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, QueryTriples, Store

from endpoint.engine.evaluator import Evaluator, WorkerOptions
from endpoint.results.rows import Results, native
from endpoint.results.written import WrittenSolutions, WrittenTriples
from endpoint.search import Document, Field, Hit, SearchConfiguration
from endpoint.search.build import build_index
from endpoint.search.index import TextIndex
from endpoint.sparql.operation import admit, classify
from endpoint.vocabulary import TEXT

EX = "http://example.org/"
PREFIXES = {"ex": EX, "text": TEXT}
CONFIGURATION = SearchConfiguration(
    fields=(Field("title", (f"{EX}title",), 10.0), Field("abstract", (f"{EX}abstract",))), snippet="abstract"
)


@dataclass(frozen=True)
class Publication:
    """One publication; what is empty is not in the data."""

    name: str
    title: str
    abstract: str
    year: int
    country: str
    graph: str
    series: str = ""

    @property
    def iri(self) -> str:
        return EX + self.name

    def quads(self) -> list[Quad]:
        """Its statements in its graph and in the default graph, which is the union."""
        values: dict[str, Literal | NamedNode | None] = {
            "title": Literal(self.title),
            "year": Literal(self.year),
            "country": NamedNode(EX + self.country),
            "series": Literal(self.series) if self.series else None,
        }
        return [
            Quad(NamedNode(self.iri), NamedNode(EX + name), value, *graph)
            for name, value in values.items()
            if value is not None
            for graph in ((), (NamedNode(EX + self.graph),))
        ]


PUBLICATIONS = (
    Publication("p0", "한국 외교 정책", "미국과 한국의 동맹을 본다", 2021, "US", "g1", "Focus"),
    Publication("p1", "중국의 외교", "한국은 중국과 가깝다", 2022, "CN", "g1"),
    Publication("p2", "Ukraine at war", "War and peace in Europe", 2022, "UA", "g2", "Focus"),
    Publication("p3", "일본 경제", "경제 전망", 2023, "JP", "g2"),
    Publication("p4", "한국 경제와 일본", "무역", 2023, "JP", "g1", "Brief"),
    Publication("p5", "European security", "After the war: <b>arms</b> & allies", 2023, "UA", "g2"),
    Publication("p6", "Annual report", "Budget", 2023, "US", "g2"),
)
BY_NAME = {publication.name: publication for publication in PUBLICATIONS}
# What the words are in, told by reading the texts above.
FOUND = {
    "한국": {"p0", "p1", "p4"},
    "외교": {"p0", "p1"},
    "경제": {"p3", "p4"},
    "일본": {"p3", "p4"},
    "war": {"p2", "p5"},
    "한국 경제": {"p4"},
    "한국 OR war": {"p0", "p1", "p4", "p2", "p5"},
    "없는말": set(),
}


def build(folder: Path) -> None:
    """The index of the publications."""
    documents = [
        Document(row.iri, {"title": (row.title,), "abstract": (row.abstract,)}, {}) for row in PUBLICATIONS
    ]
    build_index(documents, folder, CONFIGURATION)


class Catalogue:
    """The publications in a store, and their index in ``folder`` where one is given."""

    def __init__(self, folder: Path | None) -> None:
        self.store = Store()
        self.store.extend(quad for row in PUBLICATIONS for quad in row.quads())
        self.options = WorkerOptions(PREFIXES, False, 2**30, None if folder is None else str(folder))
        self.evaluator = Evaluator(self.store, self.options)

    def hits(self, query: str, field: str | None = None, limit: int | None = None) -> list[Hit]:
        """Return the hits of the index, searched directly."""
        opened = self.evaluator.index()
        assert isinstance(opened, TextIndex)
        return opened.matches(query, field, limit, True)

    def score(self, query: str, name: str) -> float:
        """The score of one publication."""
        return {hit.iri: hit.score for hit in self.hits(query)}[EX + name]

    def evaluate(self, text: str, default: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> Results:
        """Through the gate and into the engine, as in a worker."""
        operation = admit(classify(text, 500, EX)).over(default, named)
        results = self.evaluator.evaluate(operation)
        # The catalogue has no columns.
        assert not isinstance(results, WrittenSolutions | WrittenTriples)
        return results

    def rows(self, text: str, **graphs: tuple[str, ...]) -> list[tuple[object, ...]]:
        """Rows of values, names instead of IRIs of the catalogue; a boolean is one row of one value."""
        results = self.evaluate(text, **graphs)
        if isinstance(results, QueryTriples):
            return [(_short(row.subject), _short(row.predicate), _short(row.object)) for row in results]
        if isinstance(results, QuerySolutions):
            return [tuple(map(_short, row)) for row in results]
        return [(bool(results),)]

    def names(self, text: str) -> list[str]:
        """The variables of the result in their order."""
        results = self.evaluate(text)
        assert isinstance(results, QuerySolutions)
        return [variable.value for variable in results.variables]


def _short(term: object) -> object:
    if isinstance(term, NamedNode):
        return term.value.removeprefix(EX)
    assert term is None or isinstance(term, Literal)
    return native(term)
