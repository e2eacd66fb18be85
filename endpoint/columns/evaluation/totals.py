"""Counts of all triples, which are known without a look at each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyoxigraph import BlankNode, Variable

from endpoint.columns.evaluation.grouping import integers
from endpoint.columns.evaluation.sources import Source, Sources
from endpoint.columns.evaluation.tables import Key, Table
from endpoint.columns.evaluation.terms import Terms
from endpoint.columns.sets import Indices
from endpoint.sparql import algebra
from endpoint.sparql.algebra import Aggregate, Group, Term, TriplePattern


def counted(
    group: Group, source: Source, sources: Sources, graphs: Sequence[bytes], terms: Terms
) -> Table | None:
    """Return the groups of all triples, of each predicate or of each of the named ``graphs``.

    Returns None where something else is asked.
    """
    match group.pattern:
        case algebra.BGP((triple,)):
            variables, key = _variables(triple), triple.predicate
        case algebra.Graph(Variable() as key, algebra.BGP((triple,))):
            variables = _variables(triple) - {key}
        case _:
            return None
    named = isinstance(group.pattern, algebra.Graph)
    if len(variables) < 3 or group.keys not in ([(key,)] if named else [(), (key,)]):
        return None
    if not all(_counts_all(aggregate, {*variables, key}) for _, aggregate in group.aggregates):
        return None
    if named:
        of_graphs = sorted((terms.number(graph), len(sources.of(frozenset({graph})))) for graph in graphs)
        keys, sizes = np.array(of_graphs, np.int64).reshape(-1, 2).T
    elif group.keys:
        found = source.counts > 0
        keys, sizes = source.predicates[found].astype(np.int64), source.counts[found]
    else:
        keys, sizes = np.zeros(0, np.int64), np.array([len(source)])
    columns: dict[Key, Indices] = dict.fromkeys(group.keys, keys)
    columns.update((variable, integers(sizes, terms)) for variable, _ in group.aggregates)
    return Table(len(sizes), columns)


def _variables(triple: TriplePattern) -> set[Term]:
    """Return the different variables of a pattern, which are three where every triple matches it."""
    places = (triple.subject, triple.predicate, triple.object)
    return {place for place in places if isinstance(place, Variable | BlankNode)}


def _counts_all(aggregate: Aggregate, always: set[Term]) -> bool:
    """Return whether an aggregate counts each solution, of which ``always`` are bound in all."""
    if aggregate.function != "COUNT" or aggregate.distinct:
        return False
    return aggregate.expression is None or aggregate.expression in always
