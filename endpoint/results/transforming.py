"""Worker side: rows as nested objects of a prototype, merged as SPARQL Transformer merges them.

Rows that agree in the anchor of an object are one object, whose members collect their different values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import cast

from pyoxigraph import Literal

from endpoint.formats import Plain
from endpoint.results.prototype import Constant, Part, Prototype, Several, Shape, Variable
from endpoint.results.terms import Rows, Term


class _Object:
    """What the rows have told of one object: the different values of each member, in their order."""

    __slots__ = ("_found", "_shape", "bound")

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._found: list[dict[object, object]] = [{} for _ in shape.members]
        self.bound = False

    def add(self, row: Sequence[Term | None]) -> None:
        """Take what a row says."""
        for (_, part), found in zip(self._shape.members, self._found, strict=True):
            if _take(part, row, found):
                self.bound = True

    def plain(self) -> dict[str, Plain]:
        """The object; members without a value are left out, one value stands alone."""
        made: dict[str, Plain] = {}
        for (key, part), found in zip(self._shape.members, self._found, strict=True):
            values = [row.plain() if isinstance(row, _Object) else row for row in found.values()]
            if values:
                made[key] = cast(Plain, values if part.listed or len(values) > 1 else values[0])
        return made


def _take(part: Part, row: Sequence[Term | None], found: dict[object, object]) -> bool:
    """Put what ``row`` has for a part into ``found``; tells whether a variable was bound."""
    if isinstance(part, Variable):
        value = part.read(row)
        if value is not None:
            found.setdefault(_identity(value), value)
        return value is not None
    if isinstance(part, Constant):
        found.setdefault(None, part.value)
        return False
    if isinstance(part, Several):
        bound = [_take(inner, row, found) for inner in part.parts]
        return any(bound)
    anchor = None if part.anchor is None else part.anchor.read(row)
    if anchor is not None:
        identity = _identity(anchor)
        if identity not in found:
            found[identity] = _Object(part)
        cast(_Object, found[identity]).add(row)
        return True
    alone = _Object(part)
    alone.add(row)
    if alone.bound or not part.variable:
        plain = alone.plain()
        found.setdefault(json.dumps(plain), plain)
    return alone.bound


def _identity(value: Plain) -> object:
    # For Python 1, 1.0 and true are one key.
    return tuple(value.items()) if isinstance(value, dict) else (type(value), value)


def objects(rows: Iterable[Iterable[Term | None]], prototype: Prototype) -> Iterator[dict[str, Plain]]:
    """The objects in the order of their first rows.

    Without an anchor each row is one and nothing is kept; with one all rows are read before the first.
    """
    made = _merged(rows, prototype.root) if prototype.root.anchor else _single(rows, prototype.root)
    end = None if prototype.limit is None else prototype.offset + prototype.limit
    return islice(made, prototype.offset, end)


def _single(rows: Iterable[Iterable[Term | None]], shape: Shape) -> Iterator[dict[str, Plain]]:
    for row in rows:
        alone = _Object(shape)
        alone.add(tuple(row))
        yield alone.plain()


def _merged(rows: Iterable[Iterable[Term | None]], shape: Shape) -> Iterator[dict[str, Plain]]:
    known: dict[object, _Object] = {}
    alone = count()
    for row in rows:
        terms = tuple(row)
        anchor = None if shape.anchor is None else shape.anchor.read(terms)
        # A row without the anchor is an object of its own.
        identity = next(alone) if anchor is None else _identity(anchor)
        if (found := known.get(identity)) is None:
            found = known[identity] = _Object(shape)
        found.add(terms)
    for found in known.values():
        yield found.plain()


def transformed(rows: Rows, prototype: Prototype) -> Rows:
    """The objects as rows of one literal each, its JSON text: they are paged as rows are."""
    texts = (json.dumps(row, ensure_ascii=False) for row in objects(rows.rows, prototype))
    return Rows(list(prototype.columns), ([Literal(text)] for text in texts))


def transformed_json(rows: Rows, context: Plain, envelope: bool = False) -> Iterator[str]:
    """The rows of :func:`transformed` as flat JSON has them, with the context of JSON-LD before."""
    yield "" if envelope else "{"
    if context is not None:
        yield f'"@context": {json.dumps(context, ensure_ascii=False)}, '
    yield f'"columns": {json.dumps(rows.names, ensure_ascii=False)}, "rows": ['
    separator = "\n"
    for row in rows.rows:
        (text,) = row
        yield separator + cast(Literal, text).value
        separator = ",\n"
    yield "\n]}\n"
