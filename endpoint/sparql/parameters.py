"""Binding the parameters of a saved query: whole variable tokens become RDF terms.

A value can only ever be one term, because it enters the text as the serialization of an RDF term
in the place of one token; strings, comments and IRIs are never touched. Several values are a VALUES
block (SPARQL 1.1 Query Language, section 10.2), or a list where the grammar has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from endpoint.sparql.lexer import Kind, Token, lex, position_of
from endpoint.sparql.parameter_sites import ParameterSite, Place, parameter_sites

Term = NamedNode | Literal
Value = NamedNode | Literal | int | tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class MisplacedParameter:
    """A parameter in a place that takes no value. ``line`` and ``column`` count from 1, in characters."""

    line: int
    column: int
    sentence: str


class Edit(NamedTuple):
    """``written`` in place of the text from ``start`` to ``end``."""

    start: int
    end: int
    written: str


class Span(NamedTuple):
    """A part of a text, from ``start`` to ``end``."""

    start: int
    end: int


class Bound(NamedTuple):
    """A text with values in place of its parameters, and the spans of the values."""

    text: str
    spans: tuple[Span, ...]


def variables(text: str) -> frozenset[str]:
    """Return the names of all variables of a query, without ``?`` or ``$``."""
    return frozenset(token.text[1:] for token in lex(text).tokens if token.kind is Kind.VAR)


def bind(text: str, values: Mapping[str, Value]) -> str:
    """Return ``text`` with ``values`` in place of the variables of these names (without ``?`` or ``$``).

    A projected variable becomes ``(term AS ?name)``, one grouped or ordered by ``(term)``,
    ``BOUND(?name)`` becomes ``true``, and after LIMIT and OFFSET a number is written bare.
    Variables without a value stay variables. Lone surrogates cannot reach here: no Literal has them.

    Several terms, as a tuple, fill the VALUES block that the variable heads; where it heads none they
    are listed in ``IN (…)``, in the data of VALUES and after DESCRIBE, and any other group with
    the variable gets a VALUES block of its own. The empty tuple means that a parameter is absent: its
    VALUES block and its LIMIT or OFFSET are left out.

    Raises :class:`ValueError` where no value is allowed (:func:`misplaced_parameters`), where LIMIT or
    OFFSET gets no whole number from 0, and where an int is given for any other place.
    """
    return bind_marked(text, values).text


def bind_marked(text: str, values: Mapping[str, Value]) -> Bound:
    """Return the result of :func:`bind` with the places of the values. Raises as it does."""
    pieces: list[str] = []
    spans: list[Span] = []
    position = length = 0
    for start, end, written in edits(text, values):
        pieces += text[position:start], written
        length += start - position
        blanks = len(written) - len(written.lstrip())
        if value := written.strip():
            spans.append(Span(length + blanks, length + blanks + len(value)))
        length += len(written)
        position = end
    pieces.append(text[position:])
    return Bound("".join(pieces), tuple(spans))


def edits(text: str, values: Mapping[str, Value]) -> list[Edit]:
    """Return the changes that :func:`bind` makes, in the order of the text. Raises as it does."""
    changes: list[Edit] = []
    by_name: dict[str, list[ParameterSite]] = {}
    for site in parameter_sites(text, values):
        by_name.setdefault(site.name, []).append(site)
    for name, places in by_name.items():
        value = values[name]
        if isinstance(value, tuple):
            changes.extend(_several(places, value) if value else _absent(places))
        else:
            changes.extend(_single(text, place, value) for place in places)
    return [Edit(row.start, row.end, _apart(text, *row)) for row in sorted(changes)]


def misplaced_parameters(
    text: str, names: Iterable[str], multiple: Iterable[str] = ()
) -> list[MisplacedParameter]:
    """Return the parameters among ``names`` in places where only a variable is allowed.

    Those that are ``multiple`` too may take several values at once.
    """
    several = frozenset(multiple)
    places = parameter_sites(text, {*names, *several})
    heading = {place.name for place in places if place.data is not None}
    return [
        MisplacedParameter(*position_of(text, place.token.start), sentence.format(place.token.text))
        for place in places
        if (sentence := _refusal(place, place.name in several, place.name in heading)) is not None
    ]


_REFUSALS = {
    Place.ASSIGNED: "The parameter {} stands after AS, where a result gets its name. Use another name.",
    Place.VALUES_HEAD: "The parameter {} heads a VALUES block. Use another name, and it as a value.",
}
_REFUSALS_OF_SEVERAL = {
    Place.ASSIGNED: _REFUSALS[Place.ASSIGNED],
    Place.VALUES_HEAD: "The parameter {} of several values heads a VALUES block beside other variables. "
    "Give it a block of its own.",
    Place.VALUES_ROW: "The parameter {} takes several values, and stands in a row of VALUES. "
    "Give it a VALUES block of its own.",
    Place.NUMBER: "The parameter {} takes several values, and LIMIT and OFFSET take one number.",
}
_SHORT = (
    "The parameter {} takes several values, which CONSTRUCT WHERE cannot hold. Write the template and WHERE."
)


def _refusal(place: ParameterSite, several: bool, heading: bool) -> str | None:
    if not several:
        return _REFUSALS.get(place.place)
    if place.place is Place.VALUES_HEAD and place.data is not None:
        return None
    solutions = place.group.solutions
    if not heading and solutions is not None and solutions.short:
        return _SHORT
    return _REFUSALS_OF_SEVERAL.get(place.place)


def _single(text: str, place: ParameterSite, value: Term | int) -> Edit:
    if place.place is Place.PROJECTED and place.above:
        # An outer SELECT gives the variable the same value, and may not find it bound already.
        return Edit(place.start, place.end, f"({_term(place.token, value)} AS ?{_fresh(text, place)})")
    start = place.token.start if place.place in (Place.NUMBER, Place.VALUES_HEAD) else place.start
    end = place.token.end if place.place is Place.VALUES_HEAD else place.end
    return Edit(start, end, _WRITERS.get(place.place, _term)(place.token, value))


def _fresh(text: str, place: ParameterSite) -> str:
    taken = variables(text)
    name = f"{place.name}_{place.above}"
    while name in taken:
        name += "_"
    return name


def _several(places: list[ParameterSite], terms: tuple[Term, ...]) -> Iterator[Edit]:
    heads = [place for place in places if place.data is not None]
    heading = bool(heads)
    for place in places:
        if (sentence := _refusal(place, True, heading)) is not None:
            raise ValueError(sentence.format(place.token.text))
    for place in heads:
        start, end = place.data or (0, 0)
        row = "({})" if place.parenthesized else "{}"
        yield Edit(start, end, " " + " ".join(row.format(term) for term in terms) + " ")
    if heads:
        return
    groups = {}
    for place in places:
        separator = _SEPARATORS.get(place.place)
        solutions = place.group.solutions
        if separator is not None:
            yield Edit(place.start, place.end, separator.join(map(str, terms)))
        elif solutions is not None:
            groups[solutions.start] = place.token.text
    for start, variable in groups.items():
        yield Edit(start, start, f" VALUES {variable} {{ {' '.join(map(str, terms))} }} ")


def _absent(places: list[ParameterSite]) -> Iterator[Edit]:
    for place in places:
        if place.data is not None:
            # An empty group separates the patterns around it as the block did; nothing may follow the query.
            yield Edit(place.start, place.end, "{}" if place.inside else "")
        elif place.place is Place.NUMBER:
            yield Edit(place.start, place.end, "")


def _apart(text: str, start: int, end: int, written: str) -> str:
    # A term must not run into its neighbours: ""?v would open a long string, ?v-1 extend a language tag.
    before = "" if start == 0 or text[start - 1] in " \t\r\n([{,;" else " "
    after = "" if end == len(text) or text[end] in " \t\r\n)]},;" else " "
    return f"{before}{written}{after}"


def _term(token: Token, value: Term | int) -> str:
    if isinstance(value, int):
        raise ValueError(
            f"{token.text} stands for a term of the data: give a Literal or an IRI, not a bare number."
        )
    return str(value)


def _number(token: Token, value: Term | int) -> str:
    digits = value.value if isinstance(value, Literal) else str(value)
    if isinstance(value, bool) or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{token.text} stands after LIMIT or OFFSET: give a whole number from 0.")
    return digits


def _refuse(token: Token, value: Term | int) -> str:
    raise ValueError(
        f"{token.text} stands where only a variable can stand, so it cannot be given the value {value}."
    )


_SEPARATORS = {Place.IN_LIST: ", ", Place.VALUES_DATA: " ", Place.DESCRIBED: " "}
_WRITERS: dict[Place, Callable[[Token, Term | int], str]] = {
    Place.PROJECTED: lambda token, value: f"({_term(token, value)} AS {token.text})",
    Place.CONDITION: lambda token, value: f"({_term(token, value)})",
    Place.BOUND: lambda token, value: "true",
    Place.NUMBER: _number,
    Place.ASSIGNED: _refuse,
    Place.VALUES_HEAD: _refuse,
}
