"""Syntax trees of queries (SPARQL 1.1 Query Language, section 19.8, whose names the nodes have).

A leaf is a :class:`~endpoint.sparql.lexer.Token` as it was written: a variable, an IRI or a prefixed name,
the word ``a``, a blank node, a string, a number or a truth value. Prefixes are not resolved: a tree shows
what a text says, :mod:`endpoint.sparql.algebra` what it means. Collections and the properties in brackets are
triples already; their blank nodes and the IRIs of RDF are tokens at the place of the bracket, of labels that
no text can hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from endpoint.sparql.lexer import Kind, Token
from endpoint.vocabulary import RDF

RDF_FIRST: Final = f"<{RDF}first>"
RDF_REST: Final = f"<{RDF}rest>"
RDF_NIL: Final = f"<{RDF}nil>"
RDF_REIFIES: Final = f"<{RDF}reifies>"
# The label of a blank node that has none in the text is this, and the offset of its bracket.
UNLABELLED: Final = "_:["


class RDFLiteral(NamedTuple):
    """A string with its language tag or the IRI of its datatype (rule 129)."""

    string: Token
    language: Token | None
    datatype: Token | None


class SignedNumber(NamedTuple):
    """A number with its sign, where no expression stands (rules 132 and 133)."""

    sign: Token
    number: Token


class TripleTerm(NamedTuple):
    """A triple as a term, ``<<( … )>>`` (SPARQL 1.2)."""

    token: Token
    subject: Term
    verb: Verb
    object: Term


class ReifiedTriple(NamedTuple):
    """A reified triple, ``<< … >>`` (SPARQL 1.2)."""

    token: Token
    subject: Term
    verb: Verb
    object: Term
    reifier: Token | None


Term: TypeAlias = Token | RDFLiteral | SignedNumber | TripleTerm | ReifiedTriple


class PathAlternative(NamedTuple):
    """Either of two paths (rule 89)."""

    left: Path
    right: Path


class PathSequence(NamedTuple):
    """One path, then another (rule 90)."""

    left: Path
    right: Path


class PathInverse(NamedTuple):
    """A path from object to subject (rule 92)."""

    path: Path


class PathRepeated(NamedTuple):
    """A path with ``?``, ``*`` or ``+`` behind it (rule 93)."""

    path: Path
    modifier: str


class PathNegatedPropertySet(NamedTuple):
    """Any property but these, inverse ones among them (rule 95)."""

    properties: tuple[Token | PathInverse, ...]


Path: TypeAlias = Token | PathAlternative | PathSequence | PathInverse | PathRepeated | PathNegatedPropertySet
# A variable, or a path; a single IRI is a path.
Verb: TypeAlias = Path


class Triple(NamedTuple):
    """A triple pattern, or a path between two terms."""

    subject: Term
    verb: Verb
    object: Term


class TriplesSameSubject(NamedTuple):
    """All triples of one subject, those in its brackets among them (rules 75 and 81)."""

    token: Token
    triples: tuple[Triple, ...]


class GroupGraphPattern(NamedTuple):
    """The content between two braces, in the order of the text (rule 53); ``token`` is the first brace."""

    token: Token
    elements: tuple[Element, ...]


class UnionGraphPattern(NamedTuple):
    """Two or more groups with UNION between them (rule 67)."""

    groups: tuple[GroupGraphPattern, ...]


class OptionalGraphPattern(NamedTuple):
    """OPTIONAL (rule 57); LATERAL too, as ``token`` tells (SPARQL 1.2 community proposal 6)."""

    token: Token
    group: GroupGraphPattern


class MinusGraphPattern(NamedTuple):
    """MINUS (rule 66)."""

    token: Token
    group: GroupGraphPattern


class GraphGraphPattern(NamedTuple):
    """GRAPH (rule 58)."""

    token: Token
    name: Token
    group: GroupGraphPattern


class ServiceGraphPattern(NamedTuple):
    """SERVICE (rule 59), silent or not."""

    token: Token
    name: Token
    group: GroupGraphPattern


class Filter(NamedTuple):
    """FILTER (rule 68)."""

    token: Token
    constraint: Expression


class Bind(NamedTuple):
    """BIND (rule 60)."""

    token: Token
    expression: Expression
    variable: Token


class InlineData(NamedTuple):
    """VALUES, in a group or after a query (rules 28 and 61); a value is None where UNDEF stands."""

    token: Token
    variables: tuple[Token, ...]
    rows: tuple[tuple[Term | None, ...], ...]


class Call(NamedTuple):
    """A built-in call, or an operator with its operands (rules 111 to 121).

    ``function`` is the keyword in upper case, or the sign, or ``NOT IN``.
    """

    function: str
    arguments: tuple[Expression, ...]


class FunctionCall(NamedTuple):
    """A call of a function by its IRI (rule 70)."""

    name: Token
    distinct: bool
    arguments: tuple[Expression, ...]


class Exists(NamedTuple):
    """EXISTS, or NOT EXISTS, as ``token`` tells (rules 125 and 126)."""

    token: Token
    group: GroupGraphPattern

    @property
    def negated(self) -> bool:
        """Return whether it is NOT EXISTS."""
        return self.token.upper == "NOT"


class Aggregate(NamedTuple):
    """An aggregate (rule 127); ``expression`` is None for an asterisk."""

    token: Token
    distinct: bool
    expression: Expression | None
    separator: Token | None


Expression: TypeAlias = Token | RDFLiteral | TripleTerm | Call | FunctionCall | Exists | Aggregate


class Named(NamedTuple):
    """An expression and the variable after AS."""

    expression: Expression
    variable: Token


class SelectClause(NamedTuple):
    """The head of SELECT (rule 9): ``modifier`` may be empty, ``items`` is None for ``*``."""

    token: Token
    modifier: str
    items: tuple[Token | Named, ...] | None


class GroupBy(NamedTuple):
    """GROUP BY (rule 19)."""

    token: Token
    conditions: tuple[Expression | Named, ...]


class Having(NamedTuple):
    """HAVING (rule 21)."""

    conditions: tuple[Expression, ...]


class OrderCondition(NamedTuple):
    """A condition of ORDER BY (rule 24)."""

    expression: Expression
    descending: bool


class OrderBy(NamedTuple):
    """ORDER BY (rule 23)."""

    token: Token
    conditions: tuple[OrderCondition, ...]


class Limit(NamedTuple):
    """LIMIT (rule 26)."""

    number: Token


class Offset(NamedTuple):
    """OFFSET (rule 27)."""

    number: Token


class SolutionModifiers(NamedTuple):
    """The parts after the WHERE clause: rules 18 and 28."""

    group_by: GroupBy | None = None
    having: Having | None = None
    order_by: OrderBy | None = None
    limit: Limit | None = None
    offset: Offset | None = None
    values: InlineData | None = None


class SubSelect(NamedTuple):
    """A query within a query (rule 8)."""

    clause: SelectClause
    where: GroupGraphPattern
    modifiers: SolutionModifiers


Element: TypeAlias = (
    TriplesSameSubject
    | GroupGraphPattern
    | UnionGraphPattern
    | OptionalGraphPattern
    | MinusGraphPattern
    | GraphGraphPattern
    | ServiceGraphPattern
    | Filter
    | Bind
    | InlineData
    | SubSelect
)


class DatasetClause(NamedTuple):
    """FROM, or FROM NAMED (rule 13)."""

    graph: Token
    named: bool


class SelectQuery(NamedTuple):
    """A SELECT query (rule 7)."""

    clause: SelectClause
    dataset: tuple[DatasetClause, ...]
    where: GroupGraphPattern
    modifiers: SolutionModifiers


class ConstructQuery(NamedTuple):
    """A CONSTRUCT query (rule 10); its short form has the WHERE clause for its template."""

    token: Token
    template: GroupGraphPattern
    dataset: tuple[DatasetClause, ...]
    where: GroupGraphPattern
    modifiers: SolutionModifiers


class DescribeQuery(NamedTuple):
    """A DESCRIBE query (rule 11): ``terms`` are variables and IRIs, None for ``*``."""

    token: Token
    terms: tuple[Token, ...] | None
    dataset: tuple[DatasetClause, ...]
    where: GroupGraphPattern | None
    modifiers: SolutionModifiers


class AskQuery(NamedTuple):
    """An ASK query (rule 12)."""

    token: Token
    dataset: tuple[DatasetClause, ...]
    where: GroupGraphPattern
    modifiers: SolutionModifiers


class BaseDecl(NamedTuple):
    """BASE (rule 5)."""

    iri: Token


class PrefixDecl(NamedTuple):
    """PREFIX (rule 6)."""

    namespace: Token
    iri: Token


class QueryUnit(NamedTuple):
    """A whole text (rule 1), and its tokens."""

    prologue: tuple[BaseDecl | PrefixDecl, ...]
    query: SelectQuery | ConstructQuery | DescribeQuery | AskQuery
    tokens: Sequence[Token]


def unlabelled(token: Token) -> Token:
    """Return the blank node of a bracket."""
    return Token(Kind.BLANK, f"{UNLABELLED}{token.start}", token.start)


def nodes(node: object) -> Iterator[tuple[object, ...]]:
    """Yield a node and all below it, tokens and tuples of nodes among them, without recursion."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            yield node
            if not isinstance(node, Token):
                waiting.extend(node)
