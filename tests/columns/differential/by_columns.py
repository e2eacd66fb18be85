"""The evaluation over columns, as an evaluator of this test."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

from pyoxigraph import QueryResultsFormat, parse_query_results

from endpoint.columns.build import build
from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.reader import Columns
from endpoint.engine.scratch import evaluate_alone
from endpoint.ingest.columns import write_statements
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
            self._queries = ColumnQueries(Columns.open(path), {}, CELLS, evaluate_alone)

    def answer(self, query: Query) -> Answer | None:
        """Answer a query; None where it is left to the engine."""
        try:
            text = self._queries.answer(query.text()).json()
        except Unsupported:
            return None
        except Exception as error:  # of any kind: a fault, whose smallest case is wanted
            return Failure(f"{type(error).__name__}: {error}")
        found = parse_query_results(text, format=QueryResultsFormat.JSON)
        return read(found)
