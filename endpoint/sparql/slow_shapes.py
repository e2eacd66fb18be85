"""Shapes of queries that the engine evaluates slowly, found in the text, each with a better way to write it.

Each was measured on the engine (pyoxigraph 0.5.13); ``docs/explain.md`` has the figures. What other engines
find slow and this one does not, such as UNION of the same pattern, is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from endpoint.sparql.lexer import Kind, Token, position_of
from endpoint.sparql.outline import Element, Group, Query, Triple, read_outline

# Longer texts (characters) are not examined: no person wrote them, and reading them takes half a second.
EXAMINED: Final = 100_000
# A shape is named this many times in one text.
MOST: Final = 3
# Triple patterns of a group, and OPTIONAL groups in it, above which planning takes longer than most queries.
PATTERNS: Final = 40
# Rows of VALUES above which the planner scans them for each row of a pattern.
ROWS: Final = 2000
# Rows that OFFSET passes over.
OFFSET: Final = 10_000

_CONSTANTS: Final = frozenset({Kind.IRIREF, Kind.PNAME, Kind.STRING, Kind.NUMBER})
_NOT_JOINED: Final = ("filter", "exists", "not exists", "minus")


class Shape(NamedTuple):
    """A slow shape in the words for its author: what is slow, and the better way."""

    problem: str
    better: str


SHAPES: Final = {
    "cross-product": Shape(
        "These patterns share no variable with those before them, so each solution of the ones is combined "
        "with each solution of the others.",
        "Join them by a variable: instead of FILTER(?a = ?b), write ?a in both patterns. Where they have "
        "nothing to do with each other, ask two queries.",
    ),
    "filter-constant": Shape(
        "The filter compares a variable with constants after all its values were read; no index is used.",
        "Write the constant in the pattern in place of the variable, or VALUES before the pattern.",
    ),
    "filter-text": Shape(
        "The filter reads every text that the pattern matches.",
        'Search the text index for words: SERVICE text:search { ?s text:query "words" }.',
    ),
    "optional-first": Shape(
        "The group begins with OPTIONAL, which is evaluated for the whole data before the patterns after it "
        "narrow it down.",
        "Write the required patterns first and OPTIONAL last.",
    ),
    "minus-without-effect": Shape(
        "MINUS shares no variable with the patterns before it: it removes nothing, and is evaluated all the "
        "same.",
        "Use a variable of the patterns before it inside, or leave it out.",
    ),
    "not-exists-alone": Shape(
        "EXISTS shares no variable with a pattern around it, so it is searched anew for every solution.",
        "Use a variable of the patterns around it inside; to compare with a greatest or least value, compute "
        "that once in a sub-query: { SELECT (MAX(?x) AS ?greatest) { … } }.",
    ),
    "optional-unbound": Shape(
        "OPTIONAL with a filter on what it did not bind finds everything only to throw it away.",
        "Write FILTER NOT EXISTS { … } instead of OPTIONAL { … } FILTER(!BOUND(…)).",
    ),
    "open-path": Shape(
        "Both ends of the path are open: it is followed from every node of the data, and with * or ? every "
        "node also reaches itself.",
        "Bind one end before, write a constant there, or write + instead of * where a path of length zero is "
        "not wanted.",
    ),
    "computed-term": Shape(
        "The term is computed, so that the patterns that use it are evaluated for the whole data first.",
        "Write the IRI itself, in the pattern or as BIND(<…> AS ?x).",
    ),
    "long-values": Shape(
        "The planner scans this many rows of VALUES for each row of a pattern.",
        "Put VALUES into a sub-query: { SELECT ?x { VALUES ?x { … } } }, or ask in several parts.",
    ),
    "many-patterns": Shape(
        "So many patterns in one group take longer to plan than to evaluate; the time grows with about the "
        "fourth power of their number.",
        "Ask for the properties by a variable, ?s ?p ?o with VALUES ?p { … }, or put twenty patterns at a "
        "time into sub-queries.",
    ),
    "sorted-whole": Shape(
        "ORDER BY reads and sorts every row before the first one is answered; LIMIT does not shorten that.",
        "Restrict the rows first, by a class or a value; or leave ORDER BY out where any rows do.",
    ),
    "whole-data": Shape(
        "The pattern matches every statement, and all of them are read.",
        "Name a property or a class. The numbers of statements, classes and properties stand in /void "
        "already; the whole data is a dump.",
    ),
    "deep-offset": Shape(
        "The rows that OFFSET passes over are computed and thrown away, for each page again.",
        "Ask for all rows at once: the answer is streamed and needs no pages.",
    ),
}


@dataclass(frozen=True, slots=True)
class Hint:
    """One slow shape in a text; ``line`` and ``column`` count from 1, in characters."""

    code: str
    line: int
    column: int

    @property
    def shape(self) -> Shape:
        """What is slow about it, and the better way."""
        return SHAPES[self.code]


class Found(NamedTuple):
    """A shape at a token."""

    code: str
    token: Token


def find_slow_shapes(text: str, searchable: bool = True) -> list[Hint]:
    """Return the slow shapes of a query in the order of its text, in time linear in its length.

    ``searchable``: there is a text index to search instead. Of a text longer than :data:`EXAMINED` nothing is
    returned. Never raises.
    """
    if len(text) > EXAMINED:
        return []
    outline = read_outline(text)
    found: list[Found] = []
    for query in outline.queries:
        found += _of_query(query)
    for group in outline.groups:
        for rule in _RULES:
            found += rule(group)
    counted: dict[str, int] = {}
    hints = []
    for code, token in sorted(set(found), key=lambda row: row.token.start):
        counted[code] = counted.get(code, 0) + 1
        if counted[code] <= MOST and (searchable or code != "filter-text"):
            hints.append(Hint(code, *position_of(text, token.start)))
    return hints


def _of_query(query: Query) -> Iterator[Found]:
    if query.offset is not None and query.offset.text.isdecimal() and int(query.offset.text[:9]) >= OFFSET:
        yield Found("deep-offset", query.offset)
    triples = [triple for element in query.where.elements for triple in element.triples]
    kinds = {element.kind for element in query.where.elements}
    if query.values or not triples or kinds - {"triples", "filter", "optional", "bind"}:
        return
    if any(not _is_open(triple.subject) or not _is_open(triple.object) for triple in triples):
        return
    everything = [triple for triple in triples if triple.path[0].kind is Kind.VAR]
    if query.ordered is not None:
        yield Found("sorted-whole", query.ordered)
    elif len(everything) == len(triples) and (query.limit is None or query.aggregated):
        yield Found("whole-data", everything[0].subject)


def _is_open(token: Token | None) -> bool:
    return token is not None and token.kind in (Kind.VAR, Kind.BLANK)


def _cross_products(group: Group) -> Iterator[Found]:
    """Yield the first pattern of each part of a group that no variable connects with the parts before."""
    if group.kind == "exists":
        return
    joined = [element for element in group.elements if element.kind not in _NOT_JOINED and element.variables]
    parts = _Parts(len(joined))
    naming: dict[str, int] = {}
    for at, element in enumerate(joined):
        for name in element.variables:
            parts.join(naming.setdefault(name, at), at)
    large: dict[int, Element] = {}
    for at, element in enumerate(joined):
        if _is_large(element):
            large.setdefault(parts.find(at), element)
    for element in list(large.values())[1:]:
        yield Found("cross-product", element.token)


class _Parts:
    """Elements joined to parts (a forest of disjoint sets)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def find(self, at: int) -> int:
        """Return the element that stands for the part of this one."""
        above = self._above
        while above[at] != at:
            above[at] = above[above[at]]
            at = above[at]
        return at

    def join(self, first: int, second: int) -> None:
        """Make one part of two."""
        self._above[self.find(second)] = self.find(first)


