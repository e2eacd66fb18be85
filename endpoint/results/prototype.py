"""Prototypes of SPARQL Transformer: what one result should look like, as an object of JSON.

``{"id": "?book", "title": "?title$langTag:hide"}`` has a member for each key; a text that begins with a
question mark is a variable, with modifiers after ``$`` signs, and anything else a constant. The anchor of
an object, on which rows are merged, is its member ``@id`` or ``id``, or the one named as ``$anchor``. Read
when a saved query is loaded, for what has no effect, and again by the worker, for the columns of an answer.
https://github.com/D2KLab/sparql-transformer has the documentation that this follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from pyoxigraph import Literal

from endpoint.errors import did_you_mean, shown
from endpoint.formats import Plain
from endpoint.results.terms import Term, native

_IDS: Final = ("@id", "id")
_OF_OBJECTS: Final = ("$anchor", "$list", "$asList")
_OF_ALL: Final = ("$langTag", "$limit", "$offset")
_LISTED: Final = ("list", "asList")
_KNOWN: Final = ("accept", "anchor", "langTag", *_LISTED)
# What stands in the SPARQL text, where the prototype is not the query itself.
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
    """A member from the column at ``index``; ``tags`` are the keys of language and value, if told."""

    index: int | None
    listed: bool
    accepted: tuple[type, ...]
    tags: tuple[str, str] | None

    def read(self, row: Sequence[Term | None]) -> Plain:
        """The JSON value; None where the variable is unbound or its value of another kind."""
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

    ``context`` is the @context of JSON-LD, if it has one; of all objects ``limit`` after the first
    ``offset`` are wanted. ``complaints`` tell what of it has no effect.
    """

    root: Shape
    columns: tuple[str, ...]
    context: Plain = None
    offset: int = 0
    limit: int | None = None
    complaints: tuple[str, ...] = ()


def read_prototype(told: Mapping[str, Plain], names: Sequence[str]) -> Prototype:
    """Read the prototype ``told``, whose variables are among ``names`` (without question mark)."""
    graph = told.get("@graph")
    inner = graph[0] if isinstance(graph, list) and graph else graph
    root = inner if isinstance(inner, Mapping) else told
    reader = _Reader(names, "@graph" in told, told.get("$langTag"))
    if root is not told:
        beside = [shown(key) for key in told if key not in ("@context", "@graph", *_OF_ALL)]
        reader.complaints += [f'"{key}" beside "@graph" has no effect.' for key in beside]
    if reader.language not in (None, *_SHOWN):
        reader.complaints.append(f'"$langTag" is one of {", ".join(_SHOWN)}.')
    shape = reader.shape(root, root is told)
    if not shape.variable:
        reader.complaints.append("No member of it comes from the query: write its variable, as ?name.")
    limit, offset = (reader.number(key, told.get(key)) for key in ("$limit", "$offset"))
    return Prototype(
        root=shape,
        columns=tuple(key for key, _ in shape.members),
        context=told.get("@context") if root is not told else None,
        offset=offset or 0,
        limit=limit,
        complaints=tuple(dict.fromkeys(reader.complaints)),
    )


