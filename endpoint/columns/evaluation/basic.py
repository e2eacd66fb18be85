"""Basic graph patterns (SPARQL 1.1 Query Language, section 18.3), joined one triple pattern after another.

A table grows by a pattern through its sorted pairs: each of its rows finds a range of them. The next pattern
is always the one that leaves the fewest rows, by exact counts of constants and by the average of a predicate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import BlankNode, Variable

from endpoint.columns.evaluation.ranges import contains, range_of, ranges_of, unfolded
from endpoint.columns.evaluation.sources import Source
from endpoint.columns.evaluation.tables import Key, Limits, Table, concatenated
from endpoint.columns.evaluation.terms import Terms
from endpoint.columns.reader import Pairs
from endpoint.columns.sets import Indices, starts_of
from endpoint.sparql.algebra import TriplePattern
from endpoint.sparql.syntax.parser import Unsupported

# A term by its number, or a variable.
Place: TypeAlias = int | Key
# What is to be done with a table as soon as it has these variables.
Step = tuple[frozenset[Key], Callable[[Table], Table]]

# Predicates through which an object is looked for when the predicate is a variable.
_MOST_PREDICATES: Final = 300
# Columns for the time of one join.
_SECOND: Final = "second"
_OBJECT: Final = "object"


class _Pattern(NamedTuple):
    subject: Place
    predicate: Place
    object: Place

    def variables(self) -> list[Key]:
        return [place for place in self if not isinstance(place, int)]


class BasicPatterns:
    """The basic graph patterns of one evaluation, over one graph."""

    def __init__(self, source: Source, terms: Terms, limits: Limits) -> None:
        self.source = source
        self._terms = terms
        self._limits = limits
        self._size = len(source.terms)
        self._fan_outs = source.fan_outs

    def extend(self, table: Table, triples: Sequence[TriplePattern], steps: Sequence[Step] = ()) -> Table:
        """Return the solutions of ``table`` joined with those of the triples.

        The variables that both have are bound in all of ``table``. Each of ``steps`` is done as soon as its
        variables are there.
        """
        left = [_Pattern(*map(self._place, (row.subject, row.predicate, row.object))) for row in triples]
        if table.columns:
            for key in {key for pattern in left for key in pattern.variables() if key in table.columns}:
                table = table.adding(key, self._terms.found(table.columns[key]))
        waiting = list(steps)
        while left or waiting:
            ready = [step for step in waiting if step[0] <= table.columns.keys()]
            if ready:
                waiting.remove(ready[0])
                table = ready[0][1](table)
                continue
            if not left:
                raise Unsupported("a condition names a variable of another group")
            place = 0
            if len(left) > 1:
                estimates = [self._estimate(table, pattern) for pattern in left]
                place = estimates.index(min(estimates))
            pattern = left.pop(place)
            table = self._joined(table, pattern)
            self._limits.check(table.size, len(table.columns))
        return table

    def subjects(self, variable: Variable) -> Table:
        """Return the subjects of all triples, each once."""
        subjects = self.source.triples[0]
        found = subjects[starts_of(subjects)].astype(np.int64)
        self._limits.check(len(found), 1)
        return Table(len(found), {variable: found})

    def _place(self, term: object) -> Place:
        if isinstance(term, Variable | BlankNode):
            return term
        return self._terms.constant(term)  # type: ignore[arg-type]

    # Estimates.

    def _estimate(self, table: Table, pattern: _Pattern) -> float:
        """Return about how many rows there will be."""
        subject, predicate, object_ = pattern
        known = [isinstance(place, int) or place in table.columns for place in pattern]
        if not isinstance(predicate, int):
            return self._estimate_any(table, pattern, known)
        if isinstance(subject, int) or isinstance(object_, int):
            number = self._constant_count(predicate, subject, object_)
            if any(place in table.columns for place in pattern.variables()):
                return min(table.size * 0.9, number * 1.0)
            return float(table.size * number)
        if known[0] and known[2]:
            return table.size * 0.9
        if known[0] or known[2]:
            return table.size * self._fan_out(predicate, known[0])
        return float(table.size * len(self._by_subject(predicate).first))

    def _estimate_any(self, table: Table, pattern: _Pattern, known: list[bool]) -> float:
        if known[1]:
            predicates, counts = np.unique_counts(table.columns[pattern.predicate])  # type: ignore[index]
            return sum(
                self._estimate(Table(count, table.columns), pattern._replace(predicate=predicate))
                for predicate, count in zip(predicates.tolist(), counts.tolist(), strict=True)
            )
        if isinstance(pattern.subject, int):
            return float(len(self.source.about(pattern.subject).first))
        if known[0]:
            return table.size * 10.0
        if known[2] and not isinstance(pattern.object, int):
            return float("inf")
        return float(table.size * len(self.source))

    def _constant_count(self, predicate: int, subject: Place, object_: Place) -> int:
        if isinstance(subject, int):
            column, wanted = self._by_subject(predicate).first, subject
        else:
            column, wanted = self._by_object(predicate).first, object_  # type: ignore[assignment]
        begin, end = range_of(column, wanted, self._size)
        return end - begin

    def _fan_out(self, predicate: int, by_subject: bool) -> float:
        """Return how many pairs of a predicate a subject, or an object, has on average."""
        found = self._fan_outs.get((predicate, by_subject))
        if found is None:
            column = (self._by_subject if by_subject else self._by_object)(predicate).first
            found = len(column) / max(1, len(starts_of(column)))
            self._fan_outs[predicate, by_subject] = found
        return found

    # Joins.

    def _joined(self, table: Table, pattern: _Pattern) -> Table:
        subject, predicate, object_ = pattern
        keys = pattern.variables()
        if len(set(keys)) < len(keys):
            return self._joined_twice(table, pattern)
        if not isinstance(predicate, int):
            return self._joined_any(table, pattern)
        if self._known(table, subject):
            if self._known(table, object_):
                return self._filtered(table, predicate, subject, object_)
            pairs = self._by_subject(predicate)
            return self._grown(table, pairs, subject, {object_: pairs.second})
        pairs = self._by_object(predicate)
        if self._known(table, object_):
            return self._grown(table, pairs, object_, {subject: pairs.second})
        return self._crossed(table, {object_: pairs.first, subject: pairs.second})

    def _joined_twice(self, table: Table, pattern: _Pattern) -> Table:
        """Join a pattern that has a variable twice."""
        subject, predicate, object_ = pattern
        if isinstance(subject, int) or subject != object_ or predicate == subject:
            raise Unsupported("a predicate is also a subject or an object")
        known = subject in table.columns
        if known:
            table = table.adding(_SECOND, table.columns[subject])
        table = self._joined(table, _Pattern(subject, predicate, _SECOND))
        if not known:
            table = table.take(table.columns[subject] == table.columns[_SECOND])
        return table.without(_SECOND)

    def _joined_any(self, table: Table, pattern: _Pattern) -> Table:
        """Join a pattern whose predicate is a variable that the table does not have."""
        subject, predicate, object_ = pattern
        if predicate in table.columns:
            return self._joined_each(table, pattern)
        subjects, predicates, objects = self.source.triples
        if self._known(table, subject):
            if not self._known(table, object_):
                return self._grown(
                    table, Pairs(subjects, objects), subject, {predicate: predicates, object_: objects}
                )
            found = self._grown(
                table, Pairs(subjects, objects), subject, {predicate: predicates, _OBJECT: objects}
            )
            wanted = object_ if isinstance(object_, int) else found.columns[object_]
            return found.take(found.columns[_OBJECT] == wanted).without(_OBJECT)
        if isinstance(object_, int):
            found_subjects, found_predicates = self._about_object(object_)
            return self._crossed(table, {subject: found_subjects, predicate: found_predicates})
        if self._known(table, object_):
            raise Unsupported("only the object of a variable predicate is known")
        return self._crossed(table, {subject: subjects, predicate: predicates, object_: objects})

    def _joined_each(self, table: Table, pattern: _Pattern) -> Table:
        """Join a pattern whose predicate is a variable of the table, one predicate after another."""
        column = table.columns[pattern.predicate]  # type: ignore[index]
        predicates = np.unique(column).tolist()
        if len(predicates) > _MOST_PREDICATES:
            raise Unsupported("there are many predicates")
        found = [
            self._joined(table.take(column == predicate), pattern._replace(predicate=predicate))
            for predicate in predicates
        ]
        if found:
            return concatenated(found)
        return Table(0, {key: np.zeros(0, np.int64) for key in [*table.columns, *pattern.variables()]})

    def _about_object(self, object_: int) -> tuple[Indices, Indices]:
        """Return the subjects and the predicates of an object."""
        predicates = self.source.predicates.tolist()
        if len(predicates) > _MOST_PREDICATES:
            raise Unsupported("there are many predicates")
        self.source.ensure_sorted()
        subjects, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for predicate in predicates:
            pairs = self._by_object(predicate)
            begin, end = range_of(pairs.first, object_, self._size)
            if end > begin:
                subjects.append(pairs.second[begin:end].astype(np.int64))
                found.append(np.full(end - begin, predicate, np.int64))
        return np.concatenate(subjects), np.concatenate(found)

    def _known(self, table: Table, place: Place) -> bool:
        return isinstance(place, int) or place in table.columns

    def _numbers(self, table: Table, place: Place) -> Indices:
        return np.full(1, place, np.int64) if isinstance(place, int) else table.columns[place]

    def _filtered(self, table: Table, predicate: int, subject: Place, object_: Place) -> Table:
        """Return the rows whose subject and object are a pair."""
        if isinstance(object_, int) and not isinstance(subject, int):
            return self._among(table, self._by_object(predicate), object_, subject)
        if isinstance(subject, int) and not isinstance(object_, int):
            return self._among(table, self._by_subject(predicate), subject, object_)
        pairs = self._by_subject(predicate)
        begins, ends = ranges_of(pairs.first, self._numbers(table, subject), self._size)
        kept = contains(pairs.second, begins, ends, self._numbers(table, object_))
        if isinstance(subject, int):
            return table if kept[0] else table.take(slice(0, 0))
        return table.take(kept)

    def _among(self, table: Table, pairs: Pairs, first: int, second: Key) -> Table:
        """Return the rows where a variable is among the second of the pairs with this first."""
        begin, end = range_of(pairs.first, first, self._size)
        begins, ends = ranges_of(pairs.second[begin:end], table.columns[second], self._size)
        return table.take(begins < ends)

    def _grown(self, table: Table, pairs: Pairs, by: Place, new: dict[Place, NDArray[Any]]) -> Table:
        """Join with the pairs whose first is ``by``; ``new`` are the columns beside it."""
        if isinstance(by, int):
            rows = slice(*range_of(pairs.first, by, self._size))
            return self._crossed(table, {key: column[rows] for key, column in new.items()})
        begins, ends = ranges_of(pairs.first, table.columns[by], self._size)
        sizes = ends - begins
        if (sizes == 1).all():
            # As with most properties: the rows stay as they are.
            self._limits.check(table.size, len(table.columns) + len(new))
            rows_, columns = begins, dict(table.columns)
        else:
            self._limits.check(int(sizes.sum()), len(table.columns) + len(new))
            places, rows_ = unfolded(begins, ends)
            columns = {key: column[places] for key, column in table.columns.items()}
        for key, column in new.items():
            columns[key] = column[rows_].astype(np.int64)  # type: ignore[index]
        return Table(len(rows_), columns)

    def _crossed(self, table: Table, new: dict[Place, NDArray[Any]]) -> Table:
        """Return the cross product with columns."""
        size = len(next(iter(new.values())))
        self._limits.check(table.size * size, len(table.columns) + len(new))
        columns = {key: column.repeat(size) for key, column in table.columns.items()}
        for key, column in new.items():
            whole = column.astype(np.int64)
            columns[key] = whole if table.size == 1 else np.tile(whole, table.size)  # type: ignore[index]
        return Table(table.size * size, columns)

    def _by_subject(self, predicate: int) -> Pairs:
        # A term that no triple has is no predicate.
        return self.source.by_subject(min(predicate, self._size))

    def _by_object(self, predicate: int) -> Pairs:
        return self.source.by_object(min(predicate, self._size))
