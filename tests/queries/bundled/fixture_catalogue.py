"""The fixture catalogue in a store, and the rows of a saved query on it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, QueryTriples, RdfFormat, Store, parse

from endpoint.catalog import Catalog
from endpoint.catalog.reading import read_catalog
from endpoint.dataset import read_dataset
from endpoint.ingest.derive import derive
from endpoint.ingest.rules import read_rules

ROOT = Path(__file__).parents[3]
BASE = "http://opendata.mofa.go.kr/"
PUBLICATION = f"{BASE}mofapub/resource/Publication/"
DOCUMENT = f"{BASE}mofadocu/resource/Document/"
COPIES = NamedNode("http://example.org/copies")

Row = dict[str, str]


@cache
def catalog() -> Catalog:
    """The saved queries of the project."""
    return read_catalog(ROOT / "queries", 64)


def statements() -> list[Quad]:
    """The fixture catalogue."""
    return list(parse(path=ROOT / "tests/data/catalogue.trig", format=RdfFormat.TRIG))


def repeated() -> list[Quad]:
    """The fixture catalogue, and every third statement once more in a graph of copies."""
    stated = statements()
    copies = [Quad(quad.subject, quad.predicate, quad.object, COPIES) for quad in stated[::3]]
    return [*stated, *copies]


def store_of(quads: Iterable[Quad], seed: int | None = None) -> Store:
    """A store in memory, filled one by one in an order that ``seed`` decides, where there is one."""
    ordered = list(quads)
    if seed is not None:
        random.Random(seed).shuffle(ordered)
    store = Store()
    for quad in ordered:
        store.add(quad)
    return store


def whole(quads: Iterable[Quad]) -> Store:
    """A store of the quads, the project's ontologies, and what its rules derive from both."""
    dataset = read_dataset(ROOT)
    store = store_of(quads)
    for graph in dataset.graphs:
        for file in graph.files:
            if file.parent.name == "ontology":
                store.bulk_load(path=file, format=RdfFormat.TURTLE, to_graph=NamedNode(graph.iri))
    assert dataset.derived is not None
    derive(store, NamedNode(dataset.derived.iri), read_rules(dataset.derived.rules))
    return store


def bound(name: str, **values: object) -> str:
    """The text of a saved query with these values; ``from_`` is ``from``, which Python keeps for itself."""
    received = [(key.rstrip("_"), str(value)) for key, value in values.items()]
    return catalog().queries[name].operation(received).text


def rows(store: Store, name: str, graphs: Sequence[str] | None = None, /, **values: object) -> list[Row]:
    """The rows by column, unbound ones left out, on the union of all graphs or, as with FROM, of some."""
    text = bound(name, **values)
    if graphs is None:
        found = store.query(text, use_default_graph_as_union=True)
    else:
        found = store.query(text, default_graph=[NamedNode(iri) for iri in graphs], named_graphs=[])
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [{n: value.value for n in names if (value := row[n]) is not None} for row in found]


def publications(store: Store, name: str, /, **values: object) -> list[str]:
    """The numbers of the publications found, in their order."""
    return [row["publication"].removeprefix(PUBLICATION) for row in rows(store, name, **values)]


def documents(store: Store, name: str, /, **values: object) -> list[str]:
    """The numbers of the archive files found, in their order."""
    return [row["document"].removeprefix(DOCUMENT) for row in rows(store, name, **values)]


def triples(store: Store, name: str, /, **values: object) -> set[str]:
    """Return the result of a CONSTRUCT, one line each: plain IRIs, literals without their datatypes."""
    found = store.query(bound(name, **values), use_default_graph_as_union=True)
    assert isinstance(found, QueryTriples)
    return {" ".join(map(_short, (row.subject, row.predicate, row.object))) for row in found}


def _short(term: object) -> str:
    if isinstance(term, Literal):
        return f'"{term.value}"' + (f"@{term.language}" if term.language else "")
    assert isinstance(term, NamedNode)
    return term.value
