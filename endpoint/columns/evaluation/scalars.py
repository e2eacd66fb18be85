"""Expressions over terms, computed by the engine itself: once for each different combination of terms.

What a function returns is thereby the engine's own, to the last letter. The terms are statements of
their own, since neither a blank node nor what is unbound can be written in a query.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from pyoxigraph import Literal, NamedNode, Triple, Variable

from endpoint.columns.evaluation.tables import Key, Table, codes_of, first_rows
from endpoint.columns.evaluation.terms import UNBOUND, Terms
from endpoint.columns.sets import Indices
from endpoint.sparql.algebra import Call, Expression, FunctionCall
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import XSD

# Combinations of terms over which the engine evaluates a whole query as fast, unless so many solutions have
# each of them.
_MOST: Final = 5_000
_SHARED: Final = 4
_INFIX: Final = frozenset({"=", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/"})
# Those whose result depends on their arguments only.
_NAMES: Final = """
    STR LANG LANGMATCHES DATATYPE BOUND STRLANG STRDT SAMETERM ISIRI ISBLANK ISLITERAL ISNUMERIC COALESCE IF
    REPLACE ABS CEIL FLOOR ROUND YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384
    SHA512 CONCAT STRLEN SUBSTR UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER REGEX
"""
_FUNCTIONS: Final = frozenset(_NAMES.split())
_CASTS: Final = frozenset(
    f"{XSD}{name}" for name in ("string", "boolean", "integer", "decimal", "double", "float")
)


def computed(table: Table, expression: Expression, terms: Terms) -> Indices:
    """Return for each solution the term that an expression has, UNBOUND where it is an error."""
    read = _read(table, expression, terms)
    if read is not None:
        return read
    text = written(expression)
    variables = [key for key in dict.fromkeys(variables_of(expression)) if key in table.columns]
    columns = [table.columns[key] for key in variables]
    codes, number = codes_of(columns, table.size) if columns else (np.zeros(table.size, np.int64), 1)
    if number > max(_MOST, table.size // _SHARED):
        raise Unsupported("an expression is computed of very many terms")
    rows = first_rows(codes, number) if columns else np.zeros(0, np.int64)
    partial = not columns or any((column < 0).any() for column in columns)
    lines = [b"<i:%d> <p:> <p:> .\n" % place for place in range(number)] if partial else []
    for place, column in enumerate(columns):
        lines += [
            b"<i:%d> <p:%d> %s .\n" % (row, place, terms.text(term))
            for row, term in enumerate(column[rows].tolist())
            if term >= 0
        ]
    patterns = [f"?_i <p:{place}> {key}" for place, key in enumerate(variables)]
    if partial:
        patterns = ["?_i <p:> <p:>", *(f"OPTIONAL {{ {pattern} }}" for pattern in patterns)]
    query = f"SELECT ?_i ({text} AS ?_r) {{ {' . '.join(patterns)} }}"
    found = terms.scratch(b"".join(lines), query)
    results = np.full(number, UNBOUND, np.int64)
    numbers: dict[object, int] = {}
    for row, term in found:
        if term is not None:
            if term not in numbers:
                numbers[term] = terms.number(_text(term))
            results[int(row.value[2:])] = numbers[term]
    return results[codes]


def _read(table: Table, expression: Expression, terms: Terms) -> Indices | None:
    """Return the terms of a function of one variable that is read off the terms; None for any other."""
    if not isinstance(expression, Call) or expression.function not in ("LANG", "STRLEN"):
        return None
    argument = expression.arguments[0]
    if not isinstance(argument, Variable):
        return None
    column = table.column(argument)
    return terms.languages(column) if expression.function == "LANG" else terms.string_lengths(column)


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
