"""The cases of the W3C's manifests, and their answers from columns and by the engine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
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
from tests.conformance import manifests
from tests.conformance.manifests import Case

_LABEL: Final = re.compile(r"^_:.*")


def cases(folder: Path) -> Iterator[Case]:
    """Yield the query evaluation tests of all manifests below a folder."""
    return (case for case in manifests.cases(folder) if case.kind == "QueryEvaluationTest" and case.query)


def answers(case: Case, folder: Path) -> tuple[object, object] | str:
    """Return the answers from columns and by the engine; why there are none to compare where that is so.

    ``folder`` is a new one for columns.
    """
    assert case.query is not None
    text, base = case.query.read_text(), case.query.as_uri()
    try:
        dataset = translate(parse(text), {}, base).dataset
        default, named = list(case.data), list(case.graphs)
        if dataset is not None:
            default += [Path(graph.value.removeprefix("file://")) for graph in dataset.default]
            named += [(graph.value, Path(graph.value.removeprefix("file://"))) for graph in dataset.named]
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
