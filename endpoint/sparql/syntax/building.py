"""The steps of building a syntax tree, by the names that the rules of the grammar give them.

A step takes what the rule has read from the end of a list of values and puts the node there instead. A
terminal of :data:`~endpoint.sparql.syntax.grammar.TOKENS` puts its token there; keywords and signs leave
nothing, unless the step ``token`` follows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.tree import Call, Triple, unlabelled

Step = Callable[["Building"], None]

_MODIFIERS: Final = {
    tree.GroupBy: "group_by",
    tree.Having: "having",
    tree.OrderBy: "order_by",
    tree.Limit: "limit",
    tree.Offset: "offset",
    tree.InlineData: "values",
}
_NONE: Final = tree.SolutionModifiers()


class NotBuilt(Exception):
    """No tree of a query is built of the text, whether the grammar takes it or not; the message says why."""


class Building:
    """A tree that is being built: ``values`` are the nodes that wait, ``token`` is the one read last.

    ``marks`` are the places where lists begin. ``frames`` hold subject, verb and object of each open property
    list, the innermost last, and ``triples`` the triples of the subject in the group. ``reifier`` is the one
    that a block of annotations, if it comes next, belongs to.
    """

    __slots__ = ("frames", "marks", "reifier", "token", "triples", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.marks: list[int] = []
        self.token = Token(Kind.WORD, "", 0)
        self.frames: list[list[Any]] = []
        self.triples: list[Triple] = []
        self.reifier: Token | None = None


def _token(building: Building) -> None:
    building.values.append(building.token)


def _none(building: Building) -> None:
    building.values.append(None)


def _drop(building: Building) -> None:
    building.values.pop()


def _second(building: Building) -> None:
    del building.values[-2]


def _open(building: Building) -> None:
    building.marks.append(len(building.values))


def _close(building: Building) -> None:
    values = building.values
    mark = building.marks.pop()
    values[mark:] = (tuple(values[mark:]),)


def _node(make: Callable[..., object], count: int) -> Step:
    """Return the step that makes a node of the last ``count`` values."""

    def one(building: Building) -> None:
        building.values[-1] = make(building.values[-1])

    def two(building: Building) -> None:
        last = building.values.pop()
        building.values[-1] = make(building.values[-1], last)

    def several(building: Building) -> None:
        values = building.values
        values[-count:] = [make(*values[-count:])]

    return one if count == 1 else two if count == 2 else several


def _update(_: Building) -> None:
    raise NotBuilt("the text is an update")


# Triples.


def _begin(building: Building) -> None:
    building.triples = []


def _subject(building: Building) -> None:
    building.frames.append([building.values.pop(), None, None])


def _verb(building: Building) -> None:
    building.frames[-1][1] = building.values.pop()


def _object(building: Building) -> None:
    frame = building.frames[-1]
    frame[2] = building.values.pop()
    building.triples.append(Triple(*frame))
    building.reifier = None


def _same_subject(building: Building) -> None:
    subject = building.frames.pop()[0]
    triples = tuple(building.triples)
    token = subject if isinstance(subject, Token) else subject[0]
    building.values.append(tree.TriplesSameSubject(token, triples))


def _blank(building: Building) -> None:
    building.frames.append([unlabelled(building.token), None, None])


def _blanked(building: Building) -> None:
    building.values.append(building.frames.pop()[0])


def _fresh(building: Building) -> None:
    building.values[-1] = unlabelled(building.values[-1])


def _collection(building: Building) -> None:
    """Read a collection as the triples of its list (section 4.2.4)."""
    items = building.values.pop()
    bracket: Token = building.values.pop()
    start = bracket.start
    first, rest, nil = (
        Token(Kind.IRIREF, text, start) for text in (tree.RDF_FIRST, tree.RDF_REST, tree.RDF_NIL)
    )
    nodes = [Token(Kind.BLANK, f"{tree.UNLABELLED}{start}.{at}", start) for at in range(len(items))]
    nodes.append(nil)
    for node, item, following in zip(nodes, items, nodes[1:], strict=False):
        building.triples += (Triple(node, first, item), Triple(node, rest, following))
    building.values.append(nodes[0])


def _reify(building: Building) -> None:
    building.reifier = building.values.pop()
    _add_reifier(building, building.reifier)


def _annotate(building: Building) -> None:
    reifier = building.reifier
    if reifier is None:
        reifier = unlabelled(building.token)
        _add_reifier(building, reifier)
    building.frames.append([reifier, None, None])


def _add_reifier(building: Building, reifier: Token) -> None:
    verb = Token(Kind.IRIREF, tree.RDF_REIFIES, reifier.start)
    term = tree.TripleTerm(building.token, *building.frames[-1])
    building.triples.append(Triple(reifier, verb, term))


def _annotated(building: Building) -> None:
    building.frames.pop()
    building.reifier = None


# Groups.


def _union(building: Building) -> None:
    groups = building.values[-1]
    building.values[-1] = groups[0] if len(groups) == 1 else tree.UnionGraphPattern(groups)


def _group(token: Token, content: object) -> tree.GroupGraphPattern:
    elements: Any = (content,) if isinstance(content, tree.SubSelect) else content
    return tree.GroupGraphPattern(token, elements)


def _bind(token: Token, named: tree.Named) -> tree.Bind:
    return tree.Bind(token, *named)


def _data_of_one(token: Token, variables: tuple[Token], values: tuple[tree.Term, ...]) -> tree.InlineData:
    return tree.InlineData(token, variables, tuple((value,) for value in values))


# Expressions.


def _binary(building: Building) -> None:
    values = building.values
    right = values.pop()
    operator = values.pop()
    values[-1] = Call(operator.text, (values[-1], right))


def _unary(building: Building) -> None:
    operand = building.values.pop()
    building.values[-1] = Call(building.values[-1].text, (operand,))


def _listed(building: Building) -> None:
    values = building.values
    items = values.pop()
    function = "IN" if values.pop().upper == "IN" else "NOT IN"
    values[-1] = Call(function, (values[-1], *items))


def _call_0(building: Building) -> None:
    building.values[-1] = Call(building.values[-1].upper, ())


def _call_1(building: Building) -> None:
    argument = building.values.pop()
    building.values[-1] = Call(building.values[-1].upper, (argument,))


def _beside(building: Building) -> None:
    """Check that no blank stands before the parenthesis, where the engine reads none."""
    if building.values[-1].end != building.token.start:
        raise NotBuilt("a blank stands before a parenthesis")


def _call(token: Token, arguments: tuple[Any, ...]) -> Call:
    return Call(token.upper, arguments)


def _call_several(token: Token, *arguments: Any) -> Call:
    return Call(token.upper, arguments)


def _function(name: Token, distinct: Token | None, arguments: tuple[Any, ...]) -> tree.FunctionCall:
    return tree.FunctionCall(name, distinct is not None, arguments)


def _aggregate(
    token: Token, distinct: Token | None, expression: Any, separator: Token | None = None
) -> tree.Aggregate:
    return tree.Aggregate(token, distinct is not None, expression, separator)


# Queries.


def _projection(token: Token, modifier: Token | None, items: Any) -> tree.SelectClause:
    return tree.SelectClause(token, "" if modifier is None else modifier.upper, items)


def _ordered(token: Token, expression: Any) -> tree.OrderCondition:
    return tree.OrderCondition(expression, token.upper == "DESC")


def _order_by(token: Token, conditions: tuple[Any, ...]) -> tree.OrderBy:
    rows = (
        row if isinstance(row, tree.OrderCondition) else tree.OrderCondition(row, False) for row in conditions
    )
    return tree.OrderBy(token, tuple(rows))


def _modifiers(building: Building) -> None:
    nodes = building.values[-1]
    building.values[-1] = (
        tree.SolutionModifiers(**{_MODIFIERS[node.__class__]: node for node in nodes}) if nodes else _NONE
    )


def _construct_where(
    token: Token, dataset: Any, template: tree.GroupGraphPattern, modifiers: tree.SolutionModifiers
) -> tree.ConstructQuery:
    return tree.ConstructQuery(token, template, dataset, template, modifiers)


def _construct(token: Token, template: Any, dataset: Any, where: Any, modifiers: Any) -> tree.ConstructQuery:
    return tree.ConstructQuery(token, template, dataset, where, modifiers)


def _repeated(building: Building) -> None:
    building.values[-1] = tree.PathRepeated(building.values[-1], building.token.text)


STEPS: Final[dict[str, Step]] = {
    "[": _open,
    "]": _close,
    "aggregate": _node(_aggregate, 3),
    "alternative": _node(tree.PathAlternative, 2),
    "annotate": _annotate,
    "annotated": _annotated,
    "ask": _node(tree.AskQuery, 4),
    "base": _node(tree.BaseDecl, 1),
    "begin": _begin,
    "beside": _beside,
    "binary": _binary,
    "bind": _node(_bind, 2),
    "blank": _blank,
    "blanked": _blanked,
    "call": _node(_call, 2),
    "call_0": _call_0,
    "call_1": _call_1,
    "call_2": _node(_call_several, 3),
    "call_3": _node(_call_several, 4),
    "collection": _collection,
    "construct": _node(_construct, 5),
    "construct_where": _node(_construct_where, 4),
    "data": _node(tree.InlineData, 3),
    "data_of_one": _node(_data_of_one, 3),
    "describe": _node(tree.DescribeQuery, 5),
    "drop": _drop,
    "exists": _node(tree.Exists, 2),
    "filter": _node(tree.Filter, 2),
    "fresh": _fresh,
    "from_default": _node(lambda graph: tree.DatasetClause(graph, False), 1),
    "from_named": _node(lambda graph: tree.DatasetClause(graph, True), 1),
    "function": _node(_function, 3),
    "graph": _node(tree.GraphGraphPattern, 3),
    "group": _node(_group, 2),
    "group_by": _node(tree.GroupBy, 2),
    "having": _node(tree.Having, 1),
    "inverse": _node(tree.PathInverse, 1),
    "limit": _node(tree.Limit, 1),
    "listed": _listed,
    "minus": _node(tree.MinusGraphPattern, 2),
    "modifiers": _modifiers,
    "named": _node(tree.Named, 2),
    "negated": _node(tree.PathNegatedPropertySet, 1),
    "none": _none,
    "object": _object,
    "offset": _node(tree.Offset, 1),
    "optional": _node(tree.OptionalGraphPattern, 2),
    "order_by": _node(_order_by, 2),
    "ordered": _node(_ordered, 2),
    "prefix": _node(tree.PrefixDecl, 2),
    "projection": _node(_projection, 3),
    "reified_triple": _node(tree.ReifiedTriple, 5),
    "reify": _reify,
    "repeated": _repeated,
    "same_subject": _same_subject,
    "second": _second,
    "select": _node(tree.SelectQuery, 4),
    "separated": _node(_aggregate, 4),
    "sequence": _node(tree.PathSequence, 2),
    "service": _node(tree.ServiceGraphPattern, 3),
    "signed": _node(tree.SignedNumber, 2),
    "sub_select": _node(tree.SubSelect, 3),
    "subject": _subject,
    "tagged": _node(lambda string, tag: tree.RDFLiteral(string, tag, None), 2),
    "token": _token,
    "triple_term": _node(tree.TripleTerm, 4),
    "typed": _node(lambda string, datatype: tree.RDFLiteral(string, None, datatype), 2),
    "unary": _unary,
    "union": _union,
    "update": _update,
    "verb": _verb,
}
