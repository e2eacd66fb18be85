"""Properties of patterns that are known before they are evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set
from functools import cached_property
from typing import Any, Final

from pyoxigraph import NamedNode, Variable

from endpoint.columns.evaluation.closures import property_of
from endpoint.columns.evaluation.scalars import is_computed
from endpoint.sparql import algebra
from endpoint.sparql.algebra import Pattern, Term, TriplePattern
from endpoint.sparql.syntax.parser import Unsupported


def ensure_columnar(query: algebra.Query) -> None:
    """Raise :class:`Unsupported` for a query that only the engine evaluates, whatever its constants are.

    The evaluation would find the same, but maybe after most of its work.
    """
    for part in _parts(query.pattern):
        reason = _REASONS.get(part.__class__, _none)(part)
        if reason is not None:
            raise Unsupported(f"{reason} is the engine's")


def _none(_: object) -> None:
    """Return no reason: a part of this class is evaluated here, or what it is made of is not."""


def _of_call(call: algebra.Call | algebra.FunctionCall) -> str | None:
    if is_computed(call):
        return None
    return call.function if isinstance(call, algebra.Call) else str(call.name)


def _of_exists(exists: algebra.Exists) -> str | None:
    pattern = exists.pattern
    inner = pattern.pattern if isinstance(pattern, algebra.Filter) else pattern
    return None if isinstance(inner, algebra.BGP) else "EXISTS of more than triples"


def _of_aggregate(aggregate: algebra.Aggregate) -> str | None:
    whole = aggregate.function == "COUNT" and aggregate.expression is None
    return "COUNT(DISTINCT *)" if whole and aggregate.distinct else None


# Why parts of these classes are the engine's. A path that is left is one of properties and their inverses.
_REASONS: Final[dict[type, Callable[[Any], str | None]]] = {
    algebra.Call: _of_call,
    algebra.FunctionCall: _of_call,
    algebra.Exists: _of_exists,
    algebra.Aggregate: _of_aggregate,
    **dict.fromkeys(
        (algebra.Sequence, algebra.ZeroOrMore, algebra.ZeroOrOne, algebra.NegatedPropertySet),
        lambda _: "a property path",
    ),
    algebra.OneOrMore: lambda path: "a property path" if property_of(path) is None else None,
}


class Uses:
    """The uses of the variables of a pattern, and of all that differ from it in constants only.

    Most queries are evaluated without a look at them.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern

    @cached_property
    def named(self) -> Mapping[Variable, int]:
        """The number of times that each variable is named, outside of EXISTS.

        What nothing binds is unbound everywhere, and not in it.
        """
        named = names(self._pattern, exists=False)
        return {variable: named[variable] for variable in binds(self._pattern)}

    @cached_property
    def after(self) -> Mapping[Variable, Set[Variable]]:
        """The variables that are used after a variable is assigned; without those after which all may be."""
        return _after(self._pattern)


def names(part: object, exists: bool = True) -> Counter[Variable]:
    """Return how often a part of the algebra names each variable, wherever it stands; in EXISTS, or not."""
    return Counter(
        each
        for each in _parts(part, () if exists else (algebra.Exists,))
        # This is asked of every term, and a class of the engine has no subclasses.
        if each.__class__ is Variable
    )


def named_in(part: object) -> set[Variable]:
    """Return the variables that a part of the algebra names, wherever they stand."""
    found: set[Variable] = set()
    waiting: list[Any] = [part]
    while waiting:
        each = waiting.pop()
        of = each.__class__
        if of is Variable:
            found.add(each)
        elif of is tuple:
            waiting += each
        elif (members := algebra.FIELDS.get(of)) is not None:
            waiting += [getattr(each, name) for name in members]
    return found


def binds(part: object) -> set[Variable]:
    """Return the variables that some part of a pattern may bind, wherever it stands."""
    match part:
        case algebra.TriplePattern() | algebra.PathPattern():
            return named_in(part)
        case algebra.Values(variables):
            return {*variables}
        case algebra.Filter(inner, condition):
            return binds(inner) | binds(condition)
        case algebra.Extend(inner, variable, expression):
            return binds(inner) | {variable} | binds(expression)
        case algebra.Group(inner, _, aggregates):
            return binds(inner) | {variable for variable, _ in aggregates} | binds(aggregates)
        case algebra.Graph(name, inner):
            return binds(inner) | ({name} if isinstance(name, Variable) else set())
        case algebra.Project(inner) | algebra.OrderBy(inner):
            return binds(inner)
    if isinstance(part, tuple):
        return {variable for each in part for variable in binds(each)}
    members = algebra.FIELDS.get(part.__class__, ())
    return {variable for name in members for variable in binds(getattr(part, name))}


