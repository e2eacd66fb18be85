"""Prototypes of SPARQL Transformer: the shape of one result as an object of JSON, and rows in that shape.

``{"id": "?book", "title": "?title$langTag:hide"}`` has a member for each key; a text that begins with a
question mark is a variable, with modifiers after ``$`` signs, and anything else a constant. The anchor of
an object, on which rows are merged, is its member ``@id`` or ``id``, or the one named as ``$anchor``. Read
when a saved query is loaded, for what has no effect, and again by the worker, for the columns of an answer.
https://github.com/D2KLab/sparql-transformer has the documentation that this follows.

Rows that agree in the anchor of an object are one object, whose members collect their different values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Final, TypeAlias, cast

from pyoxigraph import Literal

from endpoint.formats import Plain
from endpoint.results.rows import Rows, Term, native
from endpoint.wording import did_you_mean, shown

_IDS: Final = ("@id", "id")
_OF_OBJECTS: Final = ("$anchor", "$list", "$asList")
_OF_ALL: Final = ("$langTag", "$limit", "$offset")
_LISTED: Final = ("list", "asList")
_KNOWN: Final = ("accept", "anchor", "langTag", *_LISTED)
# Modifiers that belong into the SPARQL text, where the prototype is not the query itself.
_OF_QUERIES: Final = (
    "required", "lang", "bestlang", "var", "reverse", "prevRoot", "distinct",
    "sample", "count", "sum", "min", "max", "avg",
)  # fmt: skip
_ACCEPTED: Final[dict[str, tuple[type, ...]]] = {
    "string": (str, dict),
    "str": (str, dict),
    "number": (int, float),
    "int": (int,),
    "float": (float,),
    "boolean": (bool,),
    "bool": (bool,),
}
_SHOWN: Final = ("show", "hide")


@dataclass(frozen=True, slots=True)
class Constant:
    """A member that is the same in every object."""

    value: Plain
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A member from the column at ``index``; ``tags`` are the keys of language and value, if any."""

    index: int | None
    listed: bool
    accepted: tuple[type, ...]
    tags: tuple[str, str] | None

    def read(self, row: Sequence[Term | None]) -> Plain:
        """Return the JSON value; None where the variable is unbound or its value of another kind."""
        term = None if self.index is None else row[self.index]
        value: Plain = native(term)
        if self.tags is not None and isinstance(term, Literal) and term.language:
            value = {self.tags[0]: term.language, self.tags[1]: term.value}
        # bool is a subclass of int, and no number.
        fits = not self.accepted or (type(value) in self.accepted)
        return value if fits else None


@dataclass(frozen=True, slots=True)
class Several:
    """A member that is a list of several parts."""

    parts: tuple[Part, ...]
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """An object. ``variable``: some part of it comes from a column."""

    members: tuple[tuple[str, Part], ...]
    anchor: Variable | None
    listed: bool
    variable: bool


Part: TypeAlias = "Constant | Variable | Several | Shape"


@dataclass(frozen=True, slots=True)
class Prototype:
    """A prototype that was read. ``columns`` are the members of its objects.

    ``context`` is the @context of JSON-LD, if any. The result has at most ``limit`` objects after the first
    ``offset``. ``complaints`` name the parts that have no effect.
    """

    root: Shape
    columns: tuple[str, ...]
    context: Plain = None
    offset: int = 0
    limit: int | None = None
    complaints: tuple[str, ...] = ()


def read_prototype(written: Mapping[str, Plain], names: Sequence[str]) -> Prototype:
    """Read a prototype as ``written``, whose variables are among ``names`` (without question mark)."""
    graph = written.get("@graph")
    inner = graph[0] if isinstance(graph, list) and graph else graph
    root = inner if isinstance(inner, Mapping) else written
    reader = _PrototypeReader(names, "@graph" in written, written.get("$langTag"))
    if root is not written:
        beside = [shown(key) for key in written if key not in ("@context", "@graph", *_OF_ALL)]
        reader.complaints += [f'"{key}" beside "@graph" has no effect.' for key in beside]
    if reader.language not in (None, *_SHOWN):
        reader.complaints.append(f'"$langTag" is one of {", ".join(_SHOWN)}.')
    shape = reader.shape(root, root is written)
    if not shape.variable:
        reader.complaints.append("No member of it comes from the query: write its variable, as ?name.")
    limit, offset = (reader.number(key, written.get(key)) for key in ("$limit", "$offset"))
    return Prototype(
        root=shape,
        columns=tuple(key for key, _ in shape.members),
        context=written.get("@context") if root is not written else None,
        offset=offset or 0,
        limit=limit,
        complaints=tuple(dict.fromkeys(reader.complaints)),
    )


