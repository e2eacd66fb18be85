"""Expressions over terms, computed by the engine itself: once for each different combination of terms.

What a function returns is thereby the engine's own, to the last letter. The terms are statements of
their own, since neither a blank node nor what is unbound can be written in a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode, QueryResultsFormat, Variable, parse_query_results

from endpoint.columns.evaluation.known import Results
from endpoint.columns.evaluation.tables import Key, Table, codes_of, first_rows
from endpoint.columns.evaluation.terms import UNBOUND, Terms
from endpoint.columns.sets import Indices
from endpoint.sparql.algebra import Call, Expression, FunctionCall
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import XSD

# Combinations of terms over which the engine evaluates a whole query as fast, unless so many solutions have
# each of them; and those that are computed at once.
_MOST: Final = 20_000
_SHARED: Final = 4
# How the name of a row begins.
_ROW: Final = b"<i:"
# Literals, IRIs and blank nodes; and what has escapes in them, or should have some.
_ALIKE: Final = (b'"', b"<", b"_")
_ESCAPED: Final = re.compile(rb"[\x00-\x1f\x7f\\]")
# Terms of which the results are asked for in about the time in which kept ones are found.
_FEW: Final = 20
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
_OPERATORS: Final = _INFIX | {"!", "IN", "NOT IN"}
_CASTS: Final = frozenset(
    f"{XSD}{name}"
    for name in ("string", "boolean", "integer", "decimal", "double", "float", "dateTime", "date")
)


class ManyTerms(Unsupported):
    """An expression would be computed of more terms than the engine evaluates as fast in a whole query."""


def is_computed(call: Call | FunctionCall) -> bool:
    """Return whether what a call returns depends on its arguments only, as far as is known here."""
    if isinstance(call, FunctionCall):
        return call.name.value in _CASTS
    return call.function in _FUNCTIONS or call.function in _OPERATORS


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
    names: dict[Key, str] = {}
    for variable, expression in steps:
        for key in (*variables_of(expression), variable):
            # By their places, so that the same functions of another variable are the same query.
            names.setdefault(key, f"?v{len(names)}")
    variables = [key for key in names if key in table.columns]
    columns = [table.columns[key] for key in variables]
    codes, number = codes_of(columns, table.size) if columns else (np.zeros(table.size, np.int64), 1)
    if not terms.exhaustive and number > max(_MOST, table.size // _SHARED):
        raise ManyTerms("an expression is computed of very many terms")
    rows = first_rows(codes, number) if columns else np.zeros(0, np.int64)
    shown = [variable for variable, _ in steps if variable in wanted]
    query = _Query(
        " ".join(
            f"BIND({written(expression, names)} AS {names[variable]})" for variable, expression in steps
        ),
        [names[variable] for variable in variables],
        [names[variable] for variable in shown],
    )
    different = [column[rows] for column in columns]
    if len(different) == 1:
        found = _of_terms(query, different[0], terms)
    else:
        found = _of_rows(query, different, number, terms)
    return {variable: column[codes] for variable, column in zip(shown, found, strict=True)}


class _Query(NamedTuple):
    """Assignments as SPARQL, ``over`` variables that are known, and the variables that are ``shown``."""

    assignments: str
    over: Sequence[str]
    shown: Sequence[str]


def _of_terms(query: _Query, column: Indices, terms: Terms) -> NDArray[np.int64]:
    """Return what is shown for different terms, which are in order; each is asked of the engine once."""
    key = (query.assignments, *query.shown)
    known, results = terms.kept.get(key, (np.zeros(0, np.int64), np.zeros((len(query.shown), 0), np.int64)))
    missing = np.setdiff1d(column, known, assume_unique=True)
    if len(missing):
        known = np.concatenate([known, missing])
        order = np.argsort(known)
        found = _kept(query, missing, terms)
        known, results = known[order], np.concatenate([results, found], axis=1)[:, order]
        terms.kept[key] = known, results
    return results[:, np.searchsorted(known, column)]


def _kept(query: _Query, column: Indices, terms: Terms) -> NDArray[np.int64]:
    """Return what is shown for different terms, which is kept from one evaluation to another."""
    if not _FEW <= len(column) <= _MOST:
        return _of_rows(query, [column], len(column), terms)
    key = str(terms.base), query.assignments, *query.shown, _identity(column, terms)
    results = terms.results.get(key)
    if results is None:
        results = _asked(query, [column], len(column), terms)
        terms.results.put(key, results, results.size() + len(key[-1]))
    return _numbered(results, terms)


def _identity(column: Indices, terms: Terms) -> bytes:
    """Return what only the same terms in the same order have, in every evaluation."""
    return column.tobytes() if terms.known(column) else b"\n".join(map(terms.text, column.tolist()))


def _of_rows(query: _Query, columns: Sequence[Indices], number: int, terms: Terms) -> NDArray[np.int64]:
    """Return what is shown for so many rows of different terms."""
    if number > _MOST:
        parts = [[column[at : at + _MOST] for column in columns] for at in range(0, number, _MOST)]
        return np.concatenate([_of_rows(query, part, len(part[0]), terms) for part in parts], axis=1)
    return _numbered(_asked(query, columns, number, terms), terms)


def _numbered(results: Results, terms: Terms) -> NDArray[np.int64]:
    # The last is what has no value.
    numbers = np.append(terms.computed_all(results.texts), UNBOUND)
    found: NDArray[np.int64] = numbers[results.places]
    return found


def _asked(query: _Query, columns: Sequence[Indices], number: int, terms: Terms) -> Results:
    """Ask the engine for what is shown for so many rows of different terms."""
    partial = not columns or any((column < 0).any() for column in columns)
    lines = [_ROW + b"%d> <p:> <p:> .\n" % place for place in range(number)] if partial else []
    for place, column in enumerate(columns):
        lines += [
            _ROW + b"%d> <p:%d> %s .\n" % (row, place, terms.text(term))
            for row, term in enumerate(column.tolist())
            if term >= 0
        ]
    patterns = [f"?row <p:{place}> {name}" for place, name in enumerate(query.over)]
    if partial:
        patterns = ["?row <p:> <p:>", *(f"OPTIONAL {{ {pattern} }}" for pattern in patterns)]
    base = f"BASE {terms.base}\n" if terms.base else ""
    shown = " ".join(query.shown)
    text = f"{base}SELECT ?row {shown} {{ {' . '.join(patterns)} {query.assignments} }}"
    written = terms.scratch(b"".join(lines), text).serialize(format=QueryResultsFormat.TSV) or b""
    # After the names of the variables; the last line is empty.
    rows = [line.split(b"\t") for line in written.split(b"\n")[1:-1]]
    places = [int(row[0][len(_ROW) : -1]) for row in rows]
    found = np.full((len(query.shown), number), UNBOUND, np.int64)
    known = {b"": UNBOUND}
    for place in range(len(query.shown)):
        cells = [row[place + 1] for row in rows]
        for cell in dict.fromkeys(cells):
            known.setdefault(cell, len(known) - 1)
        found[place, places] = [known[cell] for cell in cells]
    return Results(_read([*known][1:]), found)


def _read(cells: list[bytes]) -> list[bytes]:
    """Return terms as N-Triples writes them, which SPARQL 1.1 Query Results TSV writes so.

    Both write most alike, and to make an object of each takes longer than to compute it.
    """
    if any(cell.startswith(b"<<") for cell in cells):
        raise Unsupported("a function returns a triple term")
    others = [cell for cell in cells if cell[:1] not in _ALIKE or _ESCAPED.search(cell)]
    if not others:
        return cells
    read = parse_query_results(b"?x\n" + b"\n".join(others) + b"\n", QueryResultsFormat.TSV)
    texts = {cell: str(term).encode() for cell, (term,) in zip(others, read, strict=True)}  # type: ignore[arg-type]
    return [texts.get(cell, cell) for cell in cells]


def variables_of(expression: Expression) -> Iterator[Key]:
    """Yield the variables of an expression."""
    if isinstance(expression, Variable):
        yield expression
    elif isinstance(expression, Call | FunctionCall):
        for argument in expression.arguments:
            yield from variables_of(argument)
    elif not isinstance(expression, NamedNode | Literal):
        raise Unsupported("EXISTS is the engine's")


def written(expression: Expression, names: Mapping[Key, str]) -> str:
    """Return an expression as SPARQL, its variables with other ``names``.

    Raises :class:`Unsupported` for one that is not computed alone.
    """
    if isinstance(expression, Variable):
        return names[expression]
    if isinstance(expression, NamedNode | Literal):
        return str(expression)
    if not isinstance(expression, Call | FunctionCall):
        raise Unsupported("an expression is the engine's")
    arguments = [written(argument, names) for argument in expression.arguments]
    if isinstance(expression, FunctionCall):
        if expression.name.value not in _CASTS:
            raise Unsupported("a function is the engine's")
        return f"{expression.name}({', '.join(arguments)})"
    function = expression.function
    if len(arguments) == 1 and function in ("!", "-", "+"):
        return f"({function} {arguments[0]})"
    if function in _INFIX and len(arguments) == 2:
        return f"({arguments[0]} {function} {arguments[1]})"
    if function in ("IN", "NOT IN"):
        return f"({arguments[0]} {function} ({', '.join(arguments[1:])}))"
    if function in _FUNCTIONS:
        return f"{function}({', '.join(arguments)})"
    raise Unsupported(f"{function} is the engine's")
