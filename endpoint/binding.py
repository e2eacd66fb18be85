"""Binding the parameters of a saved query: whole variable tokens become RDF terms.

A value can only ever be one term, because it enters the text as the serialization of an RDF term
in the place of one token; strings, comments and IRIs are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from pyoxigraph import Literal, NamedNode

from endpoint.lexer import Context, Kind, Token, lex, position_of

Value = NamedNode | Literal | int


class _Place(Enum):
    TERM = auto()
    PROJECTED = auto()
    CONDITION = auto()
    BOUND = auto()
    NUMBER = auto()
    ASSIGNED = auto()
    VALUES_HEAD = auto()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a parameter cannot stand where it stands. ``line`` and ``column`` count from 1, in characters."""

    line: int
    column: int
    sentence: str


def variables(text: str) -> frozenset[str]:
    """The names of all variables of a query, without ``?`` or ``$``."""
    return frozenset(token.text[1:] for token in lex(text).tokens if token.kind is Kind.VAR)


def bind(text: str, values: Mapping[str, Value]) -> str:
    """Put ``values`` in place of the variables of these names (without ``?`` or ``$``).

    A projected variable becomes ``(term AS ?name)``, one grouped or ordered by ``(term)``,
    ``BOUND(?name)`` becomes ``true``, and after LIMIT and OFFSET a number is written bare.
    Variables without a value stay variables. Lone surrogates cannot reach here: no Literal holds them.

    Raises :class:`ValueError` where a value cannot stand (see :func:`bindable`), where LIMIT or OFFSET
    gets no whole number from 0, and where an int is given for any other place.
    """
    pieces: list[str] = []
    position = 0
    for start, end, place, token in _occurrences(text, values):
        written = _WRITERS[place](token, values[token.text[1:]])
        pieces.append(text[position:start])
        pieces.append(_apart(text, start, end, written))
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def bindable(text: str, names: Iterable[str]) -> list[Problem]:
    """Where a parameter among ``names`` stands in a place that takes a variable only."""
    return [
        Problem(*position_of(text, token.start), _REFUSALS[place].format(token.text))
        for _, _, place, token in _occurrences(text, frozenset(names))
        if place in _REFUSALS
    ]


_REFUSALS = {
    _Place.ASSIGNED: "The parameter {} stands after AS, where a result gets its name. Use another name.",
    _Place.VALUES_HEAD: "The parameter {} heads a VALUES block. Use another name, and it as a value.",
}


def _occurrences(text: str, names: Iterable[str]) -> Iterator[tuple[int, int, _Place, Token]]:
    """Start and end of what is to be replaced, the kind of place, and the variable's token."""
    wanted = frozenset(names)
    tokens = lex(text).tokens
    context = Context()
    for index, token in enumerate(tokens):
        if token.kind is Kind.VAR and token.text[1:] in wanted:
            place = _place(context)
            if place is _Place.BOUND and index + 1 < len(tokens):
                yield tokens[index - 2].start, tokens[index + 1].end, place, token
            else:
                yield token.start, token.end, place, token
        context.advance(token)


def _place(context: Context) -> _Place:
    last = context.tokens[-1].upper if context.tokens else ""
    before = context.tokens[-2].upper if len(context.tokens) > 1 else ""
    if last == "AS":
        return _Place.ASSIGNED
    if last in ("LIMIT", "OFFSET"):
        return _Place.NUMBER
    if context.in_values_head:
        return _Place.VALUES_HEAD
    if last == "(" and before == "BOUND":
        return _Place.BOUND
    if context.clause == "SELECT":
        return _Place.PROJECTED
    return _Place.CONDITION if context.clause else _Place.TERM


def _apart(text: str, start: int, end: int, written: str) -> str:
    # A term must not run into its neighbours: ""?v would open a long string, ?v-1 extend a language tag.
    before = "" if start == 0 or text[start - 1] in " \t\r\n([{,;" else " "
    after = "" if end == len(text) or text[end] in " \t\r\n)]},;" else " "
    return f"{before}{written}{after}"


def _term(token: Token, value: Value) -> str:
    if isinstance(value, int):
        raise ValueError(
            f"{token.text} stands for a term of the data: give a Literal or an IRI, not a bare number."
        )
    return str(value)


def _number(token: Token, value: Value) -> str:
    digits = value.value if isinstance(value, Literal) else str(value)
    if isinstance(value, bool) or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{token.text} stands after LIMIT or OFFSET: give a whole number from 0.")
    return digits


def _refuse(token: Token, value: Value) -> str:
    raise ValueError(
        f"{token.text} stands where only a variable can stand, so it cannot be given the value {value}."
    )


_WRITERS: dict[_Place, Callable[[Token, Value], str]] = {
    _Place.TERM: _term,
    _Place.PROJECTED: lambda token, value: f"({_term(token, value)} AS {token.text})",
    _Place.CONDITION: lambda token, value: f"({_term(token, value)})",
    _Place.BOUND: lambda token, value: "true",
    _Place.NUMBER: _number,
    _Place.ASSIGNED: _refuse,
    _Place.VALUES_HEAD: _refuse,
}
