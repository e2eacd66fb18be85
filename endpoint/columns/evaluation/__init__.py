"""Evaluation of whole queries over the columns of a generation, exactly as the engine evaluates them.

A query is read to its algebra, and the algebra evaluated on tables of numbers of terms; only the rows that
leave become terms. What is not certain to have the engine's answer, to the last row, raises
:class:`~endpoint.sparql.syntax.parser.Unsupported`, and the engine answers the whole query. Whether it does
depends on the text and on the generation only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pyoxigraph import NamedNode

from endpoint.columns.evaluation.answers import Answer
from endpoint.columns.evaluation.evaluator import Evaluator
from endpoint.columns.evaluation.filters import moved
from endpoint.columns.evaluation.graphs import TRIPLE, constructed, described
from endpoint.columns.evaluation.known import Known, Scratch
from endpoint.columns.evaluation.shapes import Uses, ensure_columnar, holds
from endpoint.columns.evaluation.sources import Asked, Sources
from endpoint.columns.evaluation.tables import Limits
from endpoint.columns.evaluation.terms import Terms, groups_of_kinds
from endpoint.columns.reader import Columns
from endpoint.formats import QueryForm
from endpoint.sparql import algebra
from endpoint.sparql.algebra.skeletons import Skeletons
from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.remembered import Remembered
from endpoint.sparql.syntax.parser import Unsupported, parse

__all__ = ("Answer", "Asked", "ColumnQueries", "Unsupported", "prepared")

# Rows over which the engine may well find the few that are wanted sooner, one after another.
_LAZY = 20_000
_ANY = 2**62
# Characters of all texts that are read once though they come again, and of each of them.
_KEPT: Final = 250_000
_SHORT: Final = 10_000

# What looks for triples; DESCRIBE has a pattern without them.
_LOOKING: Final = (algebra.TriplePattern, algebra.PathPattern, algebra.Graph)

_Key = tuple[str, str | None, Asked | None]
_Plan = tuple[algebra.Query, Asked, Uses]


class ColumnQueries:
    """Queries over the graphs of ``columns``, whose union is the default graph.

    ``prefixes`` are those that a query need not declare; a table of the evaluation has at most so many
    ``cells``, which are numbers of 8 bytes. ``scratch`` computes what only the engine knows. A query that
    looks for no triples is computed by the engine, too, unless they take ``all_queries``. With ``exhaustive``
    functions are computed of however many terms, even where the engine takes less time for a whole query.
    """

    def __init__(
        self,
        columns: Columns,
        prefixes: Mapping[str, str],
        cells: int,
        scratch: Scratch,
        all_queries: bool = True,
        exhaustive: bool = False,
    ) -> None:
        self._known = Known(columns.terms, scratch, groups_of_kinds(columns.terms), exhaustive)
        self._sources = Sources(columns)
        self._prefixes = prefixes
        self._prepare = prepared if all_queries else _looking
        self._skeletons = Skeletons(prefixes, self._prepare)
        self._cells = cells
        # A text whose plan is a word is left to the engine: the word is why.
        self._plans: Remembered[_Key, _Plan | str] = Remembered(_KEPT)
        # The tables of the grammar are made now, and shared by all processes that are forked from this one.
        parse("ASK {}")

    def answer(self, text: str, base_iri: str | None = None, asked: Asked | None = None) -> Answer:
        """Return the answer to a query, over the graphs that are ``asked`` in place of those of its text.

        Raises :class:`Unsupported` for what only the engine answers.
        """
        key = text, base_iri, asked
        found = self._plans.get(key)
        if isinstance(found, str):
            raise Unsupported(found)
        try:
            plan = self.plan(text, base_iri, asked) if found is None else found
            answer = self._evaluated(*plan)
        except Unsupported as reason:
            self._remember(key, str(reason))
            raise
        if found is None:
            self._remember(key, plan)
        return answer

    def _remember(self, key: _Key, plan: _Plan | str) -> None:
        if len(key[0]) <= _SHORT:
            self._plans.put(key, plan, len(key[0]))

    def _evaluated(self, query: algebra.Query, asked: Asked, uses: Uses) -> Answer:
        base = None if query.base_iri is None else NamedNode(query.base_iri)
        terms = Terms(self._known, base)
        # Merged graphs the engine takes for a bag: a triple of two of them counts twice.
        limits = Limits(self._cells, _LAZY if _lazy(query) and not _merged(asked) else _ANY)
        evaluator = Evaluator(self._sources, asked, terms, limits)
        table = evaluator.answer(query.pattern, uses)
        if query.form is QueryForm.CONSTRUCT:
            table = constructed(table, query.template, terms, evaluator.limits)
        elif query.form is QueryForm.DESCRIBE:
            table = described(table, evaluator.default, evaluator.limits)
        else:
            return Answer(query.form, tuple(table.columns), table, terms)  # type: ignore[arg-type]
        return Answer(query.form, TRIPLE, table, terms)

    def plan(self, text: str, base_iri: str | None = None, asked: Asked | None = None) -> _Plan:
        """Return the algebra of a query that may be answered here, its dataset and the uses of its variables.

        Raises :class:`Unsupported` for what the engine answers.
        """
        query = self._translated(text, base_iri)
        if asked is None:
            asked = Asked() if query.dataset is None else Asked.of(query.dataset.default, query.dataset.named)
        return query, asked, query.known if isinstance(query.known, Uses) else Uses(query.pattern)

    def _translated(self, text: str, base_iri: str | None) -> algebra.Query:
        if len(text) <= _SHORT:
            return self._skeletons.read(text, base_iri)
        return self._prepare(translate(parse(text), self._prefixes, base_iri))


def prepared(query: algebra.Query) -> algebra.Query:
    """Return an equal query that is evaluated in less time.

    Raises :class:`Unsupported` for one that only the engine evaluates, whatever its constants are.
    """
    ensure_columnar(query)
    pattern = moved(query.pattern)
    return replace(query, pattern=pattern, known=Uses(pattern))


def _looking(query: algebra.Query) -> algebra.Query:
    """Return a :func:`prepared` query. Raises :class:`Unsupported` for one that looks for no triples, too."""
    query = prepared(query)
    if not holds(query.pattern, _LOOKING):
        raise Unsupported("a query without triples is computed")
    return query


def _merged(asked: Asked) -> bool:
    return asked.default is not None and len(asked.default) > 1


def _lazy(query: algebra.Query) -> bool:
    """Return whether the engine can stop before it has found all solutions."""
    pattern, sliced = query.pattern, query.form is QueryForm.ASK
    while True:
        match pattern:
            case algebra.Slice(inner, _, limit):
                pattern, sliced = inner, sliced or limit is not None
            case algebra.Project(inner) | algebra.Reduced(inner) | algebra.Extend(inner):
                pattern = inner
            case algebra.Filter(inner, _):
                pattern = inner
            case algebra.Group() | algebra.OrderBy() | algebra.Distinct():
                return False
            case _:
                return sliced
