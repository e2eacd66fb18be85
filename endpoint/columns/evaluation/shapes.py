"""Properties of patterns that are known before they are evaluated."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass

from pyoxigraph import Variable

from endpoint.sparql import algebra
from endpoint.sparql.algebra import Pattern


def names(part: object, exists: bool = True) -> Counter[Variable]:
    """Return how often a part of the algebra names each variable, wherever it stands; in EXISTS, or not."""
    if isinstance(part, Variable):
        return Counter((part,))
    found = Counter[Variable]()
    if isinstance(part, tuple):
        for each in part:
            found += names(each, exists)
    elif is_dataclass(part) and (exists or not isinstance(part, algebra.Exists)):
        for field in fields(part):
            found += names(getattr(part, field.name), exists)
    return found


def holds(part: object, kinds: tuple[type, ...]) -> bool:
    """Return whether a part of the algebra is, or has somewhere in it, one of these kinds."""
    if isinstance(part, kinds):
        return True
    if isinstance(part, tuple):
        return any(holds(each, kinds) for each in part)
    return is_dataclass(part) and any(holds(getattr(part, field.name), kinds) for field in fields(part))


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
