"""Groups and their aggregates (SPARQL 1.1 Query Language, sections 11 and 18.5.1), and distinct solutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from pyoxigraph import BlankNode, Variable

from endpoint.columns.evaluation.aggregates import aggregated
from endpoint.columns.evaluation.conditions import Conditions
from endpoint.columns.evaluation.tables import Key, Table, codes_of, first_rows
from endpoint.columns.evaluation.terms import Terms
from endpoint.columns.sets import Indices
from endpoint.sparql.algebra import BGP, Aggregate, Expression, Filter, Group
from endpoint.sparql.syntax.parser import Unsupported

# Solutions of which the same are found in less time one by one.
_FEW: Final = 100


def distinct(table: Table, variables: Sequence[Key], terms: Terms) -> Table:
    """Return the first of all solutions that are the same, in their order."""
    # Columns with names that are no variables hold places of rows, not terms.
    columns = [
        table.column(key) if isinstance(key, str) else terms.settled(table.column(key))[0]
        for key in variables
    ]
    if columns and table.size <= _FEW:
        rows: dict[tuple[int, ...], int] = {}
        for place, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            rows.setdefault(row, place)
        return table if len(rows) == table.size else table.take(np.array([*rows.values()], np.int64))
    codes, number = codes_of(columns, table.size)
    return table.take(np.sort(first_rows(codes, number)))


def grouped(table: Table, group: Group, terms: Terms, runs: Indices | None = None) -> Table:
    """Return one solution for each group: its keys and its aggregates.

    ``runs`` are the places of solutions in their order, the same where they tie; None where they have none.
    """
    keys = [terms.settled(table.column(key))[0] for key in group.keys]
    if keys:
        codes, number = codes_of(keys, table.size)
    else:
        # All solutions are one group, even where there is none.
        codes, number = np.zeros(table.size, np.int64), 1
    first = first_rows(codes, number) if keys else None
    columns = {key: column[first] for key, column in zip(group.keys, keys, strict=True)}
    for variable, aggregate in group.aggregates:
        if aggregate.function == "COUNT":
            if aggregate.distinct and _each_once(group, aggregate.expression):
                aggregate = replace(aggregate, distinct=False)
            columns[variable] = integers(_counted(table, aggregate, codes, number, terms), terms)
        else:
            columns[variable] = aggregated(table, aggregate, codes, number, terms, runs)
    return Table(number, columns)  # type: ignore[arg-type]


def _each_once(group: Group, counted: Expression | None) -> bool:
    """Return whether a term is counted once in each group, because no two solutions are the same."""
    pattern = group.pattern
    while isinstance(pattern, Filter):
        pattern = pattern.pattern
    if not isinstance(pattern, BGP):
        return False
    terms = {term for row in pattern.triples for term in (row.subject, row.predicate, row.object)}
    return {term for term in terms if isinstance(term, Variable | BlankNode)} <= {*group.keys, counted}


def _counted(table: Table, aggregate: Aggregate, codes: Indices, number: int, terms: Terms) -> Indices:
    """Return the count of each group."""
    counted = aggregate.expression
    if counted is None:
        if aggregate.distinct:
            raise Unsupported("COUNT(DISTINCT *) is the engine's")
        return np.bincount(codes, minlength=number)
    if isinstance(counted, Variable):
        column = table.column(counted)
    else:
        column = Conditions(terms).value(table, counted)
        if (column < 0).any():
            # The engine counts nothing then, against section 18.5.1.2.
            raise Unsupported("an expression that is counted has an error")
    if (column < 0).any():
        bound = column >= 0
        codes, column = codes[bound], column[bound]
    if aggregate.distinct:
        (column,) = terms.settled(column)
        both, pairs = codes_of([codes, column], len(codes))
        codes = codes[first_rows(both, pairs)]
    return np.bincount(codes, minlength=number)


def integers(values: Indices, terms: Terms) -> Indices:
    """Return the terms of integers."""
    different, places = np.unique(values, return_inverse=True)
    return terms.integers(different)[places]
