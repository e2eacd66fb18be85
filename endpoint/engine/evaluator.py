"""The evaluation of queries on one generation: from columns, by the engine, with its text index."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from traceback import extract_tb
from typing import Final, TypeAlias, cast

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    Triple,
    parse_query_results,
)

from endpoint.columns.counting import MOST_GRAPHS, Counting
from endpoint.columns.evaluation import Asked, ColumnQueries, Unsupported
from endpoint.columns.reader import Columns
from endpoint.engine.query_graphs import QueryGraphs
from endpoint.errors import NotFound
from endpoint.formats import QueryForm
from endpoint.results.rows import Results
from endpoint.results.written import Written, WrittenSolutions, WrittenTriples, begun
from endpoint.search import Request
from endpoint.search.index import TextIndex
from endpoint.search.service.rewriting import FederatedQuery, Rewritten, read_federated, without_index
from endpoint.sparql.operation import Operation
from endpoint.sparql.remembered import Remembered
from endpoint.sparql.specified import as_specified
from endpoint.storage.generations import Generation

# The longest message of a failure, in characters.
MESSAGE: Final = 20_000
# Planning a longer text (characters) twice, only for the order of its columns, could take seconds.
REORDERED: Final = 4000
# A longer text (characters) takes longer to compile for columns than most of what it asks for.
COMPILED: Final = 20_000

# Characters of texts that are known to be answered as specified, with those that are in their place.
_KEPT: Final = 2**18
# The last calls before an error that are told.
_PLACES: Final = 6

_BOOLEANS: Final = [
    cast(QueryBoolean, parse_query_results(f'{{"boolean":{word}}}', format=QueryResultsFormat.JSON))
    for word in ("false", "true")
]
_VARIABLE: Final = re.compile(r"[?$](\w+)")
_Functions: TypeAlias = dict[NamedNode, Callable[..., NamedNode | BlankNode | Literal | Triple | None]]
_UNKNOWN_FUNCTION: Final = re.compile(r"The custom function <(.*)> is not supported", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """The options of every query of a worker.

    ``union``: the engine makes a union default graph; ``memory`` is what a query may use, in bytes;
    ``text`` is the folder of the text index of ``generation``, and ``columns`` are its columns, if it has
    them; ``queries`` evaluates over them.
    """

    prefixes: dict[str, str]
    union: bool
    memory: int
    text: str | None = None
    columns: Columns | None = None
    queries: ColumnQueries | None = None
    generation: Generation | None = None


class Evaluator:
    """One store with its text index, on which a worker evaluates queries.

    ``by_columns``: columns answered the last one; ``fault`` is the error for which they did not.
    """

    def __init__(self, store: Store, options: WorkerOptions) -> None:
        self.store = store
        self.options = options
        self.by_columns, self.fault = False, ""
        self._index: TextIndex | None = None
        self._specified: Remembered[tuple[str, tuple[str, ...], tuple[str, ...]], str] = Remembered(_KEPT)

    def index(self) -> TextIndex | None:
        """Return the text index, if there is one; opened for the first search. Raises StoreError."""
        folder = self.options.text
        if self._index is None and folder is not None and Path(folder).is_dir():
            self._index = TextIndex.open(Path(folder))
        return self._index

    def search(self, request: Request) -> bytes:
        """Return the :class:`~endpoint.search.Answer` as JSON.

        A hit has the members of the record's summary besides its own.

        Raises :class:`~endpoint.errors.NotFound` without an index, and :class:`~endpoint.errors.StoreError`.
        """
        index = self.index()
        if index is None:
            raise NotFound("This endpoint has no text index.")
        answer = asdict(index.search(request))
        for hit in answer["hits"]:
            hit.update(hit.pop("summary"))
        return json.dumps(answer, ensure_ascii=False).encode()

    def count(self, union: bool, most_classes: int) -> bytes:
        """Return the :meth:`parts <endpoint.columns.counting.Counting.parts>` of all statements as JSON.

        Raises :class:`~endpoint.errors.NotFound` without columns, and where there are very many graphs.
        """
        columns = self.options.columns
        if columns is None or len(columns.graphs) > MOST_GRAPHS:
            raise NotFound("This generation cannot be counted from columns.")
        return json.dumps(Counting(columns, union, most_classes).parts(), ensure_ascii=False).encode()

    def evaluate(self, operation: Operation) -> Results | Written:
        """Return the results of columns where they have them, of the engine else.

        Which of them has is the same for a text on one generation. SERVICE text:search is answered before.

        Raises :class:`~endpoint.errors.MalformedQuery` and :class:`~endpoint.errors.QueryTooComplex` for a
        text search that is not valid, and whatever the engine raises, with positions in the operation's text.
        """
        federated = read_federated(operation.text, operation.base_iri, self.options.prefixes)
        if federated is not None:
            return self._evaluate_federated(federated, operation)
        shown, operation = operation.text, self._as_specified(operation)
        answer = self._answer_from_columns(operation, shown)
        if answer is not None:
            self.by_columns = True
            return answer
        text, star = operation.text, operation.star
        results = self._query(text, operation)
        columns = _columns(results, star, shown)
        return results if columns is None else self._query(_starless(text, star, columns), operation)

    def _as_specified(self, operation: Operation) -> Operation:
        key = operation.text, operation.default_graphs, operation.named_graphs
        text = self._specified.get(key)
        if text is None:
            text = as_specified(operation.text, self._graphs(operation))
            self._specified.put(key, text, len(text) + len(operation.text))
        # An asterisk stands before all that may be written anew.
        return operation if text == operation.text else replace(operation, text=text)

    def _graphs(self, operation: Operation) -> QueryGraphs:
        options = self.options
        overlap = None if options.generation is None else options.generation.overlap
        return QueryGraphs(self.store, operation, options.prefixes, options.union, overlap)

    def _answer_from_columns(self, operation: Operation, shown: str) -> QueryBoolean | Written | None:
        """Return the answer from columns, None where only the engine is sure; ``shown`` orders variables."""
        queries, text = self.options.queries, operation.text
        if queries is None or not operation.columns or operation.form is None or len(text) > COMPILED:
            return None
        try:
            answer = queries.answer(text, operation.base_iri, _asked(operation))
            if answer.form is QueryForm.ASK:
                return _BOOLEANS[answer.table.size > 0]
            if answer.form in (QueryForm.CONSTRUCT, QueryForm.DESCRIBE):
                return WrittenTriples(begun(answer.statements()))
            if operation.star is not None and len(text) <= REORDERED:
                answer = answer.showing(by_appearance([each.value for each in answer.variables], shown))
            names = [variable.value for variable in answer.variables]
            return WrittenSolutions(names, answer.table.size, begun(answer.solutions()))
        except Unsupported:
            return None
        except MemoryError:
            raise
        except Exception as error:  # of any kind: nobody has foreseen it, and the engine can answer
            self.fault = _described(error)
            return None

    def _evaluate_federated(self, federated: FederatedQuery, operation: Operation) -> Results:
        text, star = operation.text, operation.star
        index = self.index()
        if index is None:
            raise without_index(federated)
        columns = None
        if star is not None and len(text) <= REORDERED:
            # The variables are known without waiting for the hits.
            columns = _columns(self._query_rewritten(federated.outline, operation), star, text)
        rewritten = federated.answered(index, self.options.memory)
        if columns is not None:
            return self._query(_starless(rewritten.text, star, columns), operation)
        return self._query_rewritten(rewritten, operation)

    def _query_rewritten(self, rewritten: Rewritten, operation: Operation) -> Results:
        try:
            return self._query(rewritten.text, operation)
        except SyntaxError as error:
            raise SyntaxError(rewritten.located(str(error))) from None

    def _query(self, text: str, operation: Operation) -> Results:
        """Return the engine's results; each call of a function that it does not know is an error.

        Of an expression, not of the query (SPARQL 1.1 Query Language, section 17.2), where the engine refuses
        the query. It names one such function at a time.
        """
        unknown: _Functions = {}
        while True:
            try:
                return self._results(text, operation, unknown)
            except RuntimeError as error:
                named = _UNKNOWN_FUNCTION.fullmatch(str(error))
                if named is None or (function := NamedNode(named[1])) in unknown:
                    raise
                unknown[function] = _no_value

    def _results(self, text: str, operation: Operation, functions: _Functions) -> Results:
        default: list[NamedNode | BlankNode | DefaultGraph] = [*map(NamedNode, operation.default_graphs)]
        named: list[NamedNode | BlankNode] = [*map(NamedNode, operation.named_graphs)]
        merged = self._graphs(operation).merged()
        if merged is not None:
            return merged.store.query(
                text,
                base_iri=operation.base_iri,
                prefixes=self.options.prefixes,
                default_graph=DefaultGraph(),
                named_graphs=merged.named,
                custom_functions=functions,
            )
        if not default and not named:
            return self.store.query(
                text,
                base_iri=operation.base_iri,
                prefixes=self.options.prefixes,
                # The engine would let the union hide a FROM clause.
                use_default_graph_as_union=self.options.union and not operation.dataset_clause,
                custom_functions=functions,
            )
        # SPARQL 1.1 Protocol section 2.1.4: what the request names replaces the dataset; when only named
        # graphs are given the default graph is empty, which the engine takes as a graph without triples.
        return self.store.query(
            text,
            base_iri=operation.base_iri,
            prefixes=self.options.prefixes,
            default_graph=default,
            named_graphs=named,
            custom_functions=functions,
        )


def _no_value(*_: object) -> None:
    """Return no value: for the engine, a function that does is one whose call is an error."""


def _asked(operation: Operation) -> Asked | None:
    """Return the graphs that a request names, None where it names none."""
    default, named = operation.default_graphs, operation.named_graphs
    return Asked.of(map(NamedNode, default), map(NamedNode, named)) if default or named else None


def _described(error: Exception) -> str:
    """Return an error with the places in the code where it arose, on one line."""
    places = [f"{Path(row.filename).stem}:{row.lineno}" for row in extract_tb(error.__traceback__)]
    words = f"{type(error).__name__}: {error} (at {' > '.join(places[-_PLACES:])})"
    return " ".join(words.split())[:MESSAGE]


def _columns(results: Results, star: int | None, text: str) -> str | None:
    """Return the variables to write in place of the asterisk of SELECT *; None where it can stay."""
    if star is None or len(text) > REORDERED or not isinstance(results, QuerySolutions):
        return None
    # The engine sorts the variables of SELECT * by name; people expect them as they wrote them.
    names = [variable.value for variable in results.variables]
    wanted = by_appearance(names, text)
    return None if wanted == names else " ".join(f"?{name}" for name in wanted)


def _starless(text: str, star: int | None, columns: str) -> str:
    return text if star is None else f"{text[:star]} {columns} {text[star + 1 :]}"


def by_appearance(names: list[str], text: str) -> list[str]:
    """Return the variables in the order in which ``text`` first mentions them."""
    first: dict[str, int] = {}
    for match in _VARIABLE.finditer(text):
        first.setdefault(match[1], match.start())
    return sorted(names, key=lambda name: first.get(name, len(text)))
