"""Filters, moved into the patterns that bind all of their variables, so that less is made before them.

A filter over an assignment or an optional pattern holds of the same solutions before these, where it names no
variable that they may bind (SPARQL 1.1 Query Language, section 18.6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import reduce
from typing import Final

from endpoint.columns.evaluation.shapes import always, holds, named_in
from endpoint.sparql import algebra
from endpoint.sparql.algebra import Call, Expression, Pattern

# The fields of a pattern that are patterns.
_PARTS: Final = ("pattern", "left", "right")


def moved(pattern: Pattern) -> Pattern:
    """Return an equal pattern whose filters stand as deep as they can."""
    found = pattern
    if not isinstance(pattern, algebra.PathPattern):
        parts = {
            each.name: moved(getattr(pattern, each.name)) for each in fields(pattern) if each.name in _PARTS
        }
        found = replace(pattern, **parts)  # type: ignore[arg-type]
    if not isinstance(found, algebra.Filter):
        return found
    below, left = found.pattern, list[Expression]()
    for condition in conjuncts(found.condition):
        deeper = _into(below, condition)
        if deeper is None:
            left.append(condition)
        else:
            below = deeper
    return algebra.Filter(below, _all(left)) if left else below


def _into(pattern: Pattern, condition: Expression) -> Pattern | None:
    """Return a pattern with a condition in it; None where it has to stand outside."""
    named = named_in(condition)
    if holds(condition, (algebra.Exists,)):
        return None
    match pattern:
        case algebra.Extend(inner, variable, expression) if variable not in named and named <= always(inner):
            return algebra.Extend(_beside(inner, condition), variable, expression)
        case algebra.LeftJoin(left, right, optional) if named <= always(left):
            return algebra.LeftJoin(_beside(left, condition), right, optional)
    return None


def _beside(pattern: Pattern, condition: Expression) -> Pattern:
    deeper = _into(pattern, condition)
    if deeper is not None:
        return deeper
    if isinstance(pattern, algebra.Filter):
        return algebra.Filter(pattern.pattern, _all([pattern.condition, condition]))
    return algebra.Filter(pattern, condition)


def _all(conditions: list[Expression]) -> Expression:
    return reduce(lambda left, right: Call("&&", (left, right)), conditions)


def conjuncts(condition: Expression) -> Iterator[Expression]:
    """Yield the conditions that all have to be true."""
    if isinstance(condition, Call) and condition.function == "&&":
        for argument in condition.arguments:
            yield from conjuncts(argument)
    else:
        yield condition
