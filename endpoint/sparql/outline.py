"""The outline of a query: its groups, what stands in them, and the variables that each part binds.

It is a view of the syntax tree, as :mod:`endpoint.sparql.slow_shapes` needs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.tree import GroupGraphPattern, QueryUnit, SolutionModifiers, Triple

# Groups below this depth are left out: the variables of a group are those of all groups in it.
DEEPEST: Final = 30


@dataclass(slots=True)
class Part:
    """An element of a group.

    ``groups`` are those in it. ``variables`` are those that it binds, and for a filter and a BIND all that it
    names; blank nodes are among them as ``_:x``.
    """

    node: tree.Element
    token: Token
    variables: set[str]
    groups: list[Group] = field(default_factory=list)
    query: Query | None = None

    @property
    def triples(self) -> tuple[Triple, ...]:
        """The triples of one subject; none for other elements."""
        return self.node.triples if isinstance(self.node, tree.TriplesSameSubject) else ()

    @property
    def exists(self) -> bool:
        """True for FILTER EXISTS and FILTER NOT EXISTS."""
        return isinstance(self.node, tree.Filter) and isinstance(self.node.constraint, tree.Exists)


@dataclass(slots=True)
class Group:
    """The content between two braces; ``exists``: after EXISTS. ``variables`` are those it binds."""

    exists: bool = False
    parts: list[Part] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Query:
    """A query or a sub-query.

    ``projected`` is None for SELECT * and for the other forms. ``aggregated``: it has aggregates and no GROUP
    BY, so that it has one solution.
    """

    where: Group
    modifiers: SolutionModifiers
    projected: set[str] | None
    aggregated: bool

    @property
    def variables(self) -> set[str]:
        """The variables that are visible outside (section 18.2.1)."""
        return self.where.variables if self.projected is None else self.projected


@dataclass(slots=True)
class Outline:
    """All groups of a text and all its queries, each after those in it."""

    groups: list[Group] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)


def outline(unit: QueryUnit) -> Outline:
    """Return the outline of a query."""
    found = Outline()
    query = unit.query
    if query.where is not None:
        clause = query.clause if isinstance(query, tree.SelectQuery) else None
        _query(found, clause, query.where, query.modifiers, 0)
    return found


def name_of(leaf: object) -> str:
    """Return the name of a variable or the label of a blank node; other leaves as they are written."""
    if not isinstance(leaf, Token):
        return ""
    return leaf.text[1:] if leaf.kind is Kind.VAR else leaf.text


def is_open(leaf: object) -> bool:
    """Return whether a term of a pattern is a variable or a blank node."""
    return isinstance(leaf, Token) and leaf.kind in (Kind.VAR, Kind.BLANK)


def _query(
    found: Outline,
    clause: tree.SelectClause | None,
    where: GroupGraphPattern,
    modifiers: SolutionModifiers,
    depth: int,
) -> Query:
    items = None if clause is None else clause.items
    query = Query(
        _group(found, where, depth),
        modifiers,
        None
        if items is None
        else {name_of(row if isinstance(row, Token) else row.variable) for row in items},
        modifiers.group_by is None and any(isinstance(node, tree.Aggregate) for node in tree.nodes(items)),
    )
    found.queries.append(query)
    return query


def _group(found: Outline, written: GroupGraphPattern, depth: int, exists: bool = False) -> Group:
    group = Group(exists)
    for element in written.elements if depth < DEEPEST else ():
        part = _part(found, element, depth + 1)
        group.parts.append(part)
        if not isinstance(element, tree.Filter | tree.MinusGraphPattern):
            group.variables |= part.variables
    found.groups.append(group)
    return group


def _part(found: Outline, element: tree.Element, depth: int) -> Part:
    if isinstance(element, tree.SubSelect):
        query = _query(found, *element, depth)
        return Part(element, element.clause.token, query.variables, query=query)
    if isinstance(element, tree.TriplesSameSubject | tree.Bind):
        return Part(element, element.token, _names(element))
    if isinstance(element, tree.InlineData):
        return Part(element, element.token, _names(element.variables))
    if isinstance(element, tree.Filter) and not isinstance(element.constraint, tree.Exists):
        return Part(element, element.token, _names(element))
    written = tuple(_groups_of(element))
    token = written[0].token if isinstance(element, tree.UnionGraphPattern) else element.token
    exists = isinstance(element, tree.Filter)
    groups = [_group(found, group, depth, exists) for group in written]
    variables = set().union(*(group.variables for group in groups))
    if isinstance(element, tree.GraphGraphPattern | tree.ServiceGraphPattern):
        variables |= _names(element.name)
    return Part(element, token, variables, groups)


def _groups_of(element: tree.Element) -> Iterator[GroupGraphPattern]:
    match element:
        case tree.GroupGraphPattern():
            yield element
        case tree.UnionGraphPattern(groups):
            yield from groups
        case tree.Filter(_, tree.Exists(_, group)):
            yield group
        case tree.OptionalGraphPattern() | tree.MinusGraphPattern():
            yield element.group
        case tree.GraphGraphPattern() | tree.ServiceGraphPattern():
            yield element.group


def _names(node: object) -> set[str]:
    return {name_of(leaf) for leaf in tree.nodes(node) if is_open(leaf)}