def _is_large(element: Element) -> bool:
    """Return whether an element may have many solutions: not VALUES, BIND, nor one resource by its IRI."""
    if element.kind in ("bind", "values"):
        return False
    if element.groups and element.kind != "service":
        return any(_is_large(row) for group in element.groups for row in group.elements)
    if element.query is not None:
        limited = element.query.limit is not None and element.query.limit.text in ("0", "1")
        return not element.query.aggregated and not limited
    return not element.triples or _is_open(element.triples[0].subject)


def _filters(group: Group) -> Iterator[Found]:
    """Yield the filters that a constant in a pattern, or the text index, could do without."""
    triples = [triple for element in group.elements for triple in element.triples]
    objects = {_name(triple.object) for triple in triples if triple.object is not None}
    ends = objects | {_name(triple.subject) for triple in triples} | {_name(row.path[0]) for row in triples}
    for element in group.elements:
        if element.kind == "filter" and element.tokens:
            if _compares_with_constants(element.tokens) and not element.variables.isdisjoint(ends):
                yield Found("filter-constant", element.token)
            if _searches_text(element.tokens) and not element.variables.isdisjoint(objects):
                yield Found("filter-text", element.token)


def _name(token: Token) -> str:
    return token.text[1:] if token.kind is Kind.VAR else token.text


