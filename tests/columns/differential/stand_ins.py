"""Evaluators that are right by other means, and some that are wrong in known ways: they test the test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from pyoxigraph import Store

from tests.columns.differential.answers import Answer, Engine, Failure, Rows, read
from tests.columns.differential.comparing import Solutions, Undetermined, solutions
from tests.columns.differential.data import Data
from tests.columns.differential.tree import Node, Query


class Shuffled:
    """The engine over statements in another order; what ties is in any order."""

    def __init__(self, data: Data) -> None:
        self._engine = Engine(data, 99)
        self._rng: Random | None = Random(data.seed)

    def answer(self, query: Query) -> Answer | None:
        """Answer a query; None where its order cannot be told."""
        if query.form != "SELECT":
            return self._engine.answer(query)
        try:
            found = solutions(query, self._engine)
        except Undetermined:
            return None
        if isinstance(found, Failure):
            return found
        if self._rng is not None:
            for run in found.runs:
                self._rng.shuffle(run)
        begin, end = found.bounds(query)
        return Rows(found.variables, [row for run in found.runs for row in run][begin:end])


class Sorting:
    """The engine as it is, ORDER BY too, where there is an order."""

    def __init__(self, data: Data) -> None:
        self._engine = Engine(data)

    def answer(self, query: Query) -> Answer | None:
        """Answer a query that has ORDER BY."""
        if query.form != "SELECT" or not query.order:
            return None
        try:
            found = solutions(query, self._engine)
        except Undetermined:
            return None
        return self._engine.answer(query) if isinstance(found, Solutions) and found.decided else None


def _without(*sorts: str) -> Callable[[Query], Query]:
    def changed(node: Node) -> Node:
        parts = (
            changed(part) if isinstance(part, Node) else part
            for part in node.parts
            if not isinstance(part, Node) or part.sort not in sorts
        )
        return replace(node, parts=tuple(parts))

    def of_query(query: Query) -> Query:
        values = None if query.values is None or "values" in sorts else query.values
        return replace(query, where=changed(query.where), values=values)

    return of_query


def _written(pattern: str, other: str) -> Callable[[Query], Query]:
    """Return what replaces pieces of the text of the pattern and of the columns."""

    def changed(node: Node) -> Node:
        parts = (
            changed(part) if isinstance(part, Node) else re.sub(pattern, other, part) for part in node.parts
        )
        return replace(node, parts=tuple(parts))

    def of_query(query: Query) -> Query:
        head = None if query.head is None else tuple(map(changed, query.head))
        return replace(query, where=changed(query.where), head=head)

    return of_query


def _ascending(query: Query) -> Query:
    return replace(query, order=tuple(replace(each, descending=False) for each in query.order))


WRONG: Final[dict[str, Callable[[Query], Query]]] = {
    "FILTER is ignored": _without("filter"),
    "MINUS is ignored": _without("minus"),
    "VALUES is ignored": _without("values"),
    "OPTIONAL is a join": _written("OPTIONAL ", ""),
    "UNION is a join": _written(" UNION ", ""),
    "NOT EXISTS is EXISTS": _written("NOT EXISTS ", "EXISTS "),
    "< is <=": _written(" < ", " <= "),
    "! is left out": _written(r"^!\(", "("),
    "BOUND is true": _written(r"BOUND\(", "isLITERAL(1) || BOUND("),
    "STRSTARTS is CONTAINS": _written(r"STRSTARTS\(", "CONTAINS("),
    "LCASE is left out": _written(r"LCASE\(", "STR("),
    "DISTINCT of COUNT is ignored": _written(r"COUNT\(DISTINCT", "COUNT("),
    "MAX is MIN": _written(r"MAX\(", "MIN("),
    "AVG is SUM": _written(r"AVG\(", "SUM("),
    "DISTINCT is ignored": lambda query: replace(query, modifier=""),
    "HAVING is ignored": lambda query: replace(query, having=()),
    "DESC is ASC": _ascending,
    "ORDER BY is ignored": lambda query: replace(query, order=()),
    "OFFSET is ignored": lambda query: replace(query, offset=None),
    "LIMIT is one more": lambda query: replace(query, limit=None if query.limit is None else query.limit + 1),
    "FROM is ignored": lambda query: replace(query, dataset=None),
}


class Wrong(Shuffled):
    """Like :class:`Shuffled`, with one fault, and always the same answer."""

    def __init__(self, data: Data, fault: str) -> None:
        super().__init__(data)
        self._engine, self._rng = Engine(data), None
        self._change = WRONG[fault]

    def answer(self, query: Query) -> Answer | None:
        """Answer another query; None where the fault makes no other."""
        changed = self._change(query)
        return None if changed == query else super().answer(changed)


class Twice:
    """The engine's own union, where a triple of two graphs counts twice."""

    def __init__(self, data: Data) -> None:
        self._store: Store = data.store()

    def answer(self, query: Query) -> Answer | None:
        """Answer a query without a dataset and without an order."""
        if query.dataset is not None or query.order:
            return None
        try:
            return read(self._store.query(query.text(), use_default_graph_as_union=True))
        except (SyntaxError, ValueError, OSError, RuntimeError) as error:
            return Failure(str(error))
