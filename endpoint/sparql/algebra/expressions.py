"""Expressions of a syntax tree as expressions of the algebra, aggregates as the variables of their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyoxigraph import Variable

from endpoint.sparql.algebra import Aggregate, Call, Exists, Expression, FunctionCall, Pattern
from endpoint.sparql.algebra.terms import IRI_KINDS, Terms
from endpoint.sparql.algebra.triples import DEEPEST
from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import XSD

_SAME: Final = {"URI": "IRI", "ISURI": "ISIRI"}
_VAR: Final = Kind.VAR
_SIGNS: Final = frozenset("!+-")
_LISTED: Final = frozenset({"IN", "NOT IN"})
# The casts of the engine (section 17.5); it refuses any other function with an IRI for a name.
_CASTS: Final = frozenset(
    f"{XSD}{name}"
    for name in (
        *("string", "boolean", "decimal", "integer", "double", "float", "date", "time", "dateTime"),
        *("duration", "dayTimeDuration", "yearMonthDuration"),
        *("gYear", "gMonth", "gDay", "gYearMonth", "gMonthDay"),
    )
)

Aggregates = dict[Aggregate, Variable]


class Expressions:
    """The expressions of one query.

    ``exists`` translates the group of EXISTS at its depth. ``aggregates`` are those of the SELECT that is
    being read; None where no aggregate may stand. ``calls`` counts the calls around what is being read.
    """

    def __init__(
        self, unit: tree.QueryUnit, terms: Terms, exists: Callable[[tree.Exists, int], Pattern]
    ) -> None:
        self._unit = unit
        self._terms = terms
        self._exists = exists
        self.aggregates: Aggregates | None = None
        self.calls = 0

    def translate(self, node: tree.Expression, depth: int) -> Expression:
        """Translate an expression at a depth of nesting."""
        if depth > DEEPEST:
            raise Unsupported("an expression nests deeply")
        if isinstance(node, Token):
            if node.kind is _VAR:
                return self._terms.variable(node)
            return self._terms.iri(node) if node.kind in IRI_KINDS else self._terms.literal(node)
        if isinstance(node, tree.Call):
            return self._call(node, depth)
        if isinstance(node, tree.FunctionCall):
            if node.distinct:
                raise Unsupported("a function of distinct values is an aggregate")
            function = self._terms.iri(node.name)
            if function.value not in _CASTS:
                raise Unsupported("the engine knows no function of this name")
            return FunctionCall(function, self._arguments(node.arguments, depth))
        if isinstance(node, tree.Exists):
            exists = Exists(self._exists(node, depth + 1))
            return Call("!", (exists,)) if node.negated else exists
        if isinstance(node, tree.Aggregate):
            return self._aggregate(node, depth)
        return self._terms.literal(node)

    def _all(self, nodes: tuple[tree.Expression, ...], depth: int) -> tuple[Expression, ...]:
        return tuple([self.translate(node, depth + 1) for node in nodes])

    def _call(self, node: tree.Call, depth: int) -> Call:
        function, arguments = node
        if function in _SIGNS and function != "!" and len(arguments) == 1:
            inner = arguments[0]
            if isinstance(inner, tree.Call) and inner.function in _SIGNS and len(inner.arguments) == 1:
                raise Unsupported("a sign has a sign behind it")
        if not function[0].isalpha() or function in _LISTED:
            return Call(function, self._all(arguments, depth))
        return Call(_SAME.get(function, function), self._arguments(arguments, depth))

    def _arguments(self, nodes: tuple[tree.Expression, ...], depth: int) -> tuple[Expression, ...]:
        self.calls += 1
        arguments = self._all(nodes, depth)
        self.calls -= 1
        return arguments

    def _aggregate(self, node: tree.Aggregate, depth: int) -> Variable:
        aggregates, self.aggregates = self.aggregates, None
        if aggregates is None:
            raise Unsupported(f"the aggregate {node.token.text} stands where none may")
        inner = None if node.expression is None else self._arguments((node.expression,), depth)[0]
        self.aggregates = aggregates
        separator = None if node.separator is None else self._terms.literal(node.separator).value
        aggregate = Aggregate(node.token.upper, node.distinct, inner, separator)
        variable = aggregates.get(aggregate)
        if variable is None:
            variable = aggregates[aggregate] = self._terms.fresh(self._unit)
        return variable


def names_only(expression: Expression, variables: set[Variable]) -> bool:
    """Return whether an expression names no other variables; the engine does not look into COALESCE."""
    if isinstance(expression, Variable):
        return expression in variables
    if isinstance(expression, Call) and expression.function not in ("BOUND", "COALESCE"):
        return all(names_only(row, variables) for row in expression.arguments)
    if isinstance(expression, FunctionCall):
        return all(names_only(row, variables) for row in expression.arguments)
    return True
