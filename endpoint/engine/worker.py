"""A worker: one process that evaluates one query at a time on one generation.

Everything here runs in a process forked from the template. A query may overflow the stack, use up
the memory limit or never end: the process dies or is killed, and only its query is lost.
"""

from __future__ import annotations

import gc
import json
import os
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NoReturn, cast

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    Store,
    parse_query_results,
)

from endpoint.columns.counting import MOST_GRAPHS, Counting
from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.reader import Columns
from endpoint.engine import fence, wire
from endpoint.engine.memory import WorkerMemory
from endpoint.errors import MalformedQuery, NotFound, QueryTooComplex
from endpoint.formats import Facts, QueryForm
from endpoint.results.rows import Inexpressible, Results
from endpoint.results.serializers import write_results
from endpoint.search import Request
from endpoint.search.index import TextIndex
from endpoint.search.service.rewriting import FederatedQuery, Rewritten, read_federated, without_index
from endpoint.sparql.diagnosis import explain
from endpoint.sparql.operation import Operation, classify

# A quarter of a gigabyte of stack lets queries nested a thousandfold be planned; pages are only
# used when touched.
STACK: Final = 256 * 2**20
PIECE: Final = 64 * 2**10
# The longest message of a failure, in characters.
MESSAGE: Final = 20_000
# Planning a longer text (characters) twice, only for the order of its columns, could take seconds.
REORDERED: Final = 4000
# A longer text (characters) takes longer to compile for columns than most of what it asks for.
COMPILED: Final = 20_000

_VARIABLE: Final = re.compile(r"[?$](\w+)")


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """The options of every query of a worker.

    ``union``: the engine makes a union default graph; ``memory`` is what a query may use, in bytes;
    ``text`` is the folder of the generation's text index, and ``columns`` are its columns, if it has them;
    ``queries`` evaluates over them.
    """

    prefixes: dict[str, str]
    union: bool
    memory: int
    text: str | None = None
    columns: Columns | None = None
    queries: ColumnQueries | None = None


class TooLarge(Exception):
    """The answer is larger than a bound: ``rows`` or ``size``."""


