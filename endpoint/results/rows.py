"""Rows of a result as the serializers see them: terms, native values, and one page of the rows.

The engine evaluates lazily, so the rows before a page are skipped and those after it are never made;
the query itself is not touched. On one generation the same text gives the same sequence, so offset and
generation name a page. If the sequence differs, as between a generation in memory and the same one on
disk for a query without ORDER BY, the digest of the rows before the page shows it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from itertools import count, islice
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Triple

from endpoint.formats import Facts, Page
from endpoint.results.written import WrittenTriples
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
# Rows that are counted between two checks of the clock.
_STRIDE: Final = 4096
# Rows before a page that are compared with those that the client has seen; single rows may be alike.
MARKED: Final = 64


class Inexpressible(Exception):
    """The result has something that the chosen format cannot express; the message names it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Solutions with the names of their columns; a graph has subject, predicate and object.

    ``size`` is how many there are, None where only reading them tells.
    """

    names: list[str]
    rows: Iterator[Row]
    size: int | None = None


def rows_of(results: QuerySolutions | QueryTriples | WrittenTriples) -> Rows:
    """Return the rows of a result, taken from the engine one by one."""
    if isinstance(results, QueryTriples | WrittenTriples):
        return Rows(["subject", "predicate", "object"], ([t.subject, t.predicate, t.object] for t in results))
    return Rows([variable.value for variable in results.variables], results)


def native(term: Term | None) -> Value:
    """Return the JSON value of a term: numbers and booleans native where JSON can hold them, else text."""
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
    """Return a term as plain text: the IRI, the lexical form, nothing where unbound."""
    if term is None:
        return ""
    return term.value if isinstance(term, NamedNode | Literal) else str(term)


def take_page(rows: Iterator[Row], page: Page, size: int | None = None) -> tuple[list[Row], Facts]:
    """Return the rows of a page and its facts. Raises whatever evaluation raises.

    ``size`` is how many rows there are, None where only reading them tells.
    """
    passed = length(islice(rows, max(page.offset - MARKED, 0)))
    before = list(islice(rows, page.offset - passed))
    passed += len(before)
    if page.mark and (passed < page.offset or mark_of(before) != page.mark):
        return [], Facts(0, False, None, "", moved=True)
    taken = list(islice(rows, page.size))
    more = len(taken) == page.size and next(rows, None) is not None
    total: int | None = passed + len(taken)
    if more and page.counting and size is not None:
        total = size
    elif more:
        following = _count(rows, page.counting) if page.counting else None
        total = None if following is None else passed + len(taken) + 1 + following
    mark = mark_of((before + taken)[-MARKED:])
    return taken, Facts(len(taken), more, total, mark)


def mark_of(rows: Iterable[Row]) -> str:
    """Return a short digest of rows in their order."""
    digest = blake2b(digest_size=6)
    for row in rows:
        text = "\0".join("" if term is None else str(term) for term in row) + "\1"
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def length(rows: Iterable[object]) -> int:
    """Count the rows; consumes them."""
    counter = count()
    deque(zip(rows, counter, strict=False), maxlen=0)
    return next(counter)


def _count(rows: Iterator[Row], seconds: float) -> int | None:
    """Count the rows that follow; None when that takes longer than ``seconds``."""
    end = time.monotonic() + seconds
    counted = 0
    while (step := length(islice(rows, _STRIDE))) == _STRIDE:
        counted += step
        if time.monotonic() > end:
            return None
    return counted + step
