"""The outline of a query: its groups and what stands in them, read from the tokens alone.

The reading takes time linear in the text and never fails. It follows the grammar (SPARQL 1.1 Query Language,
sections 5 to 16) as far as :mod:`endpoint.sparql.slow_shapes` needs it; a text that is not valid has an
outline all the same, and no answer depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from endpoint.sparql.lexer import Kind, Token, lex

# Groups below this depth are left out: the variables of a group are those of all groups in it.
DEEPEST: Final = 30

_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}
_NESTED: Final = {"OPTIONAL": "optional", "MINUS": "minus", "GRAPH": "graph", "SERVICE": "service"}
_ELEMENTS: Final = frozenset({*_NESTED, "UNION", "FILTER", "BIND", "VALUES"})
_AGGREGATES: Final = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})
_MODIFIERS: Final = frozenset("*+?")


@dataclass(frozen=True, slots=True)
class Triple:
    """A triple pattern. ``path`` are the tokens of its predicate; ``object`` is None for a bracket."""

    subject: Token
    path: tuple[Token, ...]
    object: Token | None


@dataclass(slots=True)
class Element:
    """A part of a group, in the order of the text.

    ``kind`` is triples (all that share a subject), filter, exists, not exists, bind, values, group (with its
    UNION branches), optional, minus, graph, service or select. ``tokens`` are those of a filter, a BIND or
    of VALUES, and ``groups`` the groups in braces. ``variables`` are those that it binds, and for a filter
    and a BIND all that it names; blank nodes are among them as ``_:x``.
    """

    kind: str
    token: Token
    variables: set[str] = field(default_factory=set)
    triples: list[Triple] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    query: Query | None = None


@dataclass(slots=True)
class Group:
    """What stands between two braces: ``kind`` is exists, or group. ``variables`` are those it binds."""

    depth: int
    kind: str = "group"
    elements: list[Element] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Query:
    """A query or a sub-query: its head, its modifiers, and the group of its WHERE clause.

    ``projected`` is None for SELECT * and for the other forms. ``ordered`` is the token ORDER.
    ``aggregated``: it has aggregates and no GROUP BY, so that it has one solution.
    """

    token: Token
    where: Group
    projected: set[str] | None = None
    aggregated: bool = False
    ordered: Token | None = None
    offset: Token | None = None
    limit: Token | None = None
    values: bool = False

    @property
    def variables(self) -> set[str]:
        """The variables that are visible outside (section 18.2.1)."""
        return self.where.variables if self.projected is None else self.projected


@dataclass(frozen=True, slots=True)
class Outline:
    """All groups of a text, each before the groups in it, and all queries, the outermost first."""

    groups: list[Group]
    queries: list[Query]


def read_outline(text: str) -> Outline:
    """Return the outline of a query. Never raises."""
    return _Reader(lex(text).tokens).read()


class _Reader:
    """One reading of the tokens; ranges of them wait in ``_waiting`` until their surroundings are read."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._closing = _matching(tokens)
        self._groups: list[Group] = []
        self._queries: list[Query] = []
        self._waiting: list[tuple[Group, int, int]] = []

    def read(self) -> Outline:
        tokens = self._tokens
        start = next((at for at, token in enumerate(tokens) if token.upper in _FORMS), len(tokens))
        if start < len(tokens):
            self._query(start, len(tokens), 0)
        done = 0
        while done < len(self._waiting):
            self._fill(*self._waiting[done])
            done += 1
        for group in reversed(self._groups):
            _gather(group)
        return Outline(self._groups, self._queries)

    def _query(self, start: int, end: int, depth: int) -> Query:
        """Read a query that begins with its form at ``start``; its WHERE clause waits."""
        tokens, closing = self._tokens, self._closing
        query = Query(tokens[start], Group(depth))
        self._queries.append(query)
        at = self._head(query, start + 1, end)
        if tokens[start].upper == "CONSTRUCT" and at < end and tokens[start + 1].text == "{":
            at = next((n for n in range(closing[at] + 1, end) if tokens[n].text == "{"), end)
        if at < end:
            self._wait(query.where, at)
            self._modifiers(query, closing[at] + 1, end)
        return query

    def _head(self, query: Query, at: int, end: int) -> int:
        """Read the projection; return the place of the brace that follows it."""
        named: set[str] = set()
        star = False
        while at < end and self._tokens[at].text != "{":
            token = self._tokens[at]
            if token.text == "(":
                inner = self._tokens[at : self._closing[at]]
                named |= {_name(row) for row in inner[-1:] if row.kind is Kind.VAR}
                query.aggregated = query.aggregated or any(row.upper in _AGGREGATES for row in inner)
                at = self._closing[at]
            elif token.kind is Kind.VAR:
                named.add(_name(token))
            star = star or token.text == "*"
            at += 1
        if query.token.upper == "SELECT" and not star:
            query.projected = named
        return at

    def _modifiers(self, query: Query, at: int, end: int) -> None:
        while at < end:
            token = self._tokens[at]
            following = self._tokens[at + 1] if at + 1 < end else token
            match token.upper:
                case "GROUP":
                    query.aggregated = False
                case "ORDER":
                    query.ordered = token
                case "LIMIT":
                    query.limit = following
                case "OFFSET":
                    query.offset = following
                case "VALUES":
                    query.values = True
            at = self._after(at)

    def _after(self, at: int) -> int:
        """Return the place after a token, or after the bracket that it opens."""
        return self._closing.get(at, at) + 1

    def _wait(self, group: Group, brace: int) -> None:
        self._groups.append(group)
        if group.depth < DEEPEST:
            self._waiting.append((group, brace + 1, self._closing[brace]))

    def _fill(self, group: Group, at: int, end: int) -> None:
        """Read the elements of a group."""
        tokens = self._tokens
        while at < end:
            token = tokens[at]
            word = token.upper if token.kind is Kind.WORD else ""
            if word == "SELECT":
                query = self._query(at, end, group.depth + 1)
                group.elements.append(Element("select", token, query=query))
                return
            if token.text == "{":
                at = self._braces(group, "group", at, at)
            elif word == "UNION":
                at = self._union(group, at, end)
            elif word in _NESTED:
                at = self._nested(group, _NESTED[word], at, end)
            elif word == "FILTER":
                at = self._filter(group, at, end)
            elif word in ("BIND", "VALUES"):
                at = self._data(group, word.lower(), at, end)
            elif token.text in (".", "}"):
                at += 1
            else:
                at = self._triples(group, at, end)

    def _braces(self, group: Group, kind: str, first: int, brace: int) -> int:
        inner = Group(group.depth + 1, "exists" if kind.endswith("exists") else "group")
        group.elements.append(Element(kind, self._tokens[first], groups=[inner]))
        self._wait(inner, brace)
        return self._closing[brace] + 1

    def _union(self, group: Group, at: int, end: int) -> int:
        if not group.elements or at + 1 >= end or self._tokens[at + 1].text != "{":
            return at + 1
        inner = Group(group.depth + 1)
        group.elements[-1].groups.append(inner)
        self._wait(inner, at + 1)
        return self._closing[at + 1] + 1

    def _nested(self, group: Group, kind: str, at: int, end: int) -> int:
        brace = next((n for n in range(at + 1, min(at + 4, end)) if self._tokens[n].text == "{"), None)
        if brace is None:
            return at + 1
        after = self._braces(group, kind, at, brace)
        group.elements[-1].variables |= _names(self._tokens[at:brace])
        return after

    def _filter(self, group: Group, at: int, end: int) -> int:
        tokens, first = self._tokens, at
        words = [token.upper for token in tokens[at + 1 : at + 3]]
        if (negated := words[:1] == ["NOT"]) or words[:1] == ["EXISTS"]:
            brace = at + 2 + negated
            if brace < end and tokens[brace].text == "{":
                return self._braces(group, "not exists" if negated else "exists", at, brace)
            return at + 1
        at += 1
        while at < end and tokens[at].text not in ("(", "{", "}", "."):
            at += 1
        after = min(self._after(at), end) if at < end and tokens[at].text == "(" else at
        element = Element("filter", tokens[first], tokens=tokens[first + 1 : after])
        element.variables = _names(element.tokens)
        group.elements.append(element)
        return max(after, first + 1)

    def _data(self, group: Group, kind: str, at: int, end: int) -> int:
        """Read BIND or VALUES: a bracket, or a head and a brace."""
        tokens, first = self._tokens, at
        at = self._after(at + 1) if kind == "values" and at + 1 < end else at + 1
        if at >= end or tokens[at].text != ("{" if kind == "values" else "("):
            return first + 1
        brace, after = at, min(self._after(at), end)
        named = tokens[first:brace] if kind == "values" else tokens[brace:after]
        element = Element(kind, tokens[first], _names(named), tokens=tokens[brace + 1 : after - 1])
        group.elements.append(element)
        return after

    def _triples(self, group: Group, at: int, end: int) -> int:
        """Read all triples of one subject."""
        tokens = self._tokens
        first = at
        while at < end and tokens[at].text not in (".", "{", "}"):
            if tokens[at].kind is Kind.WORD and tokens[at].upper in _ELEMENTS:
                break
            at = self._after(at)
        at = min(at, end)
        element = Element("triples", tokens[first], _names(tokens[first:at]))
        element.triples = list(self._split(first, at))
        group.elements.append(element)
        return max(at, first + 1)

    def _split(self, at: int, end: int) -> Iterator[Triple]:
        tokens = self._tokens
        subject = tokens[at]
        at = self._after(at)
        while at < end:
            verb = at
            at = self._path(at, end)
            path = tuple(tokens[verb:at])
            while at < end and path:
                opened = at in self._closing
                yield Triple(subject, path, None if opened else tokens[at])
                at = self._after(at)
                # A literal has its language tag or its datatype behind it.
                while at < end and tokens[at].text not in (",", ";"):
                    at = self._after(at)
                if at >= end or tokens[at].text == ";":
                    break
                at += 1
            at += 1

    def _path(self, at: int, end: int) -> int:
        """Return the place after a property path (section 9.1, rules 88 to 96)."""
        tokens = self._tokens
        while at < end:
            while at < end and tokens[at].text in ("^", "!"):
                at += 1
            at = self._after(at)
            while at < end and tokens[at].text in _MODIFIERS:
                at += 1
            if at >= end or tokens[at].text not in ("/", "|"):
                break
            at += 1
        return min(at, end)


