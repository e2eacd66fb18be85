"""Results of queries as values that are equal where the test suites take two results to be the same."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)
from pyoxigraph import Dataset as Graph

from endpoint.vocabulary import RDF

_RS: Final = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_ROW: Final = "urn:row:"
_LABEL: Final = re.compile(r"_:\w+")
_FORMATS: Final = {
    ".srx": QueryResultsFormat.XML,
    ".srj": QueryResultsFormat.JSON,
    ".tsv": QueryResultsFormat.TSV,
}

Term: TypeAlias = NamedNode | BlankNode | Literal | Triple
Row: TypeAlias = dict[str, Term]
# A truth value, the rows of a table of texts, a graph, or the bag of the rows of solutions with their names.
Answer: TypeAlias = object


def media_type(result: Path) -> str:
    """Return the media type to ask for: that of the expected result, else one that tells all of it."""
    if result.suffix == ".csv":
        return "text/csv"
    if result.suffix in _FORMATS:
        return _FORMATS[result.suffix].media_type
    typed = next(_graph(result).quads_for_object(NamedNode(f"{_RS}ResultSet")), None)
    return "application/n-triples" if typed is None else QueryResultsFormat.JSON.media_type


def read(body: bytes, of_type: str, loose: bool) -> Answer:
    """Return the result in a body of a media type; ``loose`` where the number of equal rows is left open.

    Raises SyntaxError where it is none.
    """
    if of_type == "text/csv":
        # Labels of blank nodes are of the file, which has at most one of them in the suites.
        rows = list(csv.reader(io.StringIO(_LABEL.sub("_:", body.decode()), newline="")))
        return rows[0], Counter(map(tuple, rows[1:]))
    if of_type == "application/n-triples":
        return same(
            Quad(each.subject, each.predicate, each.object) for each in parse(body, RdfFormat.N_TRIPLES)
        )
    (fmt,) = (each for each in _FORMATS.values() if each.media_type == of_type)
    found = parse_query_results(body, format=fmt)
    if isinstance(found, QueryBoolean):
        return bool(found)
    assert isinstance(found, QuerySolutions)
    names = [variable.value for variable in found.variables]
    rows_found = [{name: term for name in names if (term := row[name]) is not None} for row in found]
    return _bag(names, rows_found, loose)


def expected(result: Path, loose: bool) -> Answer:
    """Return the result in a file; ``loose`` as for :func:`read`."""
    of_type = media_type(result)
    if result.suffix in _FORMATS or result.suffix == ".csv":
        return read(result.read_bytes(), of_type, loose)
    graph = _graph(result)
    if of_type == "application/n-triples":
        return same(graph)
    for quad in graph.quads_for_predicate(NamedNode(f"{_RS}boolean")):
        return quad.object == Literal("true", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#boolean"))
    names = sorted(
        _text(quad.object) for quad in graph.quads_for_predicate(NamedNode(f"{_RS}resultVariable"))
    )
    rows = [_row(graph, quad.object) for quad in graph.quads_for_predicate(NamedNode(f"{_RS}solution"))]
    return _bag(names, rows, loose)


def _graph(file: Path) -> Graph:
    return Graph(
        Quad(each.subject, each.predicate, each.object)
        for each in parse(path=str(file), base_iri=file.as_uri())
    )


def _row(graph: Graph, solution: Term) -> Row:
    """Return a solution in the vocabulary of result sets."""
    assert isinstance(solution, NamedNode | BlankNode)
    row: Row = {}
    for quad in graph.quads_for_subject(solution):
        if quad.predicate == NamedNode(f"{_RS}binding"):
            assert isinstance(quad.object, NamedNode | BlankNode)
            of = {each.predicate.value: each.object for each in graph.quads_for_subject(quad.object)}
            row[_text(of[f"{_RS}variable"])] = of[f"{_RS}value"]
    return row


def _text(term: Term) -> str:
    assert isinstance(term, Literal)
    return term.value


def _bag(names: Sequence[str], rows: Sequence[Row], loose: bool) -> Answer:
    """Return rows as a value; as a graph where they have blank nodes, which have no names to compare."""
    store = Store()
    nodes = [BlankNode() for _ in rows]
    for node, row in zip(nodes, rows, strict=True):
        # The engine writes literals in canonical form, as it keeps them.
        store.extend(Quad(node, NamedNode(_ROW + name), term) for name, term in row.items())
    kept = [
        frozenset(
            (quad.predicate.value, str(quad.object)) for quad in store.quads_for_pattern(node, None, None)
        )
        for node in nodes
    ]
    if any("_:" in text for row in kept for _, text in row):
        store.extend(Quad(node, NamedNode(f"{RDF}type"), NamedNode(_ROW)) for node in nodes)
        return sorted(names), same(store)
    return sorted(names), set(kept) if loose else Counter(kept)


def same(quads: Iterable[Quad]) -> Graph:
    """Return statements as a value that is equal for all with which they are isomorphic."""
    store = Store()
    store.extend(quads)
    graph = Graph(store)
    graph.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return graph
