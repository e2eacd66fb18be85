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
from endpoint.sparql.outline import Group, Part, Query, is_open, name_of, outline
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported, parse
from endpoint.sparql.syntax.tree import Call, Triple

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
_NOT_JOINED: Final = (tree.Filter, tree.MinusGraphPattern)
_ONE_PATTERN: Final = (tree.TriplesSameSubject, tree.Filter, tree.OptionalGraphPattern, tree.Bind)


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
        """The problem, and the better way."""
        return SHAPES[self.code]


class Found(NamedTuple):
    """A shape at a token."""

    code: str
    token: Token


def find_slow_shapes(text: str, searchable: bool = True) -> list[Hint]:
    """Return the slow shapes of a query in the order of its text, in time linear in its length.

    ``searchable``: there is a text index to search instead. Of a text longer than :data:`EXAMINED`, and of
    one that is no query, nothing is returned. Never raises.
    """
    if len(text) > EXAMINED:
        return []
    try:
        outlined = outline(parse(text))
    except Unsupported:
        return []
    found: list[Found] = []
    for query in outlined.queries:
        found += _of_query(query)
    for group in outlined.groups:
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
    modifiers = query.modifiers
    if modifiers.offset is not None and int(modifiers.offset.number.text[:9]) >= OFFSET:
        yield Found("deep-offset", modifiers.offset.number)
    parts = query.where.parts
    triples = [triple for part in parts for triple in part.triples]
    simple = all(isinstance(part.node, _ONE_PATTERN) and not part.exists for part in parts)
    if modifiers.values is not None or not triples or not simple:
        return
    if not all(is_open(triple.subject) and is_open(triple.object) for triple in triples):
        return
    everything = [part for part in parts if any(_is_variable(row.verb) for row in part.triples)]
    if modifiers.order_by is not None:
        yield Found("sorted-whole", modifiers.order_by.token)
    elif all(_is_variable(row.verb) for row in triples) and (modifiers.limit is None or query.aggregated):
        yield Found("whole-data", everything[0].token)


def _is_variable(leaf: object) -> bool:
    return isinstance(leaf, Token) and leaf.kind is Kind.VAR


def _cross_products(group: Group) -> Iterator[Found]:
    """Yield the first pattern of each part of a group that no variable connects with the parts before."""
    if group.exists:
        return
    joined = [part for part in group.parts if not isinstance(part.node, _NOT_JOINED) and part.variables]
    connected = _Connected(len(joined))
    naming: dict[str, int] = {}
    for at, part in enumerate(joined):
        for name in part.variables:
            connected.join(naming.setdefault(name, at), at)
    large: dict[int, Part] = {}
    for at, part in enumerate(joined):
        if _is_large(part):
            large.setdefault(connected.find(at), part)
    for part in list(large.values())[1:]:
        yield Found("cross-product", part.token)


