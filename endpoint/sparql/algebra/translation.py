"""Translation of syntax trees to the algebra (SPARQL 1.1 Query Language, section 18.2).

What the engine (pyoxigraph 0.5.13) refuses is refused; where it differs from the specification it is
followed.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode, Variable

from endpoint.formats import QueryForm
from endpoint.sparql import algebra
from endpoint.sparql.algebra import UNIT, Call, Expression, Extend, Filter, Pattern
from endpoint.sparql.algebra.expressions import Expressions, names_only
from endpoint.sparql.algebra.terms import IRI_KINDS, Terms
from endpoint.sparql.algebra.triples import DEEPEST, Triples, join
from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported

# Variables that a pattern binds or may bind (section 18.2.1).
_Scope = set[Variable]
_Items = tuple[Token | tree.Named, ...]


def translate(
    unit: tree.QueryUnit, prefixes: Mapping[str, str] | None = None, base_iri: str | None = None
) -> algebra.Query:
    """Return the algebra of a query.

    ``prefixes`` are those that it need not declare, ``base_iri`` resolves its relative IRIs where it declares
    no BASE. Raises :class:`Unsupported` for what the engine refuses, and for what only the engine is sure to
    read: triple terms, SERVICE, LATERAL, and deep nesting.
    """
    return translate_with(unit, Terms(unit.prologue, prefixes or {}, base_iri))


def translate_with(unit: tree.QueryUnit, terms: Terms) -> algebra.Query:
    """Return the algebra of a query whose terms are read by ``terms``. Raises :class:`Unsupported`."""
    return _Translation(unit, terms).query()


class _Translation:
    """The translation of one query."""

    def __init__(self, unit: tree.QueryUnit, terms: Terms) -> None:
        self._unit = unit
        self._terms = terms
        self._triples = Triples(terms)
        self._expressions = Expressions(unit, terms, self._exists)

    def query(self) -> algebra.Query:
        query = self._unit.query
        template: tuple[algebra.TriplePattern, ...] = ()
        match query:
            case tree.SelectQuery(clause, _, where, modifiers):
                form, (pattern, _) = QueryForm.SELECT, self._select(clause, where, modifiers, 0)
            case tree.AskQuery(_, _, where, modifiers):
                form, pattern = QueryForm.ASK, self._modified(*self._group(where, 0), modifiers, None, 0)[0]
            case tree.DescribeQuery(_, terms, _, group, modifiers):
                form = QueryForm.DESCRIBE
                inner: tuple[Pattern, _Scope] = (UNIT, set()) if group is None else self._group(group, 0)
                pattern, _ = self._modified(*inner, modifiers, terms, 0)
            case tree.ConstructQuery(_, written, _, where, modifiers):
                form = QueryForm.CONSTRUCT
                template = self._triples.template(_template(written))
                if written is where:
                    inner = algebra.BGP(template), set()
                    self._triples.pattern(_template(written), inner[1])
                else:
                    self._triples.end_template()
                    inner = self._group(where, 0)
                pattern, _ = self._modified(*inner, modifiers, None, 0)
        return algebra.Query(form, pattern, template, self._dataset(query.dataset), self._terms.base_iri)

    def _dataset(self, clauses: tuple[tree.DatasetClause, ...]) -> algebra.Dataset | None:
        if not clauses:
            return None
        graphs: tuple[list[NamedNode], list[NamedNode]] = ([], [])
        for clause in clauses:
            graphs[clause.named].append(self._terms.iri(clause.graph))
        return algebra.Dataset(tuple(graphs[0]), tuple(graphs[1]))

    # Groups.

    def _group(self, group: tree.GroupGraphPattern, depth: int) -> tuple[Pattern, _Scope]:
        """Translate a group (section 18.2.2.6): its filters hold for the whole of it."""
        elements = group.elements
        # Each element but triples is a level of the pattern.
        if depth + len(elements) > DEEPEST:
            depth += sum(not isinstance(element, tree.TriplesSameSubject) for element in elements)
            if depth > DEEPEST:
                raise Unsupported("a group has many parts or nests deeply")
        self._triples.new_scope()
        if elements and isinstance(elements[0], tree.SubSelect):
            selected = self._select(*elements[0], depth + 1)
            self._triples.new_scope()
            return selected
        pattern: Pattern = UNIT
        scope: _Scope = set()
        condition: Expression | None = None
        adjacent: list[tree.Triple] = []
        for element in elements:
            if isinstance(element, tree.TriplesSameSubject):
                adjacent += _triples_of(element)
                continue
            if adjacent:
                pattern = join(pattern, self._triples.pattern(adjacent, scope))
                adjacent = []
            if isinstance(element, tree.Filter):
                further = self._expressions.translate(element.constraint, depth + 1)
                condition = further if condition is None else Call("&&", (condition, further))
            else:
                pattern = self._combine(pattern, scope, element, depth + 1)
        if adjacent:
            pattern = join(pattern, self._triples.pattern(adjacent, scope))
        self._triples.new_scope()
        return (pattern if condition is None else Filter(pattern, condition)), scope

    def _combine(self, pattern: Pattern, scope: _Scope, element: tree.Element, depth: int) -> Pattern:
        """Return the pattern of the elements before, with this one; ``scope`` grows by its variables."""
        match element:
            case tree.OptionalGraphPattern(token, group):
                if token.upper != "OPTIONAL":
                    raise Unsupported("LATERAL is the engine's")
                inner, further = self._group(group, depth)
                scope |= further
                if isinstance(inner, Filter) and _has_filter(group):
                    return algebra.LeftJoin(pattern, inner.pattern, inner.condition)
                return algebra.LeftJoin(pattern, inner, None)
            case tree.MinusGraphPattern(_, group):
                return algebra.Minus(pattern, self._group(group, depth)[0])
            case tree.Bind(_, expression, variable):
                name = self._terms.variable(variable)
                if name in scope:
                    raise Unsupported(f"{variable.text} is bound already")
                scope.add(name)
                return Extend(pattern, name, self._expressions.translate(expression, depth))
            case tree.InlineData():
                return join(pattern, self._values(element, scope))
        inner, further = self._joined(element, depth)
        scope |= further
        return join(pattern, inner)

    def _joined(self, element: tree.Element, depth: int) -> tuple[Pattern, _Scope]:
        match element:
            case tree.GroupGraphPattern():
                return self._group(element, depth)
            case tree.UnionGraphPattern(groups):
                if depth + len(groups) > DEEPEST:
                    raise Unsupported("a union has many groups")
                pattern, scope = self._group(groups[0], depth)
                for group in groups[1:]:
                    further, more = self._group(group, depth)
                    pattern, scope = algebra.Union(pattern, further), scope | more
                return pattern, scope
            case tree.GraphGraphPattern(_, name, group):
                pattern, scope = self._group(group, depth)
                if name.kind is not Kind.VAR:
                    return algebra.Graph(self._terms.iri(name), pattern), scope
                variable = self._terms.variable(name)
                return algebra.Graph(variable, pattern), scope | {variable}
        raise Unsupported("SERVICE is the engine's")

    def _values(self, data: tree.InlineData, scope: _Scope) -> algebra.Values:
        variables = tuple(self._terms.variable(token) for token in data.variables)
        if len(set(variables)) < len(variables) or any(len(row) != len(variables) for row in data.rows):
            raise Unsupported("VALUES repeats a variable or has a row of another length")
        scope.update(variables)
        return algebra.Values(variables, tuple(tuple(map(self._datum, row)) for row in data.rows))

    def _datum(self, leaf: tree.Term | None) -> NamedNode | Literal | None:
        if leaf is None:
            return None
        if isinstance(leaf, Token) and leaf.kind in IRI_KINDS:
            return self._terms.iri(leaf)
        return self._terms.literal(leaf)

    def _exists(self, exists: tree.Exists, depth: int) -> Pattern:
        aggregates, self._expressions.aggregates = self._expressions.aggregates, None
        calls, self._expressions.calls = self._expressions.calls, 0
        self._triples.unlabelled += calls
        pattern, _ = self._group(exists.group, depth)
        self._triples.unlabelled -= calls
        self._expressions.calls = calls
        self._expressions.aggregates = aggregates
        return pattern

    # Solution modifiers.

    def _select(
        self,
        clause: tree.SelectClause,
        where: tree.GroupGraphPattern,
        modifiers: tree.SolutionModifiers,
        depth: int,
    ) -> tuple[Pattern, _Scope]:
        around, self._expressions.aggregates = self._expressions.aggregates, None
        pattern, scope = self._group(where, depth)
        self._expressions.aggregates = {}
        pattern, scope = self._modified(pattern, scope, modifiers, clause.items, depth, clause.modifier)
        self._expressions.aggregates = around
        return pattern, scope

    def _modified(
        self,
        pattern: Pattern,
        scope: _Scope,
        modifiers: tree.SolutionModifiers,
        items: _Items | None,
        depth: int,
        distinct: str = "",
    ) -> tuple[Pattern, _Scope]:
        """Return a pattern with all that follows the WHERE clause (sections 18.2.4 and 18.2.5)."""
        translate = self._expressions.translate
        columns = [self._column(item, depth) for item in items or ()]
        having = [translate(row, depth) for row in modifiers.having.conditions] if modifiers.having else []
        order = modifiers.order_by.conditions if modifiers.order_by else ()
        conditions = tuple((translate(row.expression, depth), row.descending) for row in order)
        aggregates = self._expressions.aggregates or {}
        grouped = modifiers.group_by is not None or bool(aggregates)
        if grouped:
            pattern, scope = self._grouped(pattern, scope, modifiers.group_by, depth)
        for condition in having:
            pattern = Filter(pattern, condition)
        if modifiers.values is not None:
            pattern = join(pattern, self._values(modifiers.values, scope))
        if items is None:
            if grouped:
                raise Unsupported("SELECT * does not go with GROUP BY")
            names = sorted(scope, key=lambda variable: variable.value)
        else:
            pattern, names = _extended(pattern, scope, columns, grouped)
        if conditions:
            pattern = algebra.OrderBy(pattern, conditions)
        pattern = algebra.Project(pattern, tuple(names))
        if distinct:
            pattern = algebra.Distinct(pattern) if distinct == "DISTINCT" else algebra.Reduced(pattern)
        return self._sliced(pattern, modifiers), set(names)

    def _sliced(self, pattern: Pattern, modifiers: tree.SolutionModifiers) -> Pattern:
        if modifiers.limit is None and modifiers.offset is None:
            return pattern
        count = self._terms.count
        limit = None if modifiers.limit is None else count(modifiers.limit.number)
        return algebra.Slice(
            pattern, 0 if modifiers.offset is None else count(modifiers.offset.number), limit
        )

    def _column(self, item: Token | tree.Named, depth: int) -> tuple[Variable, Expression | None]:
        """Return what is projected, and its expression; DESCRIBE projects IRIs."""
        if isinstance(item, tree.Named):
            expression = self._expressions.translate(item.expression, depth + 1)
            return self._terms.variable(item.variable), expression
        if item.kind is Kind.VAR:
            return self._terms.variable(item), None
        return self._terms.fresh(self._unit), self._terms.iri(item)

    def _grouped(
        self, pattern: Pattern, scope: _Scope, group_by: tree.GroupBy | None, depth: int
    ) -> tuple[Pattern, _Scope]:
        aggregates, self._expressions.aggregates = self._expressions.aggregates or {}, None
        keys = []
        for row in group_by.conditions if group_by else ():
            named = row if isinstance(row, tree.Named) else None
            key = self._expressions.translate(named.expression if named else row, depth + 1)  # type: ignore[arg-type]
            if not isinstance(key, Variable):
                name = self._terms.variable(named.variable) if named else self._terms.fresh(self._unit)
                if name in scope:
                    raise Unsupported(f"{name} is bound already")
                pattern, key = Extend(pattern, name, key), name
                scope.add(name)
            keys.append(key)
        values = tuple((variable, aggregate) for aggregate, variable in aggregates.items())
        return algebra.Group(pattern, tuple(keys), values), {*keys, *aggregates.values()}


def _extended(
    pattern: Pattern, scope: _Scope, columns: list[tuple[Variable, Expression | None]], grouped: bool
) -> tuple[Pattern, list[Variable]]:
    """Bind the expressions of SELECT. Where solutions are grouped, they name only what groups have."""
    names: list[Variable] = []
    for variable, expression in columns:
        if variable in names:
            raise Unsupported(f"{variable} is projected twice")
        names.append(variable)
        used = variable if expression is None else expression
        if grouped and not names_only(used, scope):
            raise Unsupported(f"{variable} needs a variable that is not grouped")
        if expression is not None:
            if variable in scope:
                raise Unsupported(f"{variable} is bound already")
            pattern = Extend(pattern, variable, expression)
    return pattern, names


def _has_filter(group: tree.GroupGraphPattern) -> bool:
    return any(isinstance(element, tree.Filter) for element in group.elements)


def _template(group: tree.GroupGraphPattern) -> list[tree.Triple]:
    rows = (element for element in group.elements if isinstance(element, tree.TriplesSameSubject))
    return [triple for element in rows for triple in _triples_of(element)]


def _triples_of(element: tree.TriplesSameSubject) -> tuple[tree.Triple, ...]:
    if not element.triples:
        raise Unsupported(f"nothing is said of {element.token.text}")
    return element.triples
