"""Aggregates but COUNT (SPARQL 1.1 Query Language, section 18.5.1), as the engine computes them.

A group has no value where one of its solutions has none, but for SAMPLE. What depends on the order in which
the engine meets the solutions is left to it: sums that are rounded, the least of terms that tie, texts that
are joined. SAMPLE is the term of the lowest number.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, Variable

from endpoint.columns.evaluation.conditions import Conditions, at_once
from endpoint.columns.evaluation.ordering import ranks_of
from endpoint.columns.evaluation.strings import numbers_of_characters
from endpoint.columns.evaluation.tables import Key, Table, codes_of, first_rows
from endpoint.columns.evaluation.terms import NUMBER, OTHER, STRING, TAGGED, UNBOUND, Terms
from endpoint.columns.sets import Indices, starts_of
from endpoint.sparql.algebra import Aggregate, Call
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import XSD

# Numbers whose sum is the same in any order, because no part of it is rounded: as doubles, and as integers.
_EXACT: Final = 2.0**53
_SUMMED: Final = 2.0**62
# Digits of the numbers of the class NUMBER.
_DIGITS: Final = 15
# Greater than every number of a term and every rank.
_NONE: Final = np.iinfo(np.int64).max
_INTEGER, _DECIMAL, _DOUBLE = range(3)
_KINDS: Final = [f"^^<{XSD}{name}>".encode() for name in ("integer", "decimal", "double")]
_SUM, _COUNT = Variable("sum"), Variable("count")


class _Members(NamedTuple):
    """Terms, each with the number of its group, of which there are ``number``, and its place in the order."""

    codes: Indices
    terms: Indices
    number: int
    runs: Indices

    def where(self, kept: NDArray[np.bool_]) -> _Members:
        return _Members(self.codes[kept], self.terms[kept], self.number, self.runs[kept])

    def groups_with(self, some: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return for each group whether it has some of the terms."""
        found = np.zeros(self.number, bool)
        found[self.codes[some]] = True
        return found


def aggregated(
    table: Table,
    aggregate: Aggregate,
    codes: Indices,
    number: int,
    terms: Terms,
    runs: Indices | None = None,
) -> Indices:
    """Return the term of an aggregate for each group, UNBOUND where it has none.

    ``codes`` are the groups of the solutions; ``runs`` are their places in the order, the same where they
    tie, None where they have none. Raises :class:`Unsupported` for what only the engine knows.
    """
    expression = aggregate.expression
    if expression is None:
        raise Unsupported(f"{aggregate.function} has no expression")
    if aggregate.function in ("SUM", "AVG") and not aggregate.distinct:
        lengths = _lengths(table, expression, terms)
        if lengths is not None:
            return _of_lengths(aggregate.function, lengths, codes, number, terms)
    plain = isinstance(expression, Variable)
    column = table.column(expression) if plain else Conditions(terms).value(table, expression)  # type: ignore[arg-type]
    (column,) = terms.settled(column)
    members = _Members(codes, column, number, np.zeros(len(codes), np.int64) if runs is None else runs)
    if aggregate.function == "SAMPLE":
        return _least_terms(members.where(column >= 0))
    failed = members.groups_with(column < 0)
    members = members.where(~failed[codes])
    if aggregate.distinct:
        both, pairs = codes_of([members.codes, members.terms], len(members.codes))
        rows = np.sort(first_rows(both, pairs))
        members = _Members(members.codes[rows], members.terms[rows], number, members.runs[rows])
    match aggregate.function:
        case "SUM":
            found = _sums(_totals(members, terms), terms)
        case "AVG":
            found = _averages(_totals(members, terms), members.codes, terms)
        case "MIN" | "MAX":
            found = _extremes(members, terms, aggregate.function == "MAX")
        case "GROUP_CONCAT":
            found = _texts(members, terms, " " if aggregate.separator is None else aggregate.separator)
        case _:
            raise Unsupported(f"{aggregate.function} is the engine's")
    found[failed] = UNBOUND
    return found


def _least_terms(members: _Members) -> Indices:
    found = _least(members, members.terms)
    found[found == _NONE] = UNBOUND
    return found


def _least(members: _Members, keys: NDArray[Any]) -> NDArray[Any]:
    """Return the least of the keys of each group, _NONE where it has none."""
    found = np.full(members.number, _NONE, keys.dtype)
    np.minimum.at(found, members.codes, keys)
    return found


