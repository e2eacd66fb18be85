"""Derived statements: CONSTRUCT queries over the statements that have arrived so far.

They are evaluated as those of clients are, over columns in memory; what only the engine evaluates is left to
it. A statement that is there already, in whatever graph, is not derived, and neither is one with a blank
node: that would be another one wherever it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from endpoint.columns.derivation.arrived import Arrived
from endpoint.columns.evaluation import Answer, ColumnQueries, Unsupported
from endpoint.columns.evaluation.known import Scratch
from endpoint.columns.evaluation.shapes import holds
from endpoint.columns.intake import Intake
from endpoint.columns.numbering import Numberer
from endpoint.columns.sets import Indices, Numbers, starts_of
from endpoint.columns.terms import TermClass
from endpoint.sparql import algebra

# Numbers of 8 bytes in a table of the evaluation.
_CELLS: Final = 2**25
# Statements that are written at once.
_CHUNK: Final = 4096


class Derived(NamedTuple):
    """The number of ``statements`` that were derived, and the places of the rules that are ``left``."""

    statements: int
    left: list[int]


class Derivation:
    """The derivation of some rules after others; ``scratch`` computes what only the engine knows."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        # Columns of so many statements.
        self._arrived: Arrived | None = None
        self._statements = 0

    def derive(
        self, intake: Intake, numberer: Numberer, rules: Sequence[str], graph: bytes, path: Path
    ) -> Derived:
        """Add to ``graph`` of the ``intake`` what ``rules`` derive, and write it to ``path`` as N-Triples.

        No rule sees what another one derives.

        :raises OSError: the file cannot be written.
        """
        if len(intake) != self._statements:
            self._arrived = None  # whose memory goes before more is taken
            self._arrived = Arrived.of(intake, numberer.number(intake.terms))
            self._statements = len(intake)
        arrived = self._arrived
        if arrived is None:
            return Derived(0, [*range(len(rules))])
        queries = ColumnQueries(arrived.columns, {}, _CELLS, self._scratch, exhaustive=True)
        found = [np.empty((3, 0), np.uint32)]
        left: list[int] = []
        for place, rule in enumerate(rules):
            try:
                found.append(_constructed(queries, rule, arrived, intake))
            except Unsupported:
                left.append(place)
        rows = arrived.missing(_distinct(np.concatenate(found, axis=1)))
        _write(rows, intake, path)
        intake.add(rows, graph)
        return Derived(rows.shape[1], left)


def _constructed(queries: ColumnQueries, rule: str, arrived: Arrived, intake: Intake) -> Numbers:
    """Return the triples of a rule without blank nodes, in the numbers of the intake."""
    query, _, _ = queries.plan(rule)
    if holds(query.pattern, (algebra.Graph,)):
        raise Unsupported("a rule names a graph")
    answer = queries.answer(rule)
    columns = [answer.terms.found(answer.table.column(variable)) for variable in answer.variables]
    classes = arrived.columns.terms.classes
    blank, triples = classes[TermClass.BLANK_NODE].stop, classes[TermClass.TRIPLE]
    objects = columns[2]
    if ((objects >= triples.start) & (objects < triples.stop)).any():
        raise Unsupported("a triple term is derived")
    kept = (columns[0] >= blank) & (objects >= blank)
    return np.stack([_taken(column[kept], answer, arrived, intake) for column in columns])


def _taken(column: Indices, answer: Answer, arrived: Arrived, intake: Intake) -> Numbers:
    """Return terms of an answer in the numbers of the intake, which takes those that are new."""
    numbers, places = np.unique(column, return_inverse=True)
    size = len(arrived.order)
    known = numbers[numbers < size]
    new = [intake.number(answer.terms.text(number)) for number in numbers[len(known) :].tolist()]
    taken: Numbers = np.concatenate([arrived.order[known], np.array(new, np.uint32)])[places]
    return taken


def _distinct(rows: Numbers) -> Numbers:
    ordered = rows[:, np.lexsort(rows[::-1])]
    distinct: Numbers = ordered[:, starts_of(*ordered)]
    return distinct


def _write(rows: Numbers, intake: Intake, path: Path) -> None:
    terms = intake.terms
    names = {number: b" " + terms[number] + b" " for number in np.unique(rows[1]).tolist()}
    subject, text = -1, b""
    with path.open("wb", 2**20) as out:
        for begin, end in pairwise([*range(0, rows.shape[1], _CHUNK), rows.shape[1]]):
            for number, predicate, value in zip(*rows[:, begin:end].tolist(), strict=True):
                if number != subject:
                    subject, text = number, terms[number]
                out.write(text + names[predicate] + terms[value] + b" .\n")
