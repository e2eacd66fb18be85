"""Evaluation of the algebra over columns (SPARQL 1.1 Query Language, section 18.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set

import numpy as np
from pyoxigraph import BlankNode, NamedNode, Variable

from endpoint.columns.evaluation.assignments import number_together
from endpoint.columns.evaluation.basic import BasicPatterns, Step
from endpoint.columns.evaluation.closures import property_of, reached
from endpoint.columns.evaluation.conditions import Conditions
from endpoint.columns.evaluation.filters import conjuncts
from endpoint.columns.evaluation.grouping import distinct, grouped
from endpoint.columns.evaluation.joins import joined, without_compatible
from endpoint.columns.evaluation.ordering import in_runs, ordered
from endpoint.columns.evaluation.scalars import Assignment, computed_together, variables_of
from endpoint.columns.evaluation.shapes import (
    Uses,
    alternatives,
    always,
    holds,
    named_in,
    names,
    needs_triples,
)
from endpoint.columns.evaluation.sources import Asked, Source, Sources
from endpoint.columns.evaluation.tables import UNIT, Key, Limits, Table, concatenated
from endpoint.columns.evaluation.terms import UNBOUND, Terms
from endpoint.columns.evaluation.totals import counted
from endpoint.columns.sets import Indices
from endpoint.sparql import algebra
from endpoint.sparql.algebra import Expression, Pattern, TriplePattern
from endpoint.sparql.syntax.parser import Unsupported

# Columns with the places of rows.
_ROW = "row"
_PLACE = "place"
# Named graphs that are asked one after another.
_MOST_GRAPHS = 100


class Evaluator:
    """The evaluation of one query over the graphs that are ``asked``, within ``limits``.

    All of it raises :class:`Unsupported` for what only the engine answers.
    """

    def __init__(self, sources: Sources, asked: Asked, terms: Terms, limits: Limits) -> None:
        self._terms = terms
        self.limits = limits
        self._sources = sources
        self._asked = asked
        self._basic = BasicPatterns(sources.of(asked.default), terms, limits)
        self._conditions = Conditions(terms)
        # In how many optional patterns the evaluation is, and the columns of what these are optional to.
        self._optional = 0
        self._around: Set[Key] = frozenset()
        self._uses = Uses(algebra.BGP(()))

    def answer(self, pattern: Pattern, uses: Uses) -> Table:
        """Return the solutions of a whole query, whose variables have these uses."""
        self._uses = uses
        return self.evaluate(pattern)

    def evaluate(self, pattern: Pattern) -> Table:
        """Return the solutions of a pattern."""
        match pattern:
            case algebra.BGP() | algebra.Join() | algebra.PathPattern():
                return self._join(pattern, [])
            case algebra.Filter(inner, condition):
                return self._join(inner, list(conjuncts(condition)))
            case algebra.LeftJoin(left, right, condition):
                return self._left_join(self.evaluate(left), right, condition)
            case algebra.Union():
                return concatenated([self.evaluate(branch) for branch in _operands(pattern, algebra.Union)])
            case algebra.Minus(left, right):
                return without_compatible(self.evaluate(left), self.evaluate(right), self._terms)
            case algebra.Values(variables, rows):
                return self._values(variables, rows)
            case algebra.Extend():
                return self._extend(pattern)
            case algebra.Graph(name, inner):
                return self._graph(name, inner)
            case algebra.Group():
                return self._group(pattern)
        return self._modified(pattern, None)

    def _modified(self, pattern: Pattern, wanted: int | None) -> Table:
        """Return the solutions of a query or a sub-SELECT; of those in order only the first ``wanted``."""
        match pattern:
            case algebra.Slice(inner, offset, limit):
                end = None if limit is None else offset + limit
                return self._modified(inner, end).take(slice(offset, end))
            case algebra.Distinct(algebra.Project(algebra.BGP((triple,)), (variable,))) if (
                variable == triple.subject and len({*_keys(triple)}) == len(_keys(triple)) == 3
            ):
                return self._basic.subjects(variable)
            case algebra.Distinct(algebra.Project(_, variables) as inner):
                return distinct(self._modified(inner, None), variables, self._terms)
            case algebra.Reduced(inner):
                return self._modified(inner, wanted)
            case algebra.Project(algebra.OrderBy(inner, conditions), variables):
                table = ordered(self.evaluate(inner), conditions, variables, self._terms, wanted)
                return _projected(table, variables)
            case algebra.Project(inner, variables):
                return _projected(self.evaluate(inner), variables)
            case algebra.OrderBy(inner, conditions):
                return ordered(self.evaluate(inner), conditions, (), self._terms, wanted)
        raise Unsupported(f"{type(pattern).__name__} is the engine's")

    def _group(self, group: algebra.Group) -> Table:
        """Return the groups of solutions; of a sub-SELECT in order, this is that of the texts of a group."""
        # In OPTIONAL the engine may ask for what it has found before.
        if not self._optional:
            found = counted(group, self._basic.source, self._sources, self._graphs(), self._terms)
            if found is not None:
                return found
        match group.pattern:
            case algebra.Project(algebra.OrderBy(inner, conditions), variables):
                table, runs = in_runs(self.evaluate(inner), conditions, self._terms)
                return grouped(_projected(table, variables), group, self._terms, runs)
        return grouped(self.evaluate(group.pattern), group, self._terms)

    @property
    def default(self) -> Source:
        """The default graph, outside of GRAPH."""
        return self._basic.source

    # Graphs.

    def _graphs(self) -> list[bytes]:
        """Return the names of the named graphs that are asked."""
        asked = self._asked.named
        return [graph for graph in self._sources.named if asked is None or graph in asked]

    def _graph(self, name: NamedNode | Variable, inner: Pattern) -> Table:
        """Return the solutions of GRAPH, where a graph that holds nothing has none."""
        if not needs_triples(inner):
            raise Unsupported("GRAPH has solutions without triples")
        among = self._graphs()
        if isinstance(name, NamedNode):
            return self._within(frozenset({str(name).encode()} & set(among)), inner)
        if name in named_in(inner):
            raise Unsupported("GRAPH names its variable inside")
        if holds(inner, (algebra.Project, algebra.Minus, algebra.Graph)):
            # The engine asks a sub-SELECT of all graphs together, takes the name of the graph for a variable
            # that both sides of MINUS have, and leaves it unbound around another GRAPH.
            raise Unsupported("a sub-SELECT, MINUS or GRAPH is asked of each graph")
        if (
            self._optional
            and isinstance(inner, algebra.BGP)
            and any(len(_keys(row)) == 3 for row in inner.triples)
        ):
            raise Unsupported("all triples of each graph are asked for what is found before")
        if len(among) > _MOST_GRAPHS:
            raise Unsupported("there are many graphs")
        tables = [Table(0, {name: np.zeros(0, np.int64)})]
        for graph in among:
            table = self._within(frozenset({graph}), inner)
            tables.append(table.adding(name, np.full(table.size, self._terms.number(graph), np.int64)))
            self.limits.check(sum(each.size for each in tables), len(table.columns) + 1)
        return concatenated(tables)

    def _within(self, graph: frozenset[bytes], pattern: Pattern) -> Table:
        """Return the solutions of a pattern in another graph."""
        around, self._basic = self._basic, BasicPatterns(self._sources.of(graph), self._terms, self.limits)
        table = self.evaluate(pattern)
        self._basic = around
        return table

    # Joins.

    def _join(self, pattern: Pattern, conditions: Sequence[Expression]) -> Table:
        """Return the join of all parts, filtered; the triples come last, through what the others bind."""
        triples: list[TriplePattern] = []
        tables: list[Table] = []
        unions: list[algebra.Union | algebra.PathPattern] = []
        for part in _operands(pattern, algebra.Join):
            if isinstance(part, algebra.BGP):
                triples += part.triples
            elif isinstance(part, algebra.Union | algebra.PathPattern):
                unions.append(part)
            else:
                tables.append(self.evaluate(part))
        table = UNIT
        while tables:
            # What has no variable in common multiplies.
            further = min(tables, key=lambda each: (each.columns.keys().isdisjoint(table.columns), each.size))
            tables = [each for each in tables if each is not further]
            table = joined(table, further, self.limits, self._terms)
        # A branch of UNION may bind what is unbound so far.
        settled = {key for key in table.columns if not unions or table.bound(key)}
        known = {key for row in triples for key in _keys(row)} | settled
        early, late = self._divided(conditions, known)
        table = self._extended(table, triples, early)
        for union in unions:
            table = concatenated([self._into(table, branch) for branch in _operands(union, algebra.Union)])
        for condition in late:
            exists = _exists(condition)
            if exists is None:
                self._check_scope(table, condition)
                table = self._conditions.filtered(table, condition)
            else:
                table = self._existing(table, exists, isinstance(condition, algebra.Exists))
        return table

    def _divided(
        self, conditions: Sequence[Expression], known: Set[Key]
    ) -> tuple[list[Step], list[Expression]]:
        """Divide conditions into those over ``known`` variables, and those that have to wait."""
        early: list[Step] = []
        late = []
        for condition in conditions:
            if _exists(condition) is None and (named := frozenset(variables_of(condition))) <= known:
                early.append((named, self._filter(condition)))
            else:
                late.append(condition)
        return early, late

    def _existing(self, table: Table, pattern: Pattern, wanted: bool) -> Table:
        """Return the solutions that have a compatible one of a pattern, or else those that have none."""
        inner, conditions = pattern, list[Expression]()
        if isinstance(pattern, algebra.Filter):
            inner, conditions = pattern.pattern, list(conjuncts(pattern.condition))
        if not isinstance(inner, algebra.BGP) or any(_exists(each) is not None for each in conditions):
            raise Unsupported("EXISTS of more than triples is the engine's")
        if any((column < 0).any() for column in table.columns.values()):
            raise Unsupported("EXISTS beside what is unbound is the engine's")
        self._check_scope(table, pattern)
        visible: dict[Key, Indices] = {
            key: column for key, column in table.columns.items() if isinstance(key, Variable)
        }
        numbered = Table(table.size, {**visible, _ROW: np.arange(table.size)})
        found = self._basic.extend(numbered, inner.triples)
        for condition in conditions:
            self._check_scope(found, condition)
            found = self._conditions.filtered(found, condition)
        exists = np.zeros(table.size, bool)
        exists[found.columns[_ROW]] = True
        return table.take(exists if wanted else ~exists)

    def _check_scope(
        self, table: Table, expression: Expression | Pattern, made: Set[Variable] = frozenset()
    ) -> None:
        """Raise :class:`Unsupported` where an expression, or EXISTS, names what only the groups around bind.

        By the standard that is unbound. The engine may join a group by a loop, and then it knows the values.
        """
        foreign = named_in(expression) - table.columns.keys() - made
        if foreign:
            foreign &= self._uses.named.keys()
        if not foreign:
            return
        if self._optional:
            raise Unsupported("an expression in OPTIONAL names a variable of the groups around")
        named = Counter[Variable]() if isinstance(expression, Pattern) else names(expression)
        if any(self._uses.named[variable] > named[variable] for variable in foreign):
            raise Unsupported("a condition names a variable of the groups around")

    def _filter(self, condition: Expression) -> Callable[[Table], Table]:
        return lambda table: self._conditions.filtered(table, condition)

    def _extended(self, table: Table, triples: Sequence[TriplePattern], early: Sequence[Step] = ()) -> Table:
        if all(table.bound(key) for row in triples for key in _keys(row) if key in table.columns):
            return self._basic.extend(table, triples, early)
        found = joined(table, self._basic.extend(UNIT, triples), self.limits, self._terms)
        for _, step in early:
            found = step(found)
        return found

    def _into(self, table: Table, pattern: Pattern) -> Table:
        """Return the join of a table and a pattern."""
        if isinstance(pattern, algebra.BGP):
            return self._extended(table, pattern.triples)
        if isinstance(pattern, algebra.PathPattern):
            return self._along(table, pattern)
        match pattern:
            # What is named is bound by the pattern alone, so it is the same in the join.
            case algebra.Filter(inner, condition) if (
                named_in(condition) <= always(inner) and _exists(condition) is None
            ):
                return self._conditions.filtered(self._into(table, inner), condition)
            case algebra.Extend(inner, variable, expression) if (
                named_in(expression) <= always(inner) and variable not in table.columns
            ):
                found = self._into(table, inner)
                return found.adding(variable, self._conditions.value(found, expression))
        return joined(table, self.evaluate(pattern), self.limits, self._terms)

    def _along(self, table: Table, pattern: algebra.PathPattern) -> Table:
        """Return the join with a path, which the engine takes for a set of pairs."""
        if (name := property_of(pattern.path)) is not None:
            pairs = self._basic.source.by_subject(self._terms.constant(name))
            return joined(table, reached(pattern, pairs, self._terms, self.limits), self.limits, self._terms)
        if _PLACE in table.columns:
            raise Unsupported("a name is taken")
        numbered = table.adding(_PLACE, np.arange(table.size))
        rows = [*alternatives(pattern.subject, pattern.path, pattern.object)]
        found = concatenated([self._extended(numbered, [row]) for row in rows])
        return distinct(found, [_PLACE, *_keys(rows[0])], self._terms).without(_PLACE)

    def _left_join(self, left: Table, right: Pattern, condition: Expression | None) -> Table:
        """Return LeftJoin(left, right, condition) (section 18.5)."""
        if _ROW in left.columns:
            raise Unsupported("a name is taken")
        numbered = left.adding(_ROW, np.arange(left.size))
        if named_in(right) & self._around - left.columns.keys():
            # The engine knows their values when it evaluates the group by a loop.
            raise Unsupported("OPTIONAL in OPTIONAL names a variable of the groups around")
        around, self._around = self._around, self._around | left.columns.keys()
        self._optional += 1
        found = self._into(numbered, right)
        self._optional -= 1
        self._around = around
        if condition is not None:
            for conjunct in conjuncts(condition):
                self._check_scope(found, conjunct)
                found = self._conditions.filtered(found, conjunct)
        alone = np.ones(left.size, bool)
        alone[found.columns[_ROW]] = False
        found = found.without(_ROW)
        return concatenated([found, left.take(alone)]) if alone.any() else found

    def _values(self, variables: Sequence[Variable], rows: Sequence[Sequence[object]]) -> Table:
        self.limits.check(len(rows), len(variables))
        columns: dict[Key, Indices] = {
            variable: np.array(
                [UNBOUND if row[place] is None else self._terms.constant(row[place]) for row in rows],  # type: ignore[arg-type]
                np.int64,
            )
            for place, variable in enumerate(variables)
        }
        return Table(len(rows), columns)

    def _extend(self, pattern: algebra.Extend) -> Table:
        """Return the solutions of a run of assignments; those over the same terms are made together."""
        steps: list[Assignment] = []
        inner: Pattern = pattern
        while isinstance(inner, algebra.Extend):
            steps.append((inner.variable, inner.expression))
            inner = inner.pattern
        table = self.evaluate(inner)
        steps.reverse()
        while steps:
            number = number_together(steps, table.columns.keys())
            run, steps = steps[:number], steps[number:]
            made = {variable for variable, _ in run}
            for _, expression in run:
                self._check_scope(table, expression, made)
            if number == 1:
                ((variable, expression),) = run
                found = {variable: self._conditions.value(table, expression)}
            else:
                used = self._uses.after.get(pattern.variable)
                later = named_in(tuple(expression for _, expression in steps))
                shown = {name for name, _ in run if used is None or name in used or name in later}
                found = computed_together(table, run, shown, self._terms)
            for variable, column in found.items():
                table = table.adding(variable, column)
        return table


def _operands(pattern: Pattern, of: type[algebra.Join | algebra.Union]) -> Iterator[Pattern]:
    """Yield what a run of joins, or of unions, stands between, from left to right."""
    if isinstance(pattern, of):
        yield from _operands(pattern.left, of)
        yield from _operands(pattern.right, of)
    else:
        yield pattern


def _exists(condition: Expression) -> Pattern | None:
    """Return the pattern of EXISTS or NOT EXISTS; None for any other condition."""
    if isinstance(condition, algebra.Call) and condition.function == "!":
        condition = condition.arguments[0]
    return condition.pattern if isinstance(condition, algebra.Exists) else None


def _keys(row: TriplePattern) -> list[Key]:
    places = (row.subject, row.predicate, row.object)
    return [term for term in places if isinstance(term, Variable | BlankNode)]


def _projected(table: Table, variables: Sequence[Variable]) -> Table:
    return Table(table.size, {variable: table.column(variable) for variable in variables})
