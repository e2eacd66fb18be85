"""Paths of one property, once or more (SPARQL 1.1 Query Language, section 18.4, ALP)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import BlankNode, NamedNode, Variable

from endpoint.columns.evaluation.tables import Key, Limits, Table
from endpoint.columns.evaluation.terms import Terms
from endpoint.columns.reader import Pairs
from endpoint.columns.sets import Indices
from endpoint.sparql import algebra
from endpoint.sparql.syntax.parser import Unsupported

# Steps of a path: hierarchies have few, and each looks at all pairs that are known. Along a chain the engine
# is sooner at its end.
_MOST_STEPS: Final = 30


def property_of(path: algebra.Path) -> NamedNode | None:
    """Return the property of a path of this module; None where it is another one."""
    if isinstance(path, algebra.OneOrMore) and isinstance(path.path, NamedNode):
        return path.path
    return None


def reached(pattern: algebra.PathPattern, pairs: Pairs, terms: Terms, limits: Limits) -> Table:
    """Return the solutions of a pattern with such a path; ``pairs`` are those of its property, by subject."""
    ends = _closure(pairs, len(terms.dictionary), limits)
    kept = np.ones(len(ends[0]), bool)
    columns: dict[Key, Indices] = {}
    for term, column in zip((pattern.subject, pattern.object), ends, strict=True):
        if isinstance(term, Variable | BlankNode):
            kept &= columns.setdefault(term, column) == column
        elif isinstance(term, NamedNode):
            kept &= column == terms.constant(term)
        else:
            # A literal leads nowhere, but for the engine maybe to itself.
            raise Unsupported("a property path of a literal is the engine's")
    return Table(len(ends[0]), {**columns, "kept": kept}).take(kept).without("kept")


def _closure(pairs: Pairs, terms: int, limits: Limits) -> tuple[Indices, Indices]:
    """Return the subjects and objects that one step or more lead between, each pair once."""
    known = new = np.unique(_key(pairs.first, pairs.second, terms))
    steps = 0
    while len(new):
        steps += 1
        if steps > _MOST_STEPS:
            raise Unsupported("a property path has many steps")
        first, middle = np.divmod(new, terms)
        keys = middle.astype(pairs.first.dtype)
        begins = np.searchsorted(pairs.first, keys)
        sizes = np.searchsorted(pairs.first, keys, side="right") - begins
        total = int(sizes.sum())
        limits.check(len(known) + total, 2)
        places = np.repeat(begins - (np.cumsum(sizes) - sizes), sizes) + np.arange(total)
        new = np.setdiff1d(_key(np.repeat(first, sizes), pairs.second[places], terms), known)
        known = np.union1d(known, new)
    first, second = np.divmod(known, terms)
    return first, second


def _key(first: NDArray[np.integer], second: NDArray[np.integer], terms: int) -> Indices:
    return first.astype(np.int64) * terms + second