class _Connected:
    """Parts of a group that variables connect (a forest of disjoint sets)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def find(self, at: int) -> int:
        """Return the part that stands for all that are connected with this one."""
        above = self._above
        while above[at] != at:
            above[at] = above[above[at]]
            at = above[at]
        return at

    def join(self, first: int, second: int) -> None:
        """Connect two."""
        self._above[self.find(second)] = self.find(first)


def _is_large(part: Part) -> bool:
    """Return whether a part may have many solutions: not VALUES, BIND, nor one resource by its IRI."""
    if isinstance(part.node, tree.Bind | tree.InlineData):
        return False
    if part.groups and not isinstance(part.node, tree.ServiceGraphPattern):
        return any(_is_large(row) for group in part.groups for row in group.parts)
    if part.query is not None:
        limit = part.query.modifiers.limit
        return not part.query.aggregated and (limit is None or limit.number.text not in ("0", "1"))
    return not part.triples or is_open(part.token)


def _filters(group: Group) -> Iterator[Found]:
    """Yield the filters that a constant in a pattern, or the text index, could do without."""
    triples = [triple for part in group.parts for triple in part.triples]
    objects = {name_of(triple.object) for triple in triples}
    ends = objects | {name_of(triple.subject) for triple in triples} | {name_of(row.verb) for row in triples}
    for part in group.parts:
        if isinstance(part.node, tree.Filter) and not part.exists:
            if _compares_with_constants(part.node.constraint) and not part.variables.isdisjoint(ends):
                yield Found("filter-constant", part.token)
            if _searches_text(part.node) and not part.variables.isdisjoint(objects):
                yield Found("filter-text", part.token)


def _compares_with_constants(constraint: tree.Expression) -> bool:
    """Return whether a filter is ?x = constant, STR(?x) = constant, or ?x IN (constants)."""
    match constraint:
        case Call("=", (Call("STR", (operand,)), constant)) | Call("=", (operand, constant)):
            pair = (operand, constant)
            return any(map(_is_variable, pair)) and any(map(_is_constant, pair))
        case Call("IN", (operand, first, *rest)):
            return _is_variable(operand) and all(map(_is_constant, (first, *rest)))
    return False


def _is_constant(leaf: object) -> bool:
    return isinstance(leaf, Token) and leaf.kind in _CONSTANTS


def _searches_text(node: tree.Filter) -> bool:
    return any(isinstance(row, Call) and row.function in ("REGEX", "CONTAINS") for row in tree.nodes(node))


def _optionals(group: Group) -> Iterator[Found]:
    """Yield an OPTIONAL before what restricts it, and one that a filter wants unbound."""
    parts = group.parts
    if parts and _is_optional(parts[0]) and any(part.triples for part in parts):
        yield Found("optional-first", parts[0].token)
    optional = {name: part for part in parts if _is_optional(part) for name in part.variables}
    for part in parts:
        match part.node:
            case tree.Filter(_, Call("!", (Call("BOUND", (variable,)),))) if name_of(variable) in optional:
                yield Found("optional-unbound", optional[name_of(variable)].token)


def _is_optional(part: Part) -> bool:
    return isinstance(part.node, tree.OptionalGraphPattern) and part.token.upper == "OPTIONAL"


def _negations(group: Group) -> Iterator[Found]:
    """Yield MINUS and EXISTS that share no variable with what they stand beside."""
    before: set[str] = set()
    for part in group.parts:
        if isinstance(part.node, tree.MinusGraphPattern):
            if before and part.variables and before.isdisjoint(part.variables):
                yield Found("minus-without-effect", part.token)
        elif part.exists:
            alone = part.variables and group.variables.isdisjoint(part.variables)
            if alone and group.variables and not group.exists:
                yield Found("not-exists-alone", part.token)
        elif not isinstance(part.node, tree.Filter):
            before |= part.variables


def _open_paths(group: Group) -> Iterator[Found]:
    """Yield paths of any length, zero included, with two variables that nothing else in the group has."""
    named: Counter[str] = Counter()
    paths: list[Triple] = []
    for part in group.parts:
        if not part.triples:
            named.update(part.variables)
        for triple in part.triples:
            named.update((name_of(triple.subject), name_of(triple.object)))
            if _may_be_empty(triple.verb) and is_open(triple.subject) and is_open(triple.object):
                paths.append(triple)
    for triple in paths:
        if named[name_of(triple.subject)] == named[name_of(triple.object)] == 1:
            yield Found("open-path", triple.subject)  # type: ignore[arg-type]  # it is open: a token


def _may_be_empty(verb: tree.Verb) -> bool:
    """Return whether a path is one element with * or ? behind it."""
    if isinstance(verb, tree.PathInverse):
        verb = verb.path
    return isinstance(verb, tree.PathRepeated) and verb.modifier in ("*", "?")


def _data(group: Group) -> Iterator[Found]:
    """Yield terms that are computed from constants, and long lists of values beside several patterns."""
    triples = [triple for part in group.parts for triple in part.triples]
    used = {name_of(end) for row in triples for end in (row.subject, row.object)}
    for part in group.parts:
        if used.isdisjoint(part.variables):
            continue
        if isinstance(part.node, tree.Bind):
            calls = (row for row in tree.nodes(part.node) if isinstance(row, Call))
            if len(part.variables) == 1 and any(call.function in ("IRI", "URI") for call in calls):
                yield Found("computed-term", part.token)
        elif isinstance(part.node, tree.InlineData) and len(triples) > 1 and len(part.node.rows) > ROWS:
            yield Found("long-values", part.token)


def _many(group: Group) -> Iterator[Found]:
    """Yield the pattern, or the OPTIONAL, that is one too many."""
    patterns = [part for part in group.parts for _ in part.triples]
    optionals = [part for part in group.parts if _is_optional(part)]
    for parts in (patterns, optionals):
        if len(parts) > PATTERNS:
            yield Found("many-patterns", parts[PATTERNS].token)


_RULES: Final[tuple[Callable[[Group], Iterator[Found]], ...]] = (
    _cross_products,
    _filters,
    _optionals,
    _negations,
    _open_paths,
    _data,
    _many,
)