class FrameOutput:
    """Output that is sent in pieces, as DATA frames; it blocks while the server is behind.

    It ends with :class:`TooLarge` where the answer exceeds ``most``.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.most = wire.UNBOUNDED
        self._socket = sock
        self._facts = b""
        self._parts: list[bytes] = []
        self._size = 0
        self.written = 0
        self.rows = 0

    def count(self, rows: int) -> None:
        """Add to the rows of the answer. Raises :class:`TooLarge`."""
        self.rows += rows
        if 0 < self.most.rows < self.rows:
            raise TooLarge("rows")

    def write_facts(self, facts: Facts) -> None:
        """Send the facts of a page, before its first bytes."""
        self._facts = wire.pack_facts(facts)

    def write(self, data: bytes, /) -> int:
        self.written += len(data)
        if 0 < self.most.size < self.written:
            raise TooLarge("size")
        if len(data) > PIECE:
            # A single value may have a hundred megabytes: no frame is as large.
            self._write_long(data)
            return len(data)
        self._parts.append(data)
        self._size += len(data)
        if self._size >= PIECE:
            self._socket.sendall(self.take())
        return len(data)

    def _write_long(self, data: bytes) -> None:
        self._socket.sendall(self.take())
        view = memoryview(data)
        for start in range(0, len(data), PIECE):
            self._socket.sendall(wire.pack(wire.DATA, view[start : start + PIECE]))

    def flush(self) -> None:
        """Do nothing: small writes stay buffered, so that an early failure can still change the status."""

    def take(self) -> bytes:
        """Return the frames of the buffered bytes, if any."""
        facts, self._facts = self._facts, b""
        if not self._parts:
            return facts
        payload = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return facts + wire.pack(wire.DATA, payload)


def run(
    sock: socket.socket, errors: int, store: Store, options: WorkerOptions, memory: WorkerMemory
) -> NoReturn:
    """Serve queries and searches from ``sock`` until it closes, then end the process. Called after the fork.

    ``errors`` is the descriptor for standard error, where the engine writes when it aborts.
    """
    os.dup2(errors, 2)
    os.close(errors)
    gc.disable()
    threading.stack_size(STACK)
    thread = threading.Thread(target=_serve, args=(sock, store, options, memory), daemon=True)
    thread.start()
    thread.join()
    os._exit(0)


def _serve(sock: socket.socket, store: Store, options: WorkerOptions, memory: WorkerMemory) -> None:
    memory.limit(options.memory)
    fence.seal_worker()
    start = memory.address_space()
    evaluator = Evaluator(store, options)
    try:
        sock.sendall(wire.pack(wire.HELLO, os.getpid().to_bytes(4, "big")))
        while (frame := wire.read(sock)) is not None:
            sock.sendall(_answer(sock, frame, evaluator, start, memory))
    except OSError:
        # The server has closed its end: the answer is no longer needed.
        return


def _answer(
    sock: socket.socket, frame: tuple[int, bytes], evaluator: Evaluator, start: int, memory: WorkerMemory
) -> bytes:
    """Send the answer to one frame, except its end, which is returned: the last data, END or FAILURE."""
    output = FrameOutput(sock)
    memory.begin()
    options = evaluator.options
    kind, payload = frame
    planned = began = time.perf_counter_ns()
    text, evaluator.by_columns = "", False
    try:
        if kind == wire.SEARCH:
            output.write(evaluator.search(wire.unpack_search(payload)))
        elif kind == wire.COUNT:
            output.write(evaluator.count(**wire.unpack_count(payload)))
        elif kind == wire.CLASSIFY:
            output.write(wire.encode_operation(classify(**wire.unpack_text(payload))))
        else:
            operation, representation, output.most = wire.unpack_query(payload)
            text = operation.text
            results = evaluator.evaluate(operation)
            planned = time.perf_counter_ns()
            write_results(results, representation, output, options.prefixes, evaluator.store)
            del results
    except (BrokenPipeError, ConnectionResetError):
        raise
    except BaseException as error:  # the engine's panics are no Exception
        failure = _failure(error, text, options.prefixes, output.rows, memory.growth())
        return wire.pack_json(wire.FAILURE, cast("dict[str, object]", failure))
    ended = time.perf_counter_ns()
    # A query that ends within a millisecond has allocated little, and the check takes a tenth of that.
    swollen = ended - began > 1_000_000 and memory.address_space() - start > options.memory // 4
    times = (planned - began) // 1000, (ended - planned) // 1000
    return output.take() + wire.pack_ending(
        wire.Ending(*times, swollen, output.rows, memory.growth(), evaluator.by_columns)
    )


class Evaluator:
    """One store with its text index, on which a worker evaluates queries.

    ``by_columns``: columns answered the last one.
    """

    def __init__(self, store: Store, options: WorkerOptions) -> None:
        self.store = store
        self.options = options
        self.by_columns = False
        self._index: TextIndex | None = None

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
        answer["hits"] = [{**hit, **index.summary(hit["iri"])} for hit in answer["hits"]]
        return json.dumps(answer, ensure_ascii=False).encode()

    def count(self, union: bool, most_classes: int) -> bytes:
        """Return the :meth:`parts <endpoint.columns.counting.Counting.parts>` of all statements as JSON.

        Raises :class:`~endpoint.errors.NotFound` without columns, and where there are very many graphs.
        """
        columns = self.options.columns
        if columns is None or len(columns.graphs) > MOST_GRAPHS:
            raise NotFound("This generation cannot be counted from columns.")
        return json.dumps(Counting(columns, union, most_classes).parts(), ensure_ascii=False).encode()

    def evaluate(self, operation: Operation) -> Results:
        """Return the results of columns where they have them, of the engine else.

        Which of them has is the same for a text on one generation. SERVICE text:search is answered before.

        Raises :class:`~endpoint.errors.MalformedQuery` and :class:`~endpoint.errors.QueryTooComplex` for a
        text search that is not valid, and whatever the engine raises, with positions in the operation's text.
        """
        federated = read_federated(operation.text, operation.base_iri, self.options.prefixes)
        if federated is not None:
            return self._evaluate_federated(federated, operation)
        answer = self._answer_from_columns(operation)
        if answer is not None:
            self.by_columns = True
            return parse_query_results(answer, format=QueryResultsFormat.JSON)
        text, star = operation.text, operation.star
        results = self._query(text, operation)
        columns = _columns(results, star, text)
        return results if columns is None else self._query(_starless(text, star, columns), operation)

    def _answer_from_columns(self, operation: Operation) -> bytes | None:
        """Return the answer from columns as SPARQL JSON; None where only the engine is sure of it."""
        queries, text = self.options.queries, operation.text
        if (
            queries is None
            or not operation.columns
            or operation.form not in (QueryForm.SELECT, QueryForm.ASK)
            or operation.default_graphs
            or operation.named_graphs
            or len(text) > COMPILED
        ):
            return None
        try:
            answer = queries.answer(text, operation.base_iri)
            if operation.star is not None and len(text) <= REORDERED:
                answer = answer.showing(by_appearance([each.value for each in answer.variables], text))
            return answer.json()
        except Unsupported:
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
        default: list[NamedNode | BlankNode | DefaultGraph] = [*map(NamedNode, operation.default_graphs)]
        named: list[NamedNode | BlankNode] = [*map(NamedNode, operation.named_graphs)]
        if not default and not named:
            return self.store.query(
                text,
                base_iri=operation.base_iri,
                prefixes=self.options.prefixes,
                # The engine would let the union hide a FROM clause.
                use_default_graph_as_union=self.options.union and not operation.dataset_clause,
            )
        # SPARQL 1.1 Protocol section 2.1.4: what the request names replaces the dataset; when only named
        # graphs are given the default graph is empty, which the engine takes as a graph without triples.
        return self.store.query(
            text,
            base_iri=operation.base_iri,
            prefixes=self.options.prefixes,
            default_graph=default,
            named_graphs=named,
        )


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


def _failure(
    error: BaseException, text: str, prefixes: Mapping[str, str], rows: int, memory: int
) -> wire.Failure:
    """Return the reason why the query with this ``text`` has no whole answer."""
    if isinstance(error, SyntaxError):
        # Here, under the query's deadline: explaining a long text takes a tenth of a second.
        error = explain(text, str(error), prefixes)
    message = str(error)
    line = column = None
    match error:
        case MalformedQuery():
            kind, line, column = "malformed", error.line, error.column
        case QueryTooComplex():
            kind = "complex"
        case NotFound():
            kind = "missing"
        case Inexpressible():
            kind = "inexpressible"
        case MemoryError():
            kind = "memory"
        case TooLarge():
            kind = message
        case RuntimeError() if "not supported" in message:
            kind = "unsupported"
        case _:
            kind = "evaluation"
            message = message or type(error).__name__
    return {
        "kind": kind,
        # The engine repeats terms of the query, of any length.
        "message": message[:MESSAGE],
        "line": line,
        "column": column,
        "rows": rows,
        "memory": memory,
    }
