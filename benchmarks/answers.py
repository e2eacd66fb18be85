"""Whether two servers answered a query alike: triples as a set, solutions as a bag or a sequence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pyoxigraph import BlankNode, RdfFormat, parse

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
# Digits to which computed numbers are compared: servers end a division after 15 digits, 18 or more.
_DIGITS: Final = 12

Row = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Solutions:
    """The rows of an answer in the order in which they came."""

    rows: tuple[Row, ...]

    def bag(self) -> Counter[Row]:
        """Return the rows without their order."""
        return Counter(self.rows)

    def runs(self, keys: Sequence[str]) -> list[tuple[Row, Counter[Row]]]:
        """Return the runs of rows that are equal in ``keys``, in order: the keys, and the rows as a bag."""
        found: list[tuple[Row, Counter[Row]]] = []
        for row in self.rows:
            key = tuple(cell for cell in row if cell[0] in keys)
            if not found or found[-1][0] != key:
                found.append((key, Counter()))
            found[-1][1][row] += 1
        return found


def read_solutions(answer: bytes) -> Solutions | bool:
    """Read SPARQL JSON. Raises :class:`ValueError` where it is none."""
    document = json.loads(answer)
    try:
        if "boolean" in document:
            return bool(document["boolean"])
        return Solutions(tuple(map(_row, document["results"]["bindings"])))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no SPARQL JSON: {answer[:200]!r}") from error


def _row(binding: dict[str, dict[str, Any]]) -> Row:
    return tuple(sorted((name, _term(term)) for name, term in binding.items()))


def _term(term: dict[str, Any]) -> tuple[str, ...]:
    kind, value = term["type"], str(term["value"])
    if kind == "bnode":
        return ("bnode",)
    if kind == "uri":
        return ("uri", value)
    datatype = term.get("datatype", "")
    if datatype in (f"{_XSD}decimal", f"{_XSD}double", f"{_XSD}float"):
        value = _rounded(value)
    # A string has its datatype or not, and servers of before 2013 call typed literals by another name.
    return (
        "literal",
        value,
        "" if datatype == f"{_XSD}string" else datatype,
        term.get("xml:lang", "").lower(),
    )


def _rounded(value: str) -> str:
    try:
        return f"{Decimal(value):.{_DIGITS}g}"
    except InvalidOperation:
        return value


def read_triples(answer: bytes) -> frozenset[tuple[str, str, str]]:
    """Read Turtle as a set of triples; blank nodes are all alike. Raises :class:`SyntaxError`."""
    return frozenset(
        (_text(quad.subject), str(quad.predicate), _text(quad.object))
        for quad in parse(answer, RdfFormat.TURTLE)
    )


def _text(term: object) -> str:
    return "_:" if isinstance(term, BlankNode) else str(term)


def difference(mine: bytes, other: bytes, keys: Sequence[str] = (), turtle: bool = False) -> str | None:
    """Return how two answers differ, in a few words; ``None`` where they are the same.

    Rows are compared in their order as far as the variables ``keys``, by which the query sorts, decide it.
    Of the first and the last run of rows that tie, only the number is compared, since LIMIT and OFFSET may
    cut them.

    Raises :class:`ValueError` or :class:`SyntaxError` where one of them cannot be read.
    """
    if turtle:
        triples = read_triples(mine), read_triples(other)
        return None if triples[0] == triples[1] else _sizes("triples", *map(len, triples))
    first, second = read_solutions(mine), read_solutions(other)
    if isinstance(first, bool) or isinstance(second, bool):
        return None if first is second else f"{first} and {second}"
    if len(first.rows) != len(second.rows):
        return _sizes("rows", len(first.rows), len(second.rows))
    if not keys:
        return None if first.bag() == second.bag() else _example(first, second)
    runs = first.runs(keys), second.runs(keys)
    if [(key, bag.total()) for key, bag in runs[0]] != [(key, bag.total()) for key, bag in runs[1]]:
        return f"rows in another order: {_example(first, second)}"
    inner = (run[1:-1] for run in runs)
    return None if next(inner) == next(inner) else _example(first, second)


def _sizes(what: str, first: int, second: int) -> str:
    return f"other {what} ({first} and {second})" if first == second else f"{first} and {second} {what}"


def _example(first: Solutions, second: Solutions) -> str:
    pairs = zip(first.rows, second.rows, strict=True)
    mine, other = next(((a, b) for a, b in pairs if a != b), ((), ()))
    shown = [" ".join(cell[1][min(1, len(cell[1]) - 1)][:40] for cell in row) for row in (mine, other)]
    return f"such as {shown[0]!r} and {shown[1]!r}"
