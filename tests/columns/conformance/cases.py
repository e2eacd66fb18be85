"""The cases of the W3C's manifests, and their answers from columns and by the engine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    DefaultGraph,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
)
from pyoxigraph import Dataset as Graph

from endpoint.columns.evaluation import Asked, ColumnQueries, Unsupported
from endpoint.engine.scratch import evaluate_alone
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.syntax.parser import parse
from tests.columns.differential.by_columns import written
from tests.columns.test_columns import made

_MF: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_QT: Final = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
_LABEL: Final = re.compile(r"^_:.*")
_CASES: Final = f"""PREFIX mf: <{_MF}> PREFIX qt: <{_QT}>
SELECT ?test ?action ?query {{
  ?test a mf:QueryEvaluationTest ; mf:action ?action . ?action qt:query ?query }}"""


@dataclass(frozen=True)
class Case:
    """A test: its query and the files of its default graph and of its named graphs."""

    name: str
    query: Path
    data: tuple[Path, ...]
    graphs: tuple[tuple[str, Path], ...]


def cases(folder: Path) -> Iterator[Case]:
    """Yield the query evaluation tests of all manifests below a folder."""
    for manifest in sorted(folder.rglob("manifest.ttl")):
        store = Store()
        store.load(path=str(manifest), format=RdfFormat.TURTLE, base_iri=manifest.as_uri())
        found = store.query(_CASES)
        assert isinstance(found, QuerySolutions)
        for test, action, query in sorted(found, key=str):
            if not isinstance(action, NamedNode | BlankNode):
                continue
            name = f"{manifest.parent.relative_to(folder)} {str(test).rpartition('#')[2].rstrip('>')}"
            data = tuple(_path(quad.object) for quad in _of(store, action, "data"))
            graphs = tuple(_graph(store, quad) for quad in _of(store, action, "graphData"))
            yield Case(name, _path(query), data, graphs)


def _of(store: Store, action: NamedNode | BlankNode, name: str) -> list[Quad]:
    return sorted(store.quads_for_pattern(action, NamedNode(_QT + name), None, None), key=str)


def _graph(store: Store, quad: Quad) -> tuple[str, Path]:
    """Return the name and the file of a named graph, which may be written as a node of its own."""
    node = quad.object
    if isinstance(node, BlankNode):
        (named,) = store.quads_for_pattern(node, NamedNode(f"{_QT}graph"), None, None)
        node = named.object
    assert isinstance(node, NamedNode)
    return node.value, _path(node)


def _path(node: object) -> Path:
    assert isinstance(node, NamedNode)
    return Path(node.value.removeprefix("file://"))


def answers(case: Case, folder: Path) -> tuple[object, object] | str:
    """Return the answers from columns and by the engine; why there are none to compare where that is so.

    ``folder`` is a new one for columns.
    """
    text, base = case.query.read_text(), case.query.as_uri()
    try:
        dataset = translate(parse(text), {}, base).dataset
        default, named = list(case.data), list(case.graphs)
        if dataset is not None:
            default += [_path(graph) for graph in dataset.default]
            named += [(graph.value, _path(graph)) for graph in dataset.named]
        store = Store()
        for file in default:
            store.load(path=str(file), base_iri=file.as_uri())
        for name, file in named:
            store.load(path=str(file), base_iri=file.as_uri(), to_graph=NamedNode(name))
        names: list[NamedNode | BlankNode] = [NamedNode(name) for name, _ in named]
        found = store.query(text, base_iri=base, default_graph=DefaultGraph(), named_graphs=names)
        expected = compared(found, text)
        queries = ColumnQueries(made(store, folder), {}, 2**22, evaluate_alone)
        asked = Asked(frozenset([b""]), frozenset(str(name).encode() for name in names))
        return compared(written(queries.answer(text, base, asked)), text), expected
    except Unsupported as reason:
        return f"left to the engine: {reason}"
    except (SyntaxError, OSError, ValueError, RuntimeError) as error:
        return f"the engine: {error}"


def compared(found: QuerySolutions | QueryBoolean | QueryTriples | list[Triple], text: str) -> object:
    """Return the answer to a text as a value: a graph, a truth value, or the bag of its rows."""
    if isinstance(found, QueryBoolean):
        return bool(found)
    if isinstance(found, QuerySolutions):
        names = [variable.value for variable in found.variables]
        # Labels of blank nodes that a function makes are others each time.
        rows = (tuple(_LABEL.sub("_:", str(term)) for term in row) for row in found)
        # REDUCED leaves open how often a row is shown.
        return names, set(rows) if "REDUCED" in text.upper() else Counter(rows)
    graph = Graph(Quad(each.subject, each.predicate, each.object) for each in found)
    graph.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return graph