def _compares_with_constants(tokens: list[Token]) -> bool:
    """Return whether a filter is ?x = constant, STR(?x) = constant, or ?x IN (constants)."""
    inner = tokens[1:-1] if tokens[0].text == "(" else tokens
    if [token.upper for token in inner[:2]] == ["STR", "("] and [row.text for row in inner[3:4]] == [")"]:
        inner = inner[2:3] + inner[4:]
    if len(inner) == 3 and inner[1].text == "=":
        return {inner[0].kind, inner[2].kind} & _CONSTANTS != set() and Kind.VAR in (
            inner[0].kind,
            inner[2].kind,
        )
    if len(inner) < 5 or inner[0].kind is not Kind.VAR or inner[1].upper != "IN":
        return False
    return all(token.kind in _CONSTANTS or token.text in ("(", ")", ",") for token in inner[2:])


def _searches_text(tokens: list[Token]) -> bool:
    return any(token.kind is Kind.WORD and token.upper in ("REGEX", "CONTAINS") for token in tokens)


def _optionals(group: Group) -> Iterator[Found]:
    """Yield an OPTIONAL before what restricts it, and one that a filter wants unbound."""
    elements = group.elements
    if elements and elements[0].kind == "optional" and any(row.kind == "triples" for row in elements):
        yield Found("optional-first", elements[0].token)
    optional = {name: row for row in elements if row.kind == "optional" for name in row.variables}
    for element in elements:
        words = [token.upper for token in element.tokens if token.text not in ("(", ")")]
        if element.kind == "filter" and words[:2] == ["!", "BOUND"] and len(words) == 3:
            found = optional.get(next(iter(element.variables), ""))
            if found is not None:
                yield Found("optional-unbound", found.token)


def _negations(group: Group) -> Iterator[Found]:
    """Yield MINUS and EXISTS that share no variable with what they stand beside."""
    before: set[str] = set()
    for element in group.elements:
        if element.kind == "minus":
            if before and element.variables and before.isdisjoint(element.variables):
                yield Found("minus-without-effect", element.token)
        elif element.kind in ("exists", "not exists"):
            alone = element.variables and group.variables.isdisjoint(element.variables)
            if alone and group.variables and group.kind != "exists":
                yield Found("not-exists-alone", element.token)
        elif element.kind != "filter":
            before |= element.variables


def _open_paths(group: Group) -> Iterator[Found]:
    """Yield paths of any length, zero included, with two variables that nothing else in the group has."""
    named: Counter[str] = Counter()
    paths: list[Triple] = []
    for element in group.elements:
        if element.kind != "triples":
            named.update(element.variables)
        for triple in element.triples:
            named.update(_name(end) for end in (triple.subject, triple.object) if end is not None)
            if _may_be_empty(triple.path) and _is_open(triple.subject) and _is_open(triple.object):
                paths.append(triple)
    for triple in paths:
        if triple.object is not None and named[_name(triple.subject)] == named[_name(triple.object)] == 1:
            yield Found("open-path", triple.subject)


def _may_be_empty(path: tuple[Token, ...]) -> bool:
    """Return whether a path is one element with * or ? behind it."""
    if len(path) < 2 or path[-1].text not in ("*", "?"):
        return False
    depth = 0
    for token in path:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.text in ("/", "|"):
            return False
    return True


def _data(group: Group) -> Iterator[Found]:
    """Yield terms that are computed from constants, and long lists of values beside several patterns."""
    triples = [triple for element in group.elements for triple in element.triples]
    used = {_name(end) for row in triples for end in (row.subject, row.object) if end is not None}
    for element in group.elements:
        if used.isdisjoint(element.variables):
            continue
        words = [token.upper for token in element.tokens]
        if element.kind == "bind":
            if {"IRI", "URI"} & set(words) and len(element.variables) == 1:
                yield Found("computed-term", element.token)
        elif element.kind == "values" and len(triples) > 1 and (words.count("(") or len(words)) > ROWS:
            yield Found("long-values", element.token)


def _many(group: Group) -> Iterator[Found]:
    """Yield the pattern, or the OPTIONAL, that is one too many."""
    patterns = [element for element in group.elements for _ in element.triples]
    optionals = [element for element in group.elements if element.kind == "optional"]
    for elements in (patterns, optionals):
        if len(elements) > PATTERNS:
            yield Found("many-patterns", elements[PATTERNS].token)


_RULES: Final[tuple[Callable[[Group], Iterator[Found]], ...]] = (
    _cross_products,
    _filters,
    _optionals,
    _negations,
    _open_paths,
    _data,
    _many,
)