_FORMS: Final = frozenset({"SELECT", "CONSTRUCT", "DESCRIBE", "ASK"})


def _matching(tokens: list[Token]) -> dict[int, int]:
    """Return the place of the closing bracket for that of each opening one; the end where there is none."""
    closing: dict[int, int] = {}
    opened: list[tuple[int, str]] = []
    for at, token in enumerate(tokens):
        if token.kind is not Kind.PUNCTUATION:
            continue
        if token.text in _CLOSING:
            opened.append((at, _CLOSING[token.text]))
        elif opened and token.text == opened[-1][1]:
            closing[opened.pop()[0]] = at
    closing |= {at: len(tokens) for at, _ in opened}
    return closing


def _gather(group: Group) -> None:
    """Set the variables of a group, those of the groups in it being set already."""
    for element in group.elements:
        for inner in element.groups:
            element.variables |= inner.variables
        if element.query is not None:
            element.variables = element.query.variables
        if element.kind not in ("filter", "exists", "not exists", "minus"):
            group.variables |= element.variables


def _names(tokens: list[Token]) -> set[str]:
    return {_name(token) for token in tokens if token.kind is Kind.VAR or token.kind is Kind.BLANK}


def _name(token: Token) -> str:
    return token.text[1:] if token.kind is Kind.VAR else token.text
