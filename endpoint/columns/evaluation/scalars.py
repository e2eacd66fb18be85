"""Expressions over terms, computed by the engine itself: once for each different combination of terms.

What a function returns is thereby the engine's own, to the last letter. The terms are statements of
their own, since neither a blank node nor what is unbound can be written in a query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode, QuerySolutions, Triple, Variable

from endpoint.columns.evaluation.tables import Key, Table, codes_of, first_rows
from endpoint.columns.evaluation.terms import UNBOUND, Terms
from endpoint.columns.sets import Indices
from endpoint.sparql.algebra import Call, Expression, FunctionCall
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import XSD

# Combinations of terms over which the engine evaluates a whole query as fast, unless so many solutions have
# each of them.
_MOST: Final = 20_000
_SHARED: Final = 4
_INFIX: Final = frozenset({"=", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/"})
# Those whose result depends on their arguments only.
_NAMES: Final = """
    STR LANG LANGMATCHES DATATYPE BOUND STRLANG STRDT SAMETERM ISIRI ISBLANK ISLITERAL ISNUMERIC COALESCE IF
    IRI REPLACE ABS CEIL FLOOR ROUND YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384
    SHA512 CONCAT STRLEN SUBSTR UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER REGEX
"""
_FUNCTIONS: Final = frozenset(_NAMES.split())
# A variable and the expression that it becomes.
Assignment = tuple[Variable, Expression]
_RESULT: Final = Variable("_r")
_CASTS: Final = frozenset(
    f"{XSD}{name}" for name in ("string", "boolean", "integer", "decimal", "double", "float")
)


class ManyTerms(Unsupported):
    """An expression would be computed of more terms than the engine evaluates as fast in a whole query."""


def computed(table: Table, expression: Expression, terms: Terms) -> Indices:
    """Return for each solution the term that an expression has, UNBOUND where it is an error.

    Raises :class:`ManyTerms`.
    """
    return computed_together(table, [(_RESULT, expression)], {_RESULT}, terms)[_RESULT]


def computed_together(
    table: Table, steps: Sequence[Assignment], wanted: Set[Variable], terms: Terms
) -> dict[Variable, Indices]:
    """Return for each variable that is ``wanted`` its term in each solution, once all ``steps`` are done.

    A step may name the variables of those before. Raises :class:`ManyTerms`.
    """
    binds = [f"BIND({written(expression)} AS {variable})" for variable, expression in steps]
    named = dict.fromkeys(key for _, expression in steps for key in variables_of(expression))
    variables = [key for key in named if key in table.columns]
    columns = [table.columns[key] for key in variables]
    codes, number = codes_of(columns, table.size) if columns else (np.zeros(table.size, np.int64), 1)
    if number > max(_MOST, table.size // _SHARED):
        raise ManyTerms("an expression is computed of very many terms")
    rows = first_rows(codes, number) if columns else np.zeros(0, np.int64)
    partial = not columns or any((column < 0).any() for column in columns)
    lines = [b"<i:%d> <p:> <p:> .\n" % place for place in range(number)] if partial else []
    for place, column in enumerate(columns):
        lines += [
            b"<i:%d> <p:%d> %s .\n" % (row, place, terms.text(term))
            for row, term in enumerate(column[rows].tolist())
            if term >= 0
        ]
    row_name = _other_than({str(key) for key in named} | {str(variable) for variable, _ in steps})
    patterns = [f"{row_name} <p:{place}> {key}" for place, key in enumerate(variables)]
    if partial:
        patterns = [f"{row_name} <p:> <p:>", *(f"OPTIONAL {{ {pattern} }}" for pattern in patterns)]
    shown = [variable for variable, _ in steps if variable in wanted]
    query = f"SELECT {row_name} {' '.join(map(str, shown))} {{ {' . '.join(patterns)} {' '.join(binds)} }}"
    base = f"BASE {terms.base}\n" if terms.base else ""
    found = _numbered(terms.scratch(b"".join(lines), base + query), len(shown), number, terms)
    return {variable: column[codes] for variable, column in zip(shown, found, strict=True)}


def _numbered(solutions: QuerySolutions, width: int, size: int, terms: Terms) -> NDArray[np.int64]:
    """Return the numbers of the terms of solutions, whose first one has the number of a row, by variables."""
    results = np.full((width, size), UNBOUND, np.int64)
    numbers: dict[object, int] = {None: UNBOUND}
    rows, found = [], []
    for solution in solutions:
        row, *values = solution
        rows.append(int(row.value[2:]))
        for term in values:
            number = numbers.get(term)
            if number is None:
                number = numbers[term] = terms.computed(_text(term))
            found.append(number)
    results[:, rows] = np.array(found, np.int64).reshape(len(rows), width).T
    return results


def _other_than(names: Set[str]) -> str:
    """Return a variable with a name that none of these has."""
    name = "?_i"
    while name in names:
        name += "_"
    return name


def _text(term: object) -> bytes:
    if isinstance(term, Triple):
        raise Unsupported("a function returns a triple term")
    return str(term).encode()


def variables_of(expression: Expression) -> Iterator[Key]:
    """Yield the variables of an expression."""
    if isinstance(expression, Variable):
        yield expression
    elif isinstance(expression, Call | FunctionCall):
        for argument in expression.arguments:
            yield from variables_of(argument)
    elif not isinstance(expression, NamedNode | Literal):
        raise Unsupported("EXISTS is the engine's")


def written(expression: Expression) -> str:
    """Return an expression as SPARQL. Raises :class:`Unsupported` for one that is not computed alone."""
    if isinstance(expression, Variable | NamedNode | Literal):
        return str(expression)
    if isinstance(expression, FunctionCall) and expression.name.value in _CASTS:
        return f"{expression.name}({', '.join(map(written, expression.arguments))})"
    if not isinstance(expression, Call):
        raise Unsupported("an expression is the engine's")
    function, arguments = expression.function, [written(argument) for argument in expression.arguments]
    if len(arguments) == 1 and function in ("!", "-", "+"):
        return f"({function} {arguments[0]})"
    if function in _INFIX and len(arguments) == 2:
        return f"({arguments[0]} {function} {arguments[1]})"
    if function in ("IN", "NOT IN"):
        return f"({arguments[0]} {function} ({', '.join(arguments[1:])}))"
    if function in _FUNCTIONS:
        return f"{function}({', '.join(arguments)})"
    raise Unsupported(f"{function} is the engine's")
