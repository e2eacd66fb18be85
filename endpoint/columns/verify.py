"""The verification of columns against the statements that they were made of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from endpoint.columns.intake import Intake
from endpoint.columns.reader import Columns, Dictionary
from endpoint.columns.sets import Numbers, members_of
from endpoint.columns.signatures import signatures_of
from endpoint.columns.terms import TermClass, read_term


def verify(columns: Columns, stream: Iterable[bytes], spool: Path) -> None:
    """Check that ``columns`` have the statements of ``stream`` and no other, in order.

    ``spool`` is a file to write to.

    :raises ValueError: they have not; the message tells the first difference.
    :raises StoreError: a file is damaged.
    """
    columns.ensure_intact()
    intake = Intake(stream, spool)
    numbers = _verify_terms(columns)
    try:
        known = np.array([numbers[intake.terms[term]] for term in range(len(intake.terms))], np.uint32)
    except KeyError as error:
        raise ValueError(f"the term {error.args[0][:200]!r} is missing") from None
    _same(len(known), len(numbers), "terms")
    graphs = {name: place for place, name in enumerate(columns.graphs)}
    if any(name not in graphs for name in intake.graphs):
        raise ValueError("a graph is missing")
    subjects, predicates, objects, places = intake.columns()
    held = np.array([graphs[name] for name in intake.graphs], np.uint32)[places]
    wanted = _sorted(np.stack([known[predicates], known[subjects], known[objects], held]))
    _same(intake.distinct(wanted).shape[1], columns.quads, "statements")
    places = np.repeat(columns.predicates, np.diff(columns.starts))
    triples = np.stack([places, *columns.pairs])
    rows, members = members_of(columns.graph_sets, columns.sets)
    _equal(np.vstack([triples[:, rows], members]), wanted, "the pairs by subject, or their graphs,")
    inverse = np.stack([places, *columns.inverse])
    _equal(inverse, _sorted(triples[[0, 2, 1]]), "the pairs by object")
    _equal(columns.triples, _sorted(triples[[1, 0, 2]]), "the triples by subject")


def _verify_terms(columns: Columns) -> dict[bytes, int]:
    """Return the numbers of all terms, once each is in its class, in order, and has its kind and value."""
    numbers: dict[bytes, int] = {}
    terms = columns.terms
    for of, members in terms.classes.items():
        before = None
        for number in members:
            text = terms.term(number)
            term = read_term(text)
            rank = term.rank()
            if term.of is not of or (before is not None and not before < rank):
                raise ValueError(f"the term {text[:200]!r} has the wrong place")
            kind, value = terms.kind_names[terms.kinds[number]], terms.value(number)
            if kind != term.kind or (value is not None and value != term.value):
                raise ValueError(f"the term {text[:200]!r} has the wrong kind or value")
            if of is TermClass.TEXT:
                _verify_text(terms, number, text)
            before, numbers[text] = rank, number
    _same(len(numbers), len(terms), "terms")
    return numbers


def _verify_text(terms: Dictionary, number: int, text: bytes) -> None:
    """Check the number of characters of a term, and its signature."""
    characters = terms.characters[number - terms.classes[TermClass.TEXT].start]
    if characters != len(read_term(text).content().decode()):
        raise ValueError(f"the term {text[:200]!r} has the wrong number of characters")
    signature = terms.signature(number)
    if signature and signature != b"".join(signatures_of([text])):
        raise ValueError(f"the term {text[:200]!r} has the wrong signature")


def _sorted(rows: Numbers) -> Numbers:
    return rows[:, np.lexsort(rows[::-1])]


def _same(found: int, wanted: int, what: str) -> None:
    if found != wanted:
        raise ValueError(f"there are {found:,} {what} instead of {wanted:,}")


def _equal(found: Numbers, wanted: Numbers, what: str) -> None:
    if not np.array_equal(found, wanted):
        raise ValueError(f"{what} differ")
