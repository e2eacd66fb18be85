"""Counts of triples that take less than to join them: of all, and by what their subjects have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from pyoxigraph import BlankNode, NamedNode, Variable

from endpoint.columns.evaluation.grouping import integers
from endpoint.columns.evaluation.sources import Source, Sources
from endpoint.columns.evaluation.tables import Key, Table
from endpoint.columns.evaluation.terms import Terms
from endpoint.columns.sets import Indices, members_of, sets_of, starts_of
from endpoint.sparql import algebra
from endpoint.sparql.algebra import Aggregate, Group, Term, TriplePattern

# Values of a property that one subject has, and counts of its sets of values with each predicate; more are
# joined.
_MOST_VALUES: Final = 50
_MOST_COUNTS: Final = 1_000_000


def counted(
    group: Group, source: Source, sources: Sources, graphs: Sequence[bytes], terms: Terms
) -> Table | None:
    """Return the groups of all triples, of each predicate or of each of the named ``graphs``; those of one
    predicate by subject or object; or those by predicate and a property of the subject, such as its classes.

    Returns None where something else is asked.
    """
    match group.pattern:
        case algebra.BGP((first, second)):
            return _by_property(group, first, second, source, terms) or _by_property(
                group, second, first, source, terms
            )
        case algebra.BGP((triple,)) if isinstance(triple.predicate, NamedNode):
            return _by_end(group, triple, source, terms)
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


def _by_end(group: Group, triple: TriplePattern, source: Source, terms: Terms) -> Table | None:
    """Return the groups of the triples of a predicate by their subject or object, as they are sorted."""
    variables, predicate = _variables(triple), min(terms.constant(triple.predicate), len(source.terms))  # type: ignore[arg-type]
    if len(variables) < 2 or not all(_counts_all(aggregate, variables) for _, aggregate in group.aggregates):
        return None
    if group.keys == (triple.subject,):
        ends = source.by_subject(predicate).first
    elif group.keys == (triple.object,):
        ends = source.by_object(predicate).first
    else:
        return None
    starts = starts_of(ends)
    sizes = integers(np.diff(starts, append=len(ends)), terms)
    columns: dict[Key, Indices] = {group.keys[0]: ends[starts].astype(np.int64)}
    columns.update((variable, sizes) for variable, _ in group.aggregates)
    return Table(len(starts), columns)


def _by_property(
    group: Group, own: TriplePattern, every: TriplePattern, source: Source, terms: Terms
) -> Table | None:
    """Return the groups of ``every`` triple by its predicate and a value that its subject has of its ``own``.

    Subjects with the same values are counted together.
    """
    if not isinstance(own.predicate, NamedNode) or own.subject != every.subject:
        return None
    variables = _variables(own) | _variables(every)
    keys = own.object, every.predicate
    if len(variables) < 4 or group.keys not in (keys, keys[::-1]):
        return None
    if not all(_counts_all(aggregate, variables) for _, aggregate in group.aggregates):
        return None
    pairs = source.by_subject(min(terms.constant(own.predicate), len(source.terms)))
    starts = starts_of(pairs.first)
    if np.diff(starts, append=len(pairs.first)).max(initial=0) > _MOST_VALUES:
        return None
    codes, sets = sets_of(starts, pairs.second)
    if not sets or len(sets) * len(source.predicates) > _MOST_COUNTS:
        return None
    of_subject = np.zeros(len(source.terms), np.int32)
    of_subject[pairs.first[starts]] = codes + 1
    subjects = [source.by_subject(predicate).first for predicate in source.predicates.tolist()]
    of_sets = np.array([np.bincount(of_subject[each], minlength=len(sets) + 1)[1:] for each in subjects])
    which, values = members_of(np.arange(len(sets)), sets)
    different, at = np.unique(values, return_inverse=True)
    counts = np.zeros((len(different), len(subjects)), np.int64)
    np.add.at(counts, at, of_sets.T[which])
    if group.keys == keys:
        value, predicate = np.nonzero(counts)
    else:
        predicate, value = np.nonzero(counts.T)
    columns: dict[Key, Indices] = {keys[0]: different[value]}  # type: ignore[dict-item]
    columns[keys[1]] = source.predicates[predicate].astype(np.int64)  # type: ignore[index]
    numbers = integers(counts[value, predicate], terms)
    columns.update((variable, numbers) for variable, _ in group.aggregates)
    return Table(len(value), columns)


def _variables(triple: TriplePattern) -> set[Term]:
    """Return the different variables of a pattern, which are three where every triple matches it."""
    places = (triple.subject, triple.predicate, triple.object)
    return {place for place in places if isinstance(place, Variable | BlankNode)}


def _counts_all(aggregate: Aggregate, always: set[Term]) -> bool:
    """Return whether an aggregate counts each solution, of which ``always`` are bound in all."""
    if aggregate.function != "COUNT" or aggregate.distinct:
        return False
    return aggregate.expression is None or aggregate.expression in always
