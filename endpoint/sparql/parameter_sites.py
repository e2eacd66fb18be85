"""The sites of parameters in the text of a saved query, determined from the tokens alone.

The kind of place determines which values are allowed and how they are written
(:mod:`endpoint.sparql.parameters`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

from endpoint.sparql.lexer import Context, Kind, Token, lex


class Place(Enum):
    """A kind of place. TERM is any place that takes a plain RDF term."""

    TERM = auto()
    PROJECTED = auto()
    CONDITION = auto()
    BOUND = auto()
    NUMBER = auto()
    ASSIGNED = auto()
    VALUES_HEAD = auto()
    VALUES_ROW = auto()
    # Places that take several terms, separated by commas or spaces.
    IN_LIST = auto()
    VALUES_DATA = auto()
    DESCRIBED = auto()


@dataclass(slots=True)
class Group:
    """A part of a query between braces, or the whole query outside all braces.

    ``start`` is the offset after the opening brace. ``where`` is the group of a SELECT clause that
    stands directly in this one. ``short``: the WHERE of CONSTRUCT is its template too (section 16.2.4).
    """

    start: int
    kind: str = "group"
    selects: bool = False
    short: bool = False
    where: Group | None = None
    projected: set[str] = field(default_factory=set)

    @property
    def solutions(self) -> Group | None:
        """The group in which a variable must be bound to be visible here."""
        return self.where if self.selects or self.kind != "group" else self


@dataclass(frozen=True, slots=True)
class ParameterSite:
    """One variable token: the place, the text from ``start`` to ``end`` that goes with it.

    ``above`` counts the SELECT clauses around this one that project the same variable. ``data`` is the
    text between the braces of the VALUES block that the variable alone heads, ``inside`` whether that
    block stands in a group, and ``parenthesized`` whether the head and its rows have parentheses.
    """

    token: Token
    place: Place
    start: int
    end: int
    group: Group
    above: int = 0
    data: tuple[int, int] | None = None
    inside: bool = True
    parenthesized: bool = False

    @property
    def name(self) -> str:
        """The variable without its sign."""
        return self.token.text[1:]


def parameter_sites(text: str, names: Iterable[str]) -> tuple[ParameterSite, ...]:
    """Return every token of the variables ``names`` (without ``?`` or ``$``) in the order of the text."""
    return _sites(text, frozenset(names))


# Cached, because a saved query is bound for every request with the same names.
@lru_cache(maxsize=512)
def _sites(text: str, names: frozenset[str]) -> tuple[ParameterSite, ...]:
    return tuple(_Scan(text, names).sites)


def numbers(text: str) -> frozenset[str]:
    """Return the variables after LIMIT or OFFSET, where the grammar allows a number only."""
    tokens = lex(text).tokens
    return frozenset(
        token.text[1:]
        for before, token in pairwise(tokens)
        if token.kind is Kind.VAR and before.upper in ("LIMIT", "OFFSET")
    )


class _Scan:
    """One pass over the tokens that keeps the open groups."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self.sites: list[ParameterSite] = []
        self._names = names
        self._tokens: Sequence[Token] = lex(text).tokens
        self._context = Context()
        self._whole = Group(0, "query")
        self._groups = [self._whole]
        self._form = ""
        for index, token in enumerate(self._tokens):
            if token.kind is Kind.VAR:
                self._variable(index, token)
            elif token.kind is Kind.WORD:
                self._word(token.upper)
            elif token.text == "{":
                self._open(token)
            elif token.text == "}" and len(self._groups) > 1:
                self._groups.pop()
            self._context.advance(token)

    def _word(self, word: str) -> None:
        if word in ("SELECT", "CONSTRUCT", "DESCRIBE", "ASK"):
            self._form = self._form or word
            if word == "SELECT":
                self._groups[-1].selects = True

    def _open(self, token: Token) -> None:
        parent = self._groups[-1]
        before = self._context.tokens[-1].upper if self._context.tokens else ""
        group = Group(token.end)
        if self._context.clause == "VALUES":
            group.kind = "data"
        elif before == "CONSTRUCT":
            group.kind, group.where = "template", parent
            parent.kind = "templated"
        elif self._begins_where(parent):
            parent.where = group
            group.short = self._form == "CONSTRUCT" and parent.kind == "query"
        self._groups.append(group)

    def _begins_where(self, parent: Group) -> bool:
        expected = (parent is self._whole or parent.selects) and parent.where is None
        return expected and not self._context.in_parenthesis

    def _variable(self, index: int, token: Token) -> None:
        name, group = token.text[1:], self._groups[-1]
        if name not in self._names:
            return
        place, start, end = self._place(), token.start, token.end
        data, above = None, 0
        if place is Place.BOUND:
            start, end = (
                self._tokens[index - 2].start,
                self._tokens[min(index + 1, len(self._tokens) - 1)].end,
            )
        elif place is Place.NUMBER:
            start = self._tokens[index - 1].start
        elif place is Place.VALUES_HEAD:
            start, end, data = self._block(index)
        elif place is Place.PROJECTED:
            above = sum(name in outer.projected for outer in self._groups[:-1])
            group.projected.add(name)
        if group.kind == "template":
            group = self._whole
        inside, parenthesized = len(self._groups) > 1, self._tokens[index - 1].text == "("
        self.sites.append(ParameterSite(token, place, start, end, group, above, data, inside, parenthesized))

    def _block(self, index: int) -> tuple[int, int, tuple[int, int] | None]:
        """Return start, end and data of a VALUES block of one variable, whose token has this index."""
        tokens = self._tokens
        first, last = index, index
        if tokens[index - 1].text == "(" and tokens[min(index + 1, len(tokens) - 1)].text == ")":
            first, last = index - 1, index + 1
        opening = tokens[last + 1] if last + 1 < len(tokens) else None
        closing = next((token for token in tokens[last + 1 :] if token.text == "}"), None)
        if tokens[first - 1].upper != "VALUES" or opening is None or opening.text != "{" or closing is None:
            return tokens[index].start, tokens[index].end, None
        return tokens[first - 1].start, closing.end, (opening.end, closing.start)

    def _place(self) -> Place:
        context = self._context
        last = context.tokens[-1].upper if context.tokens else ""
        before = context.tokens[-2].upper if len(context.tokens) > 1 else ""
        if last == "AS":
            return Place.ASSIGNED
        if last in ("LIMIT", "OFFSET"):
            return Place.NUMBER
        if context.in_values_head:
            return Place.VALUES_HEAD
        if last == "(" and before == "BOUND":
            return Place.BOUND
        if context.clause == "SELECT":
            return Place.PROJECTED
        return Place.CONDITION if context.clause else self._term(last, before)

    def _term(self, last: str, before: str) -> Place:
        if self._groups[-1].kind == "data":
            return Place.VALUES_ROW if self._context.in_parenthesis else Place.VALUES_DATA
        if last == "(" and before == "IN":
            return Place.IN_LIST
        described = self._form == "DESCRIBE" and self._groups[-1] is self._whole and self._whole.where is None
        if described and last not in ("FROM", "NAMED"):
            return Place.DESCRIBED
        return Place.TERM
