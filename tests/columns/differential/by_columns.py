"""The evaluation over columns, as an evaluator of this test."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, Triple, parse_query_results

from endpoint.columns.build import build
from endpoint.columns.evaluation import Answer as ColumnAnswer
from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.opening import open_columns
from endpoint.engine.scratch import evaluate_alone
from endpoint.formats import QueryForm
from endpoint.ingest.columns import write_statements
from endpoint.results.written import WrittenSolutions, WrittenTriples
from tests.columns.differential.answers import Answer, Failure, read
from tests.columns.differential.data import Data
from tests.columns.differential.tree import Query

CELLS = 2**22


class ByColumns:
    """The columns of a catalogue, in files that are gone once they are mapped; answers are read from JSON."""

    def __init__(self, data: Data) -> None:
        statements = io.BytesIO()
        write_statements(data.store(), statements)
        statements.seek(0)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "columns"
            build(statements, path)
            self._queries = ColumnQueries(open_columns(path), {}, CELLS, evaluate_alone)

    def answer(self, query: Query) -> Answer | None:
        """Answer a query; None where it is left to the engine."""
        text = f"{query.text()}\n#"
        self._meet(text)
        try:
            return read(written(self._queries.answer(text)))
        except Unsupported:
            return None
        except Exception as error:  # of any kind: a fault, whose smallest case is wanted
            return Failure(f"{type(error).__name__}: {error}")

    def _meet(self, text: str) -> None:
        """Read two texts of the same skeleton, so that this one is read through it."""
        for number in range(2):
            with suppress(Unsupported):
                self._queries._skeletons.read(f"{text}{number}")


def written(answer: ColumnAnswer) -> QuerySolutions | QueryBoolean | list[Triple]:
    """Read an answer as it is written."""
    if answer.form is QueryForm.ASK:
        text = b'{"head":{},"boolean":%s}' % (b"true" if answer.table.size else b"false")
        return cast(QueryBoolean, parse_query_results(text, format=QueryResultsFormat.JSON))
    if answer.form is not QueryForm.SELECT:
        triples = list(WrittenTriples(answer.statements()))
        if len(set(triples)) < len(triples):
            raise ValueError("a triple is there twice")
        return triples
    names = [each.value for each in answer.variables]
    return WrittenSolutions(names, answer.table.size, answer.solutions()).solutions()
