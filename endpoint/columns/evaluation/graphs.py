"""The triples of CONSTRUCT and DESCRIBE (SPARQL 1.1 Query Language, sections 16.2 and 16.4) as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from pyoxigraph import BlankNode, Literal, NamedNode, Variable

from endpoint.columns.evaluation.grouping import distinct
from endpoint.columns.evaluation.ranges import ranges_of, unfolded
from endpoint.columns.evaluation.sources import Source
from endpoint.columns.evaluation.tables import Key, Limits, Table, concatenated
from endpoint.columns.evaluation.terms import IRI, Terms
from endpoint.columns.sets import Indices
from endpoint.columns.terms import TermClass
from endpoint.sparql.algebra import TriplePattern

# The columns of a table of triples.
TRIPLE: Final = (Variable("subject"), Variable("predicate"), Variable("object"))
# What orders triples by the solutions that they are made of.
_ROW: Final = "row"


def constructed(table: Table, template: Sequence[TriplePattern], terms: Terms, limits: Limits) -> Table:
    """Return the triples of a template, each once: those of a solution after those of the one before.

    A blank node of the template is another one for each solution. What is no triple is left out.
    """
    limits.check(table.size * max(1, len(template)), len(TRIPLE) + 1)
    made: dict[BlankNode, Indices] = {}

    def column(term: NamedNode | BlankNode | Literal | Variable) -> Indices:
        if isinstance(term, Variable):
            return table.column(term)
        if isinstance(term, BlankNode):
            if term not in made:
                made[term] = terms.blank_nodes(table.size)
            return made[term]
        # The engine writes a literal of a template as it stands there.
        return np.full(table.size, terms.number(str(term).encode()), np.int64)

    parts: list[Table] = []
    for row in template:
        subject, predicate, object_ = column(row.subject), column(row.predicate), column(row.object)
        whole = (terms.groups(subject) <= IRI) & (terms.groups(predicate) == IRI) & (object_ >= 0)
        columns: dict[Key, Indices] = dict(zip(TRIPLE, (subject, predicate, object_), strict=True))
        if len(template) > 1:
            columns[_ROW] = np.arange(table.size)
        part = Table(table.size, columns)
        parts.append(part if whole.all() else part.take(whole))
    if not parts:
        return Table(0, {})
    triples = concatenated(parts)
    if len(template) > 1:
        triples = triples.take(np.argsort(triples.columns[_ROW], kind="stable")).without(_ROW)
    return distinct(triples, TRIPLE, terms)


def described(table: Table, source: Source, limits: Limits) -> Table:
    """Return the triples of all terms of the solutions, and of the blank nodes in them, and so on."""
    size = len(source.terms)
    subjects = source.triples[0]
    blank = source.terms.classes[TermClass.BLANK_NODE]
    found = [column[(column >= 0) & (column < size)] for column in table.columns.values()]
    wanted = np.unique(np.concatenate([np.zeros(0, np.int64), *found]))
    known = wanted
    rows = [np.zeros(0, np.int64)]
    while len(wanted):
        begins, ends = ranges_of(subjects, wanted, size)
        limits.check(sum(map(len, rows)) + int((ends - begins).sum()), len(TRIPLE))
        rows.append(unfolded(begins, ends)[1])
        objects = source.triples[2][rows[-1]].astype(np.int64)
        wanted = np.setdiff1d(objects[(objects >= blank.start) & (objects < blank.stop)], known)
        known = np.union1d(known, wanted)
    every = np.concatenate(rows)
    triples = (column[every].astype(np.int64) for column in source.triples)
    return Table(len(every), dict(zip(TRIPLE, triples, strict=True)))
