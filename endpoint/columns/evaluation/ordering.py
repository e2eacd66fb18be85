"""ORDER BY (SPARQL 1.1 Query Language, section 15.1) where the order of the terms is certain.

Solutions that tie are in the order of the numbers of their terms, of one shown variable after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Variable

from endpoint.columns.evaluation.conditions import Conditions
from endpoint.columns.evaluation.tables import Table
from endpoint.columns.evaluation.terms import BOOLEAN, FIRST_TIME, IRI, NONE, NUMBER, OTHER, STRING, Terms
from endpoint.columns.sets import Indices, starts_of
from endpoint.sparql.algebra import Expression
from endpoint.sparql.syntax.parser import Unsupported

_Condition = tuple[Expression, bool]
# Rows, for each that is wanted, from which on the last of them is looked for before anything is sorted.
_SEVERAL: Final = 4


def ordered(
    table: Table,
    conditions: Sequence[_Condition],
    shown: Sequence[Variable],
    terms: Terms,
    wanted: int | None = None,
) -> Table:
    """Return the solutions in order; of them only the first that are ``wanted``, where this is not None."""
    keys = [_keys(table, expression, descending, terms) for expression, descending in conditions]
    if not table.size:
        return table
    rows = None
    if wanted is not None and wanted * _SEVERAL < table.size:
        rows = _candidates(keys[0], wanted)
        table, keys = table.take(rows), [key[rows] for key in keys]
    ties = [table.columns[variable] for variable in shown if variable in table.columns]
    order = np.lexsort([*reversed(ties), *reversed(keys)])
    return table.take(order if wanted is None else order[:wanted])


def in_runs(table: Table, conditions: Sequence[_Condition], terms: Terms) -> tuple[Table, Indices]:
    """Return the solutions in order, and for each a number, the same for all that tie.

    Raises :class:`Unsupported` where the order is not certainly the engine's.
    """
    keys = [_keys(table, expression, descending, terms, False) for expression, descending in conditions]
    order = np.lexsort(keys[::-1])
    places = np.zeros(table.size, np.int64)
    places[starts_of(*(key[order] for key in keys))] = 1
    return table.take(order), np.cumsum(places)


def _candidates(key: NDArray[Any], wanted: int) -> Indices:
    """Return the rows that may be among the first so many."""
    if not wanted:
        return np.zeros(0, np.int64)
    last = np.partition(key, wanted - 1)[wanted - 1]
    return np.flatnonzero(key <= last)


def _keys(
    table: Table, expression: Expression, descending: bool, terms: Terms, mixed: bool = True
) -> NDArray[Any]:
    if isinstance(expression, Variable):
        column = table.column(expression)
    else:
        column = Conditions(terms).value(table, expression)
    keys = ranks_of(column, terms, mixed)
    return -keys if descending else keys


def ranks_of(column: Indices, terms: Terms, mixed: bool = False) -> NDArray[Any]:
    """Return numbers in the order of the terms, equal where these tie.

    Texts among numbers or times have no order in the engine, which ends when it notices: where ``mixed``
    terms are wanted, these are in the order of the classes. Raises :class:`Unsupported` where others meet,
    or some have no certain order.
    """
    only = terms.group(column)
    if only is not None and only < OTHER:
        return terms.ranks(column) if only < NUMBER else terms.values(column, only)
    if len(column) and (column == column[0]).all():
        return np.zeros(len(column), np.int64)
    groups = terms.groups(column)
    present = set(np.unique(groups).tolist())
    literals = {STRING if STRING <= group < BOOLEAN else group for group in present} - {*range(STRING), NONE}
    if (
        mixed
        and STRING in literals
        and literals & {NUMBER, *range(FIRST_TIME, OTHER)}
        and terms.known(column)
    ):
        return _mixed(column, groups, terms)
    if len(literals) > 1 or max(literals, default=0) >= OTHER:
        raise Unsupported("terms of several classes are sorted")
    group = max(literals, default=STRING)
    if group < NUMBER:
        return terms.ranks(column)
    if len(present) == 1:
        return terms.values(column, group)
    # Blank nodes, IRIs and what is unbound come first.
    valued = groups == group
    _, ranks = np.unique(terms.values(column[valued], group), return_inverse=True)
    keys = terms.ranks(np.where(groups <= IRI, column, -1))
    keys[valued] = ranks + (np.int64(1) << 62)
    return keys


def _mixed(column: Indices, groups: NDArray[np.int8], terms: Terms) -> Indices:
    """Return the numbers of terms of the dictionary, one of them for all that have the same value."""
    keys = column.copy()
    for group in {NUMBER, *range(FIRST_TIME, OTHER)} & set(np.unique(groups).tolist()):
        rows = groups == group
        values = terms.values(column[rows], group)
        _, first, places = np.unique(values, return_index=True, return_inverse=True)
        keys[rows] = column[rows][first][places]
    return keys