@dataclass(slots=True)
class _PrototypeReader:
    """The reader of one prototype; ``json_ld`` and ``language`` decide how texts in a language look."""

    names: Sequence[str]
    json_ld: bool
    language: Plain
    complaints: list[str] = field(default_factory=list)

    def shape(self, written: Mapping[str, Plain], is_root: bool = False, listed: bool = False) -> Shape:
        for key in written:
            known = (*_OF_OBJECTS, *(_OF_ALL if is_root else ()))
            if key.startswith("$") and key not in known:
                self.complaints.append(f'"{shown(key)}" is no key of a prototype{did_you_mean(key, known)}')
        members = [(key, self.part(key, value)) for key, value in written.items() if not key.startswith("$")]
        anchored = self._anchor(written)
        anchor = dict(members).get(anchored) if anchored is not None else None
        made = tuple((name, part) for name, part in members if part is not None)
        if isinstance(anchor, Variable):
            # A list on the anchor applies to the object, because an object has one anchor.
            listed = listed or anchor.listed
            anchor = replace(anchor, listed=False)
            made = tuple((name, anchor if name == anchored else part) for name, part in made)
        else:
            if anchor is not None and "$anchor" in written:
                self.complaints.append(f'"$anchor" names "{shown(str(anchored))}", which is no variable.')
            anchor = None
        listed = listed or any(written.get(flag) is True for flag in ("$list", "$asList"))
        return Shape(made, anchor, listed, any(_varies(part) for _, part in made))

    def _anchor(self, written: Mapping[str, Plain]) -> str | None:
        """Return the member on which rows are merged."""
        given = written.get("$anchor")
        if given is not None:
            if isinstance(given, str) and given in written:
                return given
            self.complaints.append(f'"$anchor" names no member of its object: {shown(str(given))}.')
        marked = (
            key
            for key, value in written.items()
            if isinstance(value, str) and "anchor" in value.split("$")[1:]
        )
        return next(marked, next((key for key in _IDS if key in written), None))

    def part(self, key: str, written: Plain) -> Part | None:
        if isinstance(written, dict):
            return self.shape(written)
        if isinstance(written, list):
            if len(written) == 1 and isinstance(written[0], dict):
                return self.shape(written[0], listed=True)
            parts = tuple(part for item in written if (part := self.part(key, item)) is not None)
            return Several(parts) if any(map(_varies, parts)) else Constant(written)
        if isinstance(written, str) and written.startswith("$"):
            self.complaints.append(
                f'"{shown(key)}" takes a property, "{shown(written)}"; write the pattern in the query and '
                "its variable here."
            )
            return None
        if isinstance(written, str) and written.startswith("?"):
            return self._variable(key, written)
        return Constant(written)

    def _variable(self, key: str, written: str) -> Variable:
        name, *modifiers = written[1:].split("$")
        if name not in self.names:
            near = did_you_mean(name, list(self.names))
            self.complaints.append(f'The query has no variable "?{shown(name)}"{near}')
        language, listed = self.language, False
        accepted: tuple[type, ...] = ()
        for modifier in modifiers:
            head, _, option = modifier.partition(":")
            if head == "langTag":
                language = self._choice(written, option, _SHOWN)
            elif head == "accept":
                accepted = _ACCEPTED.get(self._choice(written, option, tuple(_ACCEPTED)) or "", ())
            elif head in _LISTED:
                listed = True
            elif head != "anchor":
                self._refuse(key, modifier, head)
        tags = ("@language", "@value") if self.json_ld else ("language", "value")
        index = self.names.index(name) if name in self.names else None
        return Variable(index, listed, accepted, None if language == "hide" else tags)

    def _choice(self, written: str, option: str, known: Sequence[str]) -> str | None:
        if option in known:
            return option
        self.complaints.append(f'"{shown(written)}": "{shown(option)}" is none of {", ".join(known)}.')
        return None

    def _refuse(self, key: str, modifier: str, head: str) -> None:
        if head in _OF_QUERIES:
            why = "is part of a query of SPARQL Transformer; write in SPARQL what it says."
        else:
            why = f"is no modifier{did_you_mean(head, _KNOWN)}"
        self.complaints.append(f'"${shown(modifier)}" of "{shown(key)}" {why}')

    def number(self, key: str, written: Plain) -> int | None:
        """Return a whole number from 0, or None where something else is written."""
        if written is None or (isinstance(written, int) and not isinstance(written, bool) and written >= 0):
            return written
        self.complaints.append(f'"{key}" takes a whole number from 0.')
        return None