def always(pattern: Pattern) -> set[Variable]:
    """Return variables that a pattern binds in each of its solutions."""
    match pattern:
        case algebra.BGP() | algebra.PathPattern():
            return named_in(pattern)
        case algebra.Join(left, right):
            return always(left) | always(right)
        case algebra.Union(left, right):
            return always(left) & always(right)
        case algebra.LeftJoin(left, _) | algebra.Minus(left, _):
            return always(left)
        case algebra.Filter(inner, _) | algebra.Extend(inner, _, _):
            return always(inner)
        case algebra.Slice(inner) | algebra.Distinct(inner) | algebra.Reduced(inner) | algebra.OrderBy(inner):
            return always(inner)
        case algebra.Project(inner, variables):
            return always(inner) & {*variables}
        case algebra.Group(inner, keys):
            return always(inner) & {*keys}
    return set()


def _after(pattern: Pattern) -> dict[Variable, Set[Variable]]:
    found: dict[Variable, Set[Variable]] = {}
    unknown: set[Variable] = set()
    waiting: list[tuple[Pattern, Set[Variable] | None]] = [(pattern, None)]
    while waiting:
        part, used = waiting.pop()
        inner = _inner(part)
        if isinstance(part, algebra.Project):
            used = {*part.variables}
        elif isinstance(part, algebra.Group):
            used = {*part.keys, *named_in(part.aggregates)}
        else:
            if isinstance(part, algebra.Extend):
                if used is None:
                    unknown.add(part.variable)
                else:
                    # In another group there may be a variable of the same name.
                    found[part.variable] = found.get(part.variable, set()) | used
            if len(inner) > 1 or isinstance(part, algebra.Graph):
                used = None
            elif used is not None:
                used = used | named_in(_own(part))
        waiting += [(each, used) for each in inner]
    return {variable: used for variable, used in found.items() if variable not in unknown}


def _inner(pattern: Pattern) -> list[Pattern]:
    """Return the patterns of which one is made."""
    match pattern:
        case algebra.Join(left, right) | algebra.Union(left, right) | algebra.Minus(left, right):
            return [left, right]
        case algebra.LeftJoin(left, right):
            return [left, right]
        case algebra.BGP() | algebra.PathPattern() | algebra.Values():
            return []
    return [pattern.pattern]


def _own(pattern: Pattern) -> object:
    """Return what a pattern has beside the one of which it is made."""
    match pattern:
        case algebra.Filter(_, condition):
            return condition
        case algebra.Extend(_, _, expression):
            return expression
        case algebra.OrderBy(_, conditions):
            return conditions
    return ()


def holds(part: object, kinds: tuple[type, ...]) -> bool:
    """Return whether a part of the algebra is, or has somewhere in it, one of these kinds."""
    return any(isinstance(each, kinds) for each in _parts(part))


def _parts(part: object, without: tuple[type, ...] = ()) -> Iterator[Any]:
    """Yield a part of the algebra and all below it, down to terms, but for those of some classes."""
    waiting: list[Any] = [part]
    while waiting:
        each = waiting.pop()
        of = each.__class__
        if of is tuple:
            waiting += each
        elif of not in without:
            yield each
            if (members := algebra.FIELDS.get(of)) is not None:
                waiting += [getattr(each, name) for name in members]


def needs_triples(pattern: Pattern) -> bool:
    """Return whether a pattern has no solution in a graph without triples."""
    match pattern:
        case algebra.BGP(triples):
            return bool(triples)
        case algebra.Join(left, right):
            return needs_triples(left) or needs_triples(right)
        case algebra.Union(left, right):
            return needs_triples(left) and needs_triples(right)
        case algebra.LeftJoin(left, _) | algebra.Minus(left, _):
            return needs_triples(left)
        case algebra.Group(inner, keys):
            return bool(keys) and needs_triples(inner)
        case algebra.Values() | algebra.PathPattern():
            return False
    return needs_triples(pattern.pattern)


def alternatives(subject: Term, path: algebra.Path, object_: Term) -> Iterator[TriplePattern]:
    """Yield the triple patterns of which a path of alternatives is one."""
    match path:
        case NamedNode():
            yield TriplePattern(subject, path, object_)
        case algebra.Inverse(inner):
            yield from alternatives(object_, inner, subject)
        case algebra.Alternative(left, right):
            yield from alternatives(subject, left, object_)
            yield from alternatives(subject, right, object_)
        case _:
            raise Unsupported("a property path is the engine's")
