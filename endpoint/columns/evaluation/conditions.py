"""Conditions (SPARQL 1.1 Query Language, section 17): for each solution true, false or an error.

Terms are compared where it is certain how the engine compares them (section 17.3): by value within a class,
never across an undefined border.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode, Variable

from endpoint.columns.evaluation.scalars import ManyTerms, computed, variables_of
from endpoint.columns.evaluation.searching import searched
from endpoint.columns.evaluation.strings import languages, pieces, string_lengths, strings
from endpoint.columns.evaluation.tables import ERROR, FALSE, TRUE, Key, Table, Truth
from endpoint.columns.evaluation.terms import (
    FIRST_TIME,
    IRI,
    NUMBER,
    OPAQUE,
    OTHER,
    STRING,
    TAGGED,
    TRIPLE,
    UNBOUND,
    Terms,
)
from endpoint.columns.evaluation.texts import decided
from endpoint.columns.sets import Indices
from endpoint.sparql.algebra import Call, Expression, FunctionCall
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import XSD

# For each comparison whether it holds of what is less, equal and greater.
_ORDERS: Final = {"<": (1, 0, 0), "<=": (1, 1, 0), ">": (0, 0, 1), ">=": (0, 1, 1)}
_SIGNS: Final = {"=": (0, 1, 0), "SAMETERM": (0, 1, 0), "!=": (1, 0, 1), **_ORDERS}
# Calls whose values are those of their truth, and all that :meth:`Conditions.value` computes here.
_TESTS: Final = frozenset(
    {*_SIGNS, "!", "&&", "||", "IN", "NOT IN", "BOUND", "ISIRI", "ISBLANK", "ISLITERAL", "ISNUMERIC"}
)
_DIRECT: Final = _TESTS | {"STR", "LANG", "STRLEN", "IF", "COALESCE"}
_PLACE: Final = re.compile(rf'"[1-9][0-9]{{0,5}}"\^\^<{re.escape(XSD)}integer>')
_BOOLEAN: Final = NamedNode(f"{XSD}boolean")
_NOT: Final = np.array([TRUE, FALSE, ERROR], np.int8)


_TRUTHS: Final = (Literal("true", datatype=_BOOLEAN), Literal("false", datatype=_BOOLEAN))


class _Uncertain(Exception):
    """It is not certain here how the engine compares the terms of some rows."""

    def __init__(self, rows: NDArray[np.bool_]) -> None:
        super().__init__()
        self.rows = rows


class Conditions:
    """The conditions of one evaluation, and the values of its expressions."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms

    def filtered(self, table: Table, condition: Expression) -> Table:
        """Return the solutions for which a condition is true."""
        return table.take(self.truth(table, condition) == TRUE)

    def truth(self, table: Table, condition: Expression) -> Truth:
        """Return the effective boolean value of a condition for each solution (section 17.2.2)."""
        if isinstance(condition, Literal) and condition.datatype == _BOOLEAN:
            return np.full(table.size, condition.value == "true", np.int8)
        if not isinstance(condition, Call):
            return self._computed(table, condition)
        found = self._of_texts(table, condition)
        if found is not None:
            return found
        function, arguments = condition.function, condition.arguments
        match function:
            case "!":
                return _negated(self.truth(table, arguments[0]))
            case "&&":
                return _both(*(self.truth(table, argument) for argument in arguments))
            case "||":
                return _either(*(self.truth(table, argument) for argument in arguments))
            case "BOUND":
                return (table.column(_variable(arguments[0])) >= 0).astype(np.int8)
            case "IN" | "NOT IN" if arguments[1:]:
                return self._among(table, arguments, function == "NOT IN")
            case "=" | "!=" | "<" | "<=" | ">" | ">=" | "SAMETERM":
                return self._comparison(table, condition)
        return self._computed(table, condition)

    def _of_texts(self, table: Table, condition: Call) -> Truth | None:
        """Return the truth of what is decided for all terms at once, by their kinds and their texts."""
        at_once = decided(table, condition, self._terms)
        if at_once is not None:
            return at_once.astype(np.int8)
        search = searched(table, condition, self._terms)
        if search is None:
            return None
        if search.open is not None and search.open.any():
            search.truth[search.open] = self._computed(table.take(search.open), condition)
        return search.truth

    def value(self, table: Table, expression: Expression) -> Indices:
        """Return for each solution the term that an expression has, UNBOUND where it is an error."""
        if isinstance(expression, Variable):
            return table.column(expression)
        if isinstance(expression, NamedNode | Literal):
            return np.full(table.size, self._terms.constant(expression), np.int64)
        if reduces(expression):
            table, expression = self._reduced(table, expression, {*variables_of(expression)})
            if isinstance(expression, Variable):
                return table.column(expression)
        if not isinstance(expression, Call):
            return computed(table, expression, self._terms)
        found = self._by_parts(table, expression) if at_once(expression) else None
        if found is not None:
            return found
        try:
            return computed(table, expression, self._terms)
        except ManyTerms:
            found = self._by_parts(table, expression)
            if found is None:
                raise
            return found

    def _reduced(self, table: Table, expression: Expression, named: Set[Key]) -> tuple[Table, Expression]:
        """Return an expression with other variables for the beginnings of texts, which are far fewer."""
        piece = _piece_of(expression)
        if piece is not None:
            found = pieces(table.column(piece.of), piece.begin, piece.end, self._terms)
            if found is not None:
                name = Variable("piece")
                while name in named or name in table.columns:
                    name = Variable(f"{name.value}_")
                return table.adding(name, found), name
        elif isinstance(expression, Call | FunctionCall):
            arguments = []
            for argument in expression.arguments:
                table, reduced = self._reduced(table, argument, named)
                arguments.append(reduced)
            return table, replace(expression, arguments=tuple(arguments))
        return table, expression

    def _by_parts(self, table: Table, call: Call) -> Indices | None:
        """Return the values of a call by those of its arguments; None where the engine computes it."""
        function, arguments = call.function, call.arguments
        match function:
            case "STR":
                return strings(self.value(table, arguments[0]), self._terms)
            case "LANG":
                return languages(self.value(table, arguments[0]), self._terms)
            case "STRLEN":
                return string_lengths(self.value(table, arguments[0]), self._terms)
            case "IF":
                truth = self.truth(table, arguments[0])
                parts = [(truth == TRUE, arguments[1]), (truth == FALSE, arguments[2])]
                return self._chosen(table, parts)
            case "COALESCE":
                found = np.full(table.size, UNBOUND, np.int64)
                for argument in arguments:
                    rows = found < 0
                    found[rows] = self.value(table.take(rows), argument)
                return found
        if function not in _TESTS:
            return None
        true, false = (self._terms.constant(truth) for truth in _TRUTHS)
        terms: Indices = np.array([false, true, UNBOUND])[self.truth(table, call)]
        return terms

    def _chosen(self, table: Table, parts: Sequence[tuple[NDArray[np.bool_], Expression]]) -> Indices:
        """Return for the rows of each part the values of its expression, UNBOUND for all others."""
        found = np.full(table.size, UNBOUND, np.int64)
        for rows, expression in parts:
            found[rows] = self.value(table.take(rows), expression)
        return found

    def _comparison(self, table: Table, condition: Call) -> Truth:
        iris = self._texts_of_iris(table, condition)
        if iris is not None:
            return iris
        operands = [self._operand(table, argument) for argument in condition.arguments]
        try:
            return self._compared(condition.function, operands[0], operands[1], table.size)
        except _Uncertain as uncertain:
            rows = uncertain.rows
            if len(rows) != table.size or rows.all():
                return self._computed(table, condition)
            found = np.empty(table.size, np.int8)
            found[rows] = self._computed(table.take(rows), condition)
            found[~rows] = self._comparison(table.take(~rows), condition)
            return found

    def _texts_of_iris(self, table: Table, condition: Call) -> Truth | None:
        """Return the truth of a comparison of STR of IRIs, whose numbers have the order of their texts."""
        columns = []
        for argument in condition.arguments:
            if not isinstance(argument, Call) or argument.function != "STR":
                return None
            if not isinstance(argument.arguments[0], Variable):
                return None
            column = table.column(argument.arguments[0])
            if not self._terms.known(column) or (self._terms.groups(column) != IRI).any():
                return None
            columns.append(column)
        less, equal, greater = _SIGNS[condition.function]
        truths: Truth = np.array([less, equal, greater], np.int8)[_signs(*columns)]
        return truths

    def _computed(self, table: Table, condition: Expression) -> Truth:
        """Return the truth of any condition, as the engine computes it."""
        true, false = (self._terms.constant(truth) for truth in _TRUTHS)
        found = computed(table, Call("IF", (condition, *_TRUTHS)), self._terms)
        return np.where(found == true, TRUE, np.where(found == false, FALSE, ERROR)).astype(np.int8)

    def _among(self, table: Table, arguments: tuple[Expression, ...], negated: bool) -> Truth:
        found = np.full(table.size, FALSE, np.int8)
        for argument in arguments[1:]:
            found = _either(found, self._comparison(table, Call("=", (arguments[0], argument))))
        return _negated(found) if negated else found

    def _operand(self, table: Table, expression: Expression) -> Indices:
        """Return the terms of an operand; a single one where it is a constant."""
        if isinstance(expression, Variable):
            return table.column(expression)
        if isinstance(expression, NamedNode | Literal):
            return np.array([self._terms.constant(expression)], np.int64)
        return self.value(table, expression)

    def _compared(self, sign: str, first: Indices, second: Indices, size: int) -> Truth:
        first, second = self._terms.settled(first, second)
        if len(second) == 1 == len(first) and size != 1:
            # Both are constants.
            return np.repeat(self._compared(sign, first, second, 1), size)
        if sign == "SAMETERM":
            return self._same(first, second)
        if sign in _ORDERS:
            less, equal, greater = _ORDERS[sign]
            truths: Truth = np.array([less, equal, greater, ERROR], np.int8)[self._order(first, second)]
            return truths
        equal_ = self._equal(first, second)
        return _negated(equal_) if sign == "!=" else equal_

    def _same(self, first: Indices, second: Indices) -> Truth:
        found: Truth = (first == second).astype(np.int8)
        found[(first < 0) | (second < 0)] = ERROR
        return found

    def _equal(self, first: Indices, second: Indices) -> Truth:
        """Return whether terms are equal (RDFterm-equal, and the equality of values)."""
        found = self._same(first, second)
        for one in (first, second):
            # An IRI equals itself only, whatever the other is.
            if len(one) == 1 and self._terms.groups(one)[0] == IRI:
                return found
        ours, theirs = self._groups(first, second)
        for group, rows in self._valued(ours, theirs):
            values = self._terms.values(_at(first, rows), group), self._terms.values(_at(second, rows), group)
            found[rows] = values[0] == values[1]
        opaque = (ours == OPAQUE) | (theirs == OPAQUE)
        plain = _literal(ours) & _literal(theirs) & (ours != TAGGED) & (theirs != TAGGED)
        found[opaque & plain & (found == FALSE)] = ERROR
        return found

    def _order(self, first: Indices, second: Indices) -> NDArray[np.int8]:
        """Return for each pair 0 for less, 1 for equal, 2 for greater, 3 where there is no order."""
        ours, theirs = self._groups(first, second)
        found = np.where((first == second) & (first >= 0), 1, 3).astype(np.int8)
        for group, rows in self._valued(ours, theirs):
            left, right = _at(first, rows), _at(second, rows)
            found[rows] = _signs(self._terms.values(left, group), self._terms.values(right, group))
        for group in (STRING, TAGGED):
            rows = np.flatnonzero((ours == group) & (theirs == group))
            if group == TAGGED and len(rows):
                both = np.concatenate([_at(first, rows), _at(second, rows)])
                kinds = self._terms.kinds(both)
                rows = rows[kinds[: len(rows)] == kinds[len(rows) :]]
            if len(rows):
                left, right = _at(first, rows), _at(second, rows)
                ranks = self._terms.ranks(np.concatenate([left, right]))
                found[rows] = _signs(ranks[: len(rows)], ranks[len(rows) :])
        return found

    def _groups(self, first: Indices, second: Indices) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Return the groups of terms that are compared.

        Raises :class:`_Uncertain` where it is not certain how the engine compares them.
        """
        both = np.broadcast_arrays(self._terms.groups(first), self._terms.groups(second))
        ours, theirs = both
        triples = (ours == TRIPLE) | (theirs == TRIPLE)
        others = ((ours == OTHER) & _literal(theirs)) | ((theirs == OTHER) & _literal(ours))
        zones = (ours != theirs) & (_family(ours) == _family(theirs)) & _timed(ours) & _timed(theirs)
        uncertain = triples | others | zones
        if uncertain.any():
            raise _Uncertain(uncertain)
        return ours, theirs

    def _valued(self, ours: NDArray[np.int8], theirs: NDArray[np.int8]) -> Iterator[tuple[int, Indices]]:
        """Yield the groups that have values, and the rows where both terms are of it."""
        same = (ours == theirs) & (ours >= NUMBER) & (ours < OTHER)
        if same.any():
            for group in np.unique(ours[same]).tolist():
                yield group, np.flatnonzero(same & (ours == group))


def at_once(expression: Expression) -> bool:
    """Return whether an expression is sooner computed here than by the engine, of however few terms."""
    if not isinstance(expression, Call):
        return isinstance(expression, Variable | NamedNode | Literal)
    return expression.function in _DIRECT and all(map(at_once, expression.arguments))


class _Piece(NamedTuple):
    """The characters of the text of a variable between two places, from 0 on."""

    of: Variable
    begin: int
    end: int | None


def _piece_of(expression: Expression) -> _Piece | None:
    """Return what SUBSTR(STR(?x), 1, 4) takes; None for anything else."""
    if not isinstance(expression, Call) or expression.function != "SUBSTR":
        return None
    text, *numbers = expression.arguments
    if not isinstance(text, Call) or text.function != "STR" or not isinstance(text.arguments[0], Variable):
        return None
    if not all(isinstance(number, Literal) and _PLACE.fullmatch(str(number)) for number in numbers):
        return None
    begin, *length = (int(number.value) for number in numbers if isinstance(number, Literal))
    return _Piece(text.arguments[0], begin - 1, begin - 1 + length[0] if length else None)


def reduces(expression: Expression) -> bool:
    """Return whether a part of an expression takes the beginning of a text."""
    if not isinstance(expression, Call | FunctionCall):
        return False
    return _piece_of(expression) is not None or any(map(reduces, expression.arguments))


def _variable(expression: Expression) -> Variable:
    if not isinstance(expression, Variable):
        raise Unsupported("BOUND has no variable")
    return expression


def _both(first: Truth, second: Truth) -> Truth:
    """Return the conjunction (section 17.2): an error, unless one is false."""
    found = np.where((first == TRUE) & (second == TRUE), TRUE, ERROR).astype(np.int8)
    found[(first == FALSE) | (second == FALSE)] = FALSE
    return found


def _either(first: Truth, second: Truth) -> Truth:
    """Return the disjunction: an error, unless one is true."""
    return _negated(_both(_negated(first), _negated(second)))


def _negated(truth: Truth) -> Truth:
    found: Truth = _NOT[truth]
    return found


def _at(column: Indices, rows: Indices) -> Indices:
    return np.repeat(column, len(rows)) if len(column) == 1 else column[rows]


def _signs(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.int8]:
    return (1 - (left < right).astype(np.int8) + (left > right).astype(np.int8)).astype(np.int8)


def _literal(groups: NDArray[np.int8]) -> NDArray[np.bool_]:
    return (groups >= STRING) & (groups <= OTHER)


def _timed(groups: NDArray[np.int8]) -> NDArray[np.bool_]:
    return (groups >= FIRST_TIME) & (groups < OTHER)


def _family(groups: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return a number that a class on the time line has with and without a time zone."""
    return (groups - FIRST_TIME) >> 1