def _extremes(members: _Members, terms: Terms, greatest: bool) -> Indices:
    """Return the least or the greatest term of each group, by the order of ORDER BY."""
    found = _least_terms(members)
    # A group of one term needs no order.
    several = members.groups_with(members.terms != found[members.codes])
    if several.any():
        left = members.where(several[members.codes])
        ranks = ranks_of(left.terms, terms)
        keys = -ranks if greatest else ranks
        ties = left.where(keys == _least(left, keys)[left.codes])
        best = _least_terms(ties)
        if (ties.terms != best[ties.codes]).any():
            raise Unsupported("several terms are the least, or the greatest, of a group")
        found[several] = best[several]
    return found


# Sums.


class _Totals(NamedTuple):
    """For each group the sum, as an integer of so many decimal ``places``, and the kind of the result."""

    sums: Indices
    kinds: Indices
    places: int
    failed: NDArray[np.bool_]


def _totals(members: _Members, terms: Terms) -> _Totals:
    groups = terms.groups(members.terms)
    failed = members.groups_with((groups != NUMBER) & (groups != OTHER))
    members = members.where(~failed[members.codes])
    groups = terms.groups(members.terms)
    if (groups == OTHER).any():
        raise Unsupported("a sum has numbers of a rare kind")
    values = terms.values(members.terms, NUMBER)
    kinds = terms.kinds_among(members.terms, _KINDS)
    doubled = members.groups_with(kinds == _DOUBLE)
    scaled, places = _scaled(values)
    if doubled.any():
        within = doubled[members.codes]
        if places and (values[within] != np.rint(values[within])).any():
            raise Unsupported("a sum of doubles is rounded")
    largest = np.bincount(members.codes, np.abs(scaled), members.number)
    if (largest >= _SUMMED).any() or (largest[doubled] >= _EXACT * 10.0**places).any():
        raise Unsupported("a sum is very large")
    order = np.argsort(members.codes, kind="stable")
    codes = members.codes[order]
    first = starts_of(codes)
    sums = np.zeros(members.number, np.int64)
    result = np.full(members.number, _INTEGER, np.int64)
    if len(first):
        sums[codes[first]] = np.add.reduceat(scaled.astype(np.int64)[order], first)
        result[codes[first]] = np.maximum.reduceat(kinds[order], first)
    return _Totals(sums, result, places, failed)


