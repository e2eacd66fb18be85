"""The SPARQL algebra (SPARQL 1.1 Query Language, section 18.2): plain values, equal where they say the same.

Terms are those of the engine. A blank node of a pattern is a variable that nothing shows; one label may stand
in several basic graph patterns of a group, between which a property path stands (section 18.1.7).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final, TypeAlias, get_args

from pyoxigraph import BlankNode, Literal, NamedNode, Variable

from endpoint.formats import QueryForm

Term: TypeAlias = NamedNode | BlankNode | Literal | Variable


@dataclass(frozen=True, slots=True)
class Inverse:
    """A path from object to subject."""

    path: Path


@dataclass(frozen=True, slots=True)
class Sequence:
    """One path, then another."""

    left: Path
    right: Path


@dataclass(frozen=True, slots=True)
class Alternative:
    """Either of two paths."""

    left: Path
    right: Path


@dataclass(frozen=True, slots=True)
class ZeroOrMore:
    """A path of any length."""

    path: Path


@dataclass(frozen=True, slots=True)
class OneOrMore:
    """A path any number of times, but not none."""

    path: Path


@dataclass(frozen=True, slots=True)
class ZeroOrOne:
    """A path, or none."""

    path: Path


@dataclass(frozen=True, slots=True)
class NegatedPropertySet:
    """Any property but these."""

    properties: tuple[NamedNode, ...]


Path: TypeAlias = (
    NamedNode | Inverse | Sequence | Alternative | ZeroOrMore | OneOrMore | ZeroOrOne | NegatedPropertySet
)


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in call, or an operator with its operands; ``function`` is its keyword or its sign.

    ISURI and URI are ISIRI and IRI; NOT EXISTS is ``!`` of EXISTS. ``+`` and ``-`` with one argument are
    signs.
    """

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a function by its IRI, whether the engine has it or not."""

    name: NamedNode
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """True where a pattern has a solution that is compatible with the current one."""

    pattern: Pattern


Expression: TypeAlias = Variable | NamedNode | Literal | Call | FunctionCall | Exists


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate: ``expression`` is None for the asterisk of COUNT, ``separator`` where none is written."""

    function: str
    distinct: bool
    expression: Expression | None
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class TriplePattern:
    """A triple pattern."""

    subject: Term
    predicate: NamedNode | Variable
    object: Term


@dataclass(frozen=True, slots=True)
class BGP:
    """A basic graph pattern; the empty one has one solution."""

    triples: tuple[TriplePattern, ...]


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A property path between two terms, where triple patterns do not suffice."""

    subject: Term
    path: Path
    object: Term


@dataclass(frozen=True, slots=True)
class Join:
    """Join."""

    left: Pattern
    right: Pattern


@dataclass(frozen=True, slots=True)
class LeftJoin:
    """OPTIONAL: ``condition`` is the filter of its group, None where it has none."""

    left: Pattern
    right: Pattern
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Union:
    """UNION."""

    left: Pattern
    right: Pattern


@dataclass(frozen=True, slots=True)
class Minus:
    """MINUS."""

    left: Pattern
    right: Pattern


@dataclass(frozen=True, slots=True)
class Filter:
    """FILTER, or HAVING."""

    pattern: Pattern
    condition: Expression


@dataclass(frozen=True, slots=True)
class Graph:
    """GRAPH."""

    name: NamedNode | Variable
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Extend:
    """BIND, or an expression of SELECT or of GROUP BY."""

    pattern: Pattern
    variable: Variable
    expression: Expression


@dataclass(frozen=True, slots=True)
class Values:
    """Inline data; None stands for UNDEF."""

    variables: tuple[Variable, ...]
    rows: tuple[tuple[NamedNode | Literal | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Group and AggregateJoin: one solution for each group, of its keys and its aggregates."""

    pattern: Pattern
    keys: tuple[Variable, ...]
    aggregates: tuple[tuple[Variable, Aggregate], ...]


@dataclass(frozen=True, slots=True)
class OrderBy:
    """ORDER BY; each condition with whether it is descending."""

    pattern: Pattern
    conditions: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Project:
    """The variables that are shown, in their order. One that the pattern does not bind is unbound."""

    pattern: Pattern
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Distinct:
    """DISTINCT."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Reduced:
    """REDUCED."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Slice:
    """LIMIT (None where there is none) and OFFSET, in solutions."""

    pattern: Pattern
    offset: int
    limit: int | None


Pattern: TypeAlias = (
    BGP
    | PathPattern
    | Join
    | LeftJoin
    | Union
    | Minus
    | Filter
    | Graph
    | Extend
    | Values
    | Group
    | OrderBy
    | Project
    | Distinct
    | Reduced
    | Slice
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """The graphs of the dataset clause (section 13.2)."""

    default: tuple[NamedNode, ...]
    named: tuple[NamedNode, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query: ``pattern`` projects what is shown, for DESCRIBE what is described.

    ``template`` are the triples of CONSTRUCT, whose blank nodes are new ones for each solution. ``dataset``
    is None without a dataset clause. ``base_iri`` is that for the function IRI, None where there is none.
    ``known`` is what those who evaluate it know of it and of all queries that differ in constants only.
    """

    form: QueryForm
    pattern: Pattern
    template: tuple[TriplePattern, ...] = ()
    dataset: Dataset | None = None
    base_iri: str | None = None
    known: object = field(default=None, compare=False, repr=False)


UNIT: BGP = BGP(())

# The names of the members of each class, for those that go through all of a query.
FIELDS: Final[dict[Any, tuple[str, ...]]] = {
    of: tuple(field.name for field in fields(of))
    for of in (
        *get_args(Path),
        *get_args(Expression),
        *get_args(Pattern),
        Aggregate,
        TriplePattern,
        Dataset,
        Query,
    )
    if is_dataclass(of)
}


def path_ends(query: Query) -> set[NamedNode | Literal]:
    """Return the terms at which the paths of a query begin and end."""
    ends: set[NamedNode | Literal] = set()
    waiting: list[Any] = [query.pattern]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting += part
            continue
        if isinstance(part, PathPattern):
            ends.update(each for each in (part.subject, part.object) if isinstance(each, NamedNode | Literal))
        waiting += [getattr(part, name) for name in FIELDS.get(part.__class__, ())]
    return ends
