"""Terms and rows of a result, as the writers of the formats see them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Triple

from endpoint.vocabulary import XSD

Results = QuerySolutions | QueryTriples | QueryBoolean
Term = NamedNode | BlankNode | Literal | Triple
Row = Iterable[Term | None]
Value = str | int | float | bool | None

WHOLE: Final = frozenset(
    XSD + name
    for name in (
        *("integer", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
)
REAL: Final = frozenset(XSD + name for name in ("double", "float"))


class Inexpressible(Exception):
    """The result holds something that the chosen format cannot say; the message names it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Solutions with the names of their columns; a graph has subject, predicate and object."""

    names: list[str]
    rows: Iterator[Row]


def rows_of(results: QuerySolutions | QueryTriples) -> Rows:
    """The rows of a result, taken from the engine one by one."""
    if isinstance(results, QueryTriples):
        return Rows(["subject", "predicate", "object"], ([t.subject, t.predicate, t.object] for t in results))
    return Rows([variable.value for variable in results.variables], results)


def native(term: Term | None) -> Value:
    """The JSON value of a term: numbers and booleans native where JSON can hold them, else text."""
    if isinstance(term, Literal):
        return _native_literal(term)
    if term is None:
        return None
    return term.value if isinstance(term, NamedNode) else str(term)


def _native_literal(term: Literal) -> str | int | float | bool:
    datatype, text = term.datatype.value, term.value
    try:
        # Beyond 53 bits a number loses digits in JavaScript: it stays text.
        if datatype in WHOLE and abs(whole := int(text)) < 2**53:
            return whole
        if datatype == XSD + "decimal":
            return real if Decimal(repr(real := float(text))) == Decimal(text) else text
        if datatype in REAL and abs(real := float(text)) < float("inf"):
            return real
    except (ValueError, ArithmeticError):
        return text
    if datatype == XSD + "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text, text)
    return text


def shown(term: Term | None) -> str:
    """A term as plain text: the IRI, the lexical form, nothing where unbound."""
    if term is None:
        return ""
    return term.value if isinstance(term, NamedNode | Literal) else str(term)