def _scaled(values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return all values as whole numbers of a decimal place, which their doubles still tell apart."""
    for places in range(_DIGITS + 1):
        power = 10.0**places
        scaled = np.rint(values * power)
        if not (np.abs(scaled) < 10.0**_DIGITS).all():
            break
        # The double next to a decimal number is what dividing two whole doubles gives (IEEE 754).
        if (scaled / power == values).all():
            return scaled, places
    raise Unsupported("a sum has many digits")


def _lengths(table: Table, expression: object, terms: Terms) -> Indices | None:
    """Return for each solution the value of STRLEN, UNBOUND where it is an error; None for anything else."""
    if not isinstance(expression, Call) or expression.function != "STRLEN" or not at_once(expression):
        return None
    return numbers_of_characters(Conditions(terms).value(table, expression.arguments[0]), terms)


def _of_lengths(function: str, lengths: Indices, codes: Indices, number: int, terms: Terms) -> Indices:
    """Return the sum or the average of numbers of characters, UNBOUND where one is missing."""
    failed = np.zeros(number, bool)
    failed[codes[lengths < 0]] = True
    kept = ~failed[codes]
    codes = codes[kept]
    # No memory has so many characters that a double does not tell their numbers apart.
    sums = np.bincount(codes, lengths[kept], number).astype(np.int64)
    totals = _Totals(sums, np.full(number, _INTEGER, np.int64), 0, failed)
    return _sums(totals, terms) if function == "SUM" else _averages(totals, codes, terms)


def _sums(totals: _Totals, terms: Terms) -> Indices:
    # A sum of the same kind and value is one term.
    codes, number = codes_of([totals.kinds, totals.sums], len(totals.sums))
    rows = first_rows(codes, number)
    sums = totals.sums[rows]
    texts = [
        b'"%s"%s' % (_decimal(value, totals.places), _KINDS[kind])
        for value, kind in zip(sums.tolist(), totals.kinds[rows].tolist(), strict=True)
    ]
    found = terms.numerals(sums / 10.0**totals.places, texts)[codes]
    found[totals.failed] = UNBOUND
    return found


def _decimal(value: int, places: int) -> bytes:
    """Write ``value`` / 10 ** ``places`` without a zero at the end."""
    if not places:
        return b"%d" % value
    whole, rest = divmod(abs(value), 10**places)
    digits = (b"%0*d" % (places, rest)).rstrip(b"0")
    return (b"-" if value < 0 else b"") + b"%d" % whole + (b"." + digits if digits else b"")


def _averages(totals: _Totals, codes: Indices, terms: Terms) -> Indices:
    """Return sum by count, which the engine divides as its ``/`` does; 0 of nothing."""
    counts = np.bincount(codes, minlength=len(totals.sums))
    sums = _sums(totals, terms)
    found = np.full(len(counts), UNBOUND, np.int64)
    found[(counts == 0) & ~totals.failed] = terms.integers(np.zeros(1, np.int64))[0]
    rows = np.flatnonzero((counts > 0) & (sums >= 0))
    different, places = np.unique(counts[rows], return_inverse=True)
    columns: dict[Key, Indices] = {_SUM: sums[rows], _COUNT: terms.integers(different)[places]}
    found[rows] = Conditions(terms).value(Table(len(rows), columns), Call("/", (_SUM, _COUNT)))
    return found


# Texts.


def _texts(members: _Members, terms: Terms, separator: str) -> Indices:
    """Return the texts of each group, joined in their order, where it is certain or they are all the same."""
    groups = terms.groups(members.terms)
    failed = members.groups_with((groups != STRING) & (groups != TAGGED) & (groups != OTHER))
    members = members.where(~failed[members.codes])
    groups = terms.groups(members.terms)
    if (groups == OTHER).any():
        raise Unsupported("a literal may have a direction")
    only = _least_terms(members)
    several = members.groups_with(members.terms != only[members.codes])
    _ensure_ordered(members.where(several[members.codes]), terms)
    found = _repetitions(members, only, terms, separator)
    for group, numbers in _by_group(members.where(several[members.codes])):
        texts = [terms.text(number)[1:-1] for number in numbers]
        found[group] = terms.computed(b'"%s"' % _escaped(separator).join(texts))
    found[failed] = UNBOUND
    return found


def _ensure_ordered(members: _Members, terms: Terms) -> None:
    """Raise :class:`Unsupported` unless it is certain how the engine joins the members of each group."""
    codes, number = codes_of([members.codes, members.runs], len(members.codes))
    if (members.terms != members.terms[first_rows(codes, number)][codes]).any():
        raise Unsupported("texts are joined in the engine's order")
    if (terms.groups(members.terms) != STRING).any():
        raise Unsupported("texts with language tags are joined")


def _by_group(members: _Members) -> Iterator[tuple[int, list[int]]]:
    """Yield each group with its terms in their order."""
    order = np.lexsort((members.runs, members.codes))
    codes, numbers = members.codes[order], members.terms[order].tolist()
    for begin, end in pairwise([*starts_of(codes).tolist(), len(codes)]):
        yield int(codes[begin]), numbers[begin:end]


def _repetitions(members: _Members, only: Indices, terms: Terms, separator: str) -> Indices:
    """Return for each group the text of its ``only`` member as often as it is there."""
    counts = np.bincount(members.codes, minlength=members.number)
    codes, number = codes_of([only, counts], members.number)
    rows = first_rows(codes, number)
    written = [
        terms.computed(_repeated(terms.text(term), times, separator)) if term >= 0 else terms.number(b'""')
        for term, times in zip(only[rows].tolist(), counts[rows].tolist(), strict=True)
    ]
    return np.array(written, np.int64)[codes] if number else only


def _repeated(term: bytes, times: int, separator: str) -> bytes:
    """Return a literal whose text is that of ``term`` so many times."""
    if times == 1:
        return term
    end = term.rindex(b'"')
    return b'"%s"%s' % (_escaped(separator).join([term[1:end]] * times), term[end + 1 :])


def _escaped(text: str) -> bytes:
    """Return a text as N-Triples writes it between quotation marks."""
    return str(Literal(text)).encode()[1:-1]