def _varies(part: Part | None) -> bool:
    if isinstance(part, Shape):
        return part.variable
    return isinstance(part, Variable | Several)


class _Object:
    """One object, collected from rows: the different values of each member, in their order."""

    __slots__ = ("_collected", "_shape", "bound")

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._collected: list[dict[object, object]] = [{} for _ in shape.members]
        self.bound = False

    def add(self, row: Sequence[Term | None]) -> None:
        """Add the values of a row."""
        for (_, part), collected in zip(self._shape.members, self._collected, strict=True):
            if _take(part, row, collected):
                self.bound = True

    def plain(self) -> dict[str, Plain]:
        """Return the object, without members that have no value; a single value is no list."""
        made: dict[str, Plain] = {}
        for (key, part), collected in zip(self._shape.members, self._collected, strict=True):
            values = [row.plain() if isinstance(row, _Object) else row for row in collected.values()]
            if values:
                made[key] = cast(Plain, values if part.listed or len(values) > 1 else values[0])
        return made


def _take(part: Part, row: Sequence[Term | None], collected: dict[object, object]) -> bool:
    """Add the values of ``row`` for a part to ``collected``; return whether a variable was bound."""
    if isinstance(part, Variable):
        value = part.read(row)
        if value is not None:
            collected.setdefault(_identity(value), value)
        return value is not None
    if isinstance(part, Constant):
        collected.setdefault(None, part.value)
        return False
    if isinstance(part, Several):
        bound = [_take(inner, row, collected) for inner in part.parts]
        return any(bound)
    anchor = None if part.anchor is None else part.anchor.read(row)
    if anchor is not None:
        identity = _identity(anchor)
        if identity not in collected:
            collected[identity] = _Object(part)
        cast(_Object, collected[identity]).add(row)
        return True
    alone = _Object(part)
    alone.add(row)
    if alone.bound or not part.variable:
        plain = alone.plain()
        collected.setdefault(json.dumps(plain), plain)
    return alone.bound


def _identity(value: Plain) -> object:
    # For Python 1, 1.0 and true are one key.
    return tuple(value.items()) if isinstance(value, dict) else (type(value), value)


def objects(rows: Iterable[Iterable[Term | None]], prototype: Prototype) -> Iterator[dict[str, Plain]]:
    """Yield the objects in the order of their first rows.

    Without an anchor each row is an object and nothing is kept; with one, all rows are read first.
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
        if (merged := known.get(identity)) is None:
            merged = known[identity] = _Object(shape)
        merged.add(terms)
    for merged in known.values():
        yield merged.plain()


def transformed(rows: Rows, prototype: Prototype) -> Rows:
    """Return the objects as rows of one literal each, its JSON text: they are paged as rows are."""
    texts = (json.dumps(row, ensure_ascii=False) for row in objects(rows.rows, prototype))
    return Rows(list(prototype.columns), ([Literal(text)] for text in texts))


def transformed_json(rows: Rows, context: Plain, envelope: bool = False) -> Iterator[str]:
    """Yield the rows of :func:`transformed` as flat JSON has them, with the context of JSON-LD before."""
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