@dataclass(slots=True)
class _Reader:
    """Reads one prototype; ``json_ld`` and ``language`` decide how texts in a language look."""

    names: Sequence[str]
    json_ld: bool
    language: Plain
    complaints: list[str] = field(default_factory=list)

    def shape(self, told: Mapping[str, Plain], is_root: bool = False, listed: bool = False) -> Shape:
        for key in told:
            known = (*_OF_OBJECTS, *(_OF_ALL if is_root else ()))
            if key.startswith("$") and key not in known:
                self.complaints.append(f'"{shown(key)}" is no key of a prototype{did_you_mean(key, known)}')
        members = [(key, self.part(key, value)) for key, value in told.items() if not key.startswith("$")]
        anchored = self._anchor(told)
        anchor = dict(members).get(anchored) if anchored is not None else None
        made = tuple((name, part) for name, part in members if part is not None)
        if isinstance(anchor, Variable):
            # A list on the anchor is about the object: of one object there is one anchor.
            listed = listed or anchor.listed
            anchor = replace(anchor, listed=False)
            made = tuple((name, anchor if name == anchored else part) for name, part in made)
        else:
            if anchor is not None and "$anchor" in told:
                self.complaints.append(f'"$anchor" names "{shown(str(anchored))}", which is no variable.')
            anchor = None
        listed = listed or any(told.get(flag) is True for flag in ("$list", "$asList"))
        return Shape(made, anchor, listed, any(_varies(part) for _, part in made))

    def _anchor(self, told: Mapping[str, Plain]) -> str | None:
        """The member on which rows are merged."""
        given = told.get("$anchor")
        if given is not None:
            if isinstance(given, str) and given in told:
                return given
            self.complaints.append(f'"$anchor" names no member of its object: {shown(str(given))}.')
        marked = (
            key for key, value in told.items() if isinstance(value, str) and "anchor" in value.split("$")[1:]
        )
        return next(marked, next((key for key in _IDS if key in told), None))

    def part(self, key: str, told: Plain) -> Part | None:
        if isinstance(told, dict):
            return self.shape(told)
        if isinstance(told, list):
            if len(told) == 1 and isinstance(told[0], dict):
                return self.shape(told[0], listed=True)
            parts = tuple(part for item in told if (part := self.part(key, item)) is not None)
            return Several(parts) if any(map(_varies, parts)) else Constant(told)
        if isinstance(told, str) and told.startswith("$"):
            self.complaints.append(
                f'"{shown(key)}" takes a property, "{shown(told)}"; write the pattern in the query and its '
                "variable here."
            )
            return None
        if isinstance(told, str) and told.startswith("?"):
            return self._variable(key, told)
        return Constant(told)

    def _variable(self, key: str, told: str) -> Variable:
        name, *modifiers = told[1:].split("$")
        if name not in self.names:
            near = did_you_mean(name, list(self.names))
            self.complaints.append(f'The query has no variable "?{shown(name)}"{near}')
        language, listed = self.language, False
        accepted: tuple[type, ...] = ()
        for modifier in modifiers:
            head, _, option = modifier.partition(":")
            if head == "langTag":
                language = self._choice(told, option, _SHOWN)
            elif head == "accept":
                accepted = _ACCEPTED.get(self._choice(told, option, tuple(_ACCEPTED)) or "", ())
            elif head in _LISTED:
                listed = True
            elif head != "anchor":
                self._refuse(key, modifier, head)
        tags = ("@language", "@value") if self.json_ld else ("language", "value")
        index = self.names.index(name) if name in self.names else None
        return Variable(index, listed, accepted, None if language == "hide" else tags)

    def _choice(self, told: str, option: str, known: Sequence[str]) -> str | None:
        if option in known:
            return option
        self.complaints.append(f'"{shown(told)}": "{shown(option)}" is none of {", ".join(known)}.')
        return None

    def _refuse(self, key: str, modifier: str, head: str) -> None:
        if head in _OF_QUERIES:
            why = "is part of a query of SPARQL Transformer; write in SPARQL what it says."
        else:
            why = f"is no modifier{did_you_mean(head, _KNOWN)}"
        self.complaints.append(f'"${shown(modifier)}" of "{shown(key)}" {why}')

    def number(self, key: str, told: Plain) -> int | None:
        """A whole number from 0, if one is told."""
        if told is None or (isinstance(told, int) and not isinstance(told, bool) and told >= 0):
            return told
        self.complaints.append(f'"{key}" takes a whole number from 0.')
        return None


def _varies(part: Part | None) -> bool:
    if isinstance(part, Shape):
        return part.variable
    return isinstance(part, Variable | Several)
