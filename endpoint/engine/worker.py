"""Child side: one process that evaluates one query at a time on one generation.

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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NoReturn

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, QuerySolutions, Store

from endpoint.engine import fence, wire
from endpoint.errors import MalformedQuery, NotFound, QueryTooComplex
from endpoint.formats import Facts
from endpoint.results.serializers import write_results
from endpoint.results.terms import Inexpressible, Results
from endpoint.search import Request
from endpoint.search.index import TextIndex
from endpoint.search.service.rewriting import Rewritten, read_federated, without_index
from endpoint.sparql.operation import Operation

# A quarter of a gigabyte of stack lets queries nested a thousandfold be planned; pages are only
# used when touched.
STACK: Final = 256 * 2**20
PIECE: Final = 64 * 2**10
# Planning a longer text (characters) twice, only for the order of its columns, could take seconds.
REORDERED: Final = 4000

_VARIABLE: Final = re.compile(r"[?$](\w+)")


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every query of this worker.

    ``union`` asks the engine for a union default graph; ``memory`` is what a query may use, in bytes;
    ``text`` is the folder of the generation's text index, if it has one.
    """

    prefixes: dict[str, str]
    union: bool
    memory: int
    text: str | None = None


class FrameWriter:
    """Collects what the engine writes and sends it in pieces; blocks while the server is behind."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._facts = b""
        self._parts: list[bytes] = []
        self._size = 0
        self.written = 0

    def write_facts(self, facts: Facts) -> None:
        """Send the facts of a page, before its first bytes."""
        self._facts = wire.pack_facts(facts)

    def write(self, data: bytes, /) -> int:
        self._parts.append(data)
        self._size += len(data)
        self.written += len(data)
        if self._size >= PIECE:
            self._socket.sendall(self.take())
        return len(data)

    def flush(self) -> None:
        """Nothing: small writes are held back so that an early failure can still change the status."""

    def take(self) -> bytes:
        """Return the frames of what is held back, or nothing when nothing is."""
        facts, self._facts = self._facts, b""
        if not self._parts:
            return facts
        payload = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return facts + wire.pack(wire.DATA, payload)


class LazyIndex:
    """The text index of the generation, opened for the first search of this worker."""

    def __init__(self, folder: str | None) -> None:
        self._folder = folder
        self._opened: TextIndex | None = None

    def opened(self) -> TextIndex | None:
        """The index, if there is one. Raises :class:`~endpoint.errors.StoreError`."""
        if self._opened is None and self._folder is not None and Path(self._folder).is_dir():
            self._opened = TextIndex.open(Path(self._folder))
        return self._opened


def run(sock: socket.socket, errors: int, store: Store, terms: Terms) -> NoReturn:
    """Serve queries and searches from ``sock`` until it closes, then end the process. Called after the fork.

    ``errors`` is the descriptor that standard error goes to: what the engine says when it aborts.
    """
    os.dup2(errors, 2)
    os.close(errors)
    gc.disable()
    fence.prefer_as_victim()
    threading.stack_size(STACK)
    thread = threading.Thread(target=_serve, args=(sock, store, terms), daemon=True)
    thread.start()
    thread.join()
    os._exit(0)


def _serve(sock: socket.socket, store: Store, terms: Terms) -> None:
    fence.limit_memory(terms.memory)
    start = fence.address_space()
    index = LazyIndex(terms.text)
    try:
        sock.sendall(wire.pack(wire.HELLO, os.getpid().to_bytes(4, "big")))
        while (frame := wire.read(sock)) is not None:
            sock.sendall(_answer(sock, store, frame, terms, index, start))
    except OSError:
        # The server closed its end: nobody waits for this answer any more.
        return


def _answer(
    sock: socket.socket, store: Store, frame: tuple[int, bytes], terms: Terms, index: LazyIndex, start: int
) -> bytes:
    writer = FrameWriter(sock)
    began = time.perf_counter_ns()
    try:
        if frame[0] == wire.SEARCH:
            planned = began
            writer.write(search(wire.unpack_search(frame[1]), index))
        else:
            operation, representation = wire.unpack_query(frame[1])
            results = evaluate(store, operation, terms, index)
            planned = time.perf_counter_ns()
            write_results(results, representation, writer, terms.prefixes, store)
            del results
    except (BrokenPipeError, ConnectionResetError):
        raise
    except BaseException as error:  # the engine's panics are no Exception
        return wire.pack_json(wire.FAILURE, _failure(error))
    ended = time.perf_counter_ns()
    # What ends within a millisecond has not allocated much, and the look costs a tenth of it.
    swollen = ended - began > 1_000_000 and fence.address_space() - start > terms.memory // 4
    timing = wire.TIMING.pack(
        min((planned - began) // 1000, 2**32 - 1), min((ended - planned) // 1000, 2**32 - 1), swollen
    )
    return writer.take() + wire.pack(wire.END, timing)


def search(request: Request, index: LazyIndex) -> bytes:
    """Return the :class:`~endpoint.search.Answer` as JSON.

    A hit has the members of the record's summary besides its own.

    Raises :class:`~endpoint.errors.NotFound` without an index, and :class:`~endpoint.errors.StoreError`.
    """
    opened = index.opened()
    if opened is None:
        raise NotFound("This endpoint has no text index.")
    answer = asdict(opened.search(request))
    answer["hits"] = [{**hit, **opened.summary(hit["iri"])} for hit in answer["hits"]]
    return json.dumps(answer, ensure_ascii=False).encode()


def evaluate(store: Store, operation: Operation, terms: Terms, index: LazyIndex) -> Results:
    """The answer of the engine, SERVICE text:search answered before.

    Raises :class:`~endpoint.errors.MalformedQuery` and :class:`~endpoint.errors.QueryTooComplex` for a text
    search that cannot be made, and whatever the engine raises, with the places of the operation's text.
    """
    text, star = operation.text, operation.star
    searching = read_federated(text, operation.base_iri, terms.prefixes)
    if searching is None:
        results = _query(store, text, operation, terms)
        listed = _listed(results, star, text)
        return results if listed is None else _query(store, _starless(text, star, listed), operation, terms)
    opened = index.opened()
    if opened is None:
        raise without_index(searching)
    listed = None
    if star is not None and len(text) <= REORDERED:
        # Without the hits it is told soon which variables there are.
        listed = _listed(_query_rewritten(store, searching.outline, operation, terms), star, text)
    rewritten = searching.answered(opened, terms.memory)
    if listed is not None:
        return _query(store, _starless(rewritten.text, star, listed), operation, terms)
    return _query_rewritten(store, rewritten, operation, terms)


def _query_rewritten(store: Store, rewritten: Rewritten, operation: Operation, terms: Terms) -> Results:
    try:
        return _query(store, rewritten.text, operation, terms)
    except SyntaxError as error:
        raise SyntaxError(rewritten.located(str(error))) from None


def _listed(results: Results, star: int | None, text: str) -> str | None:
    """What SELECT * has to say instead of the asterisk; None where it need not."""
    if star is None or len(text) > REORDERED or not isinstance(results, QuerySolutions):
        return None
    # The engine sorts the variables of SELECT * by name; people expect them as they wrote them.
    names = [variable.value for variable in results.variables]
    wanted = by_appearance(names, text)
    return None if wanted == names else " ".join(f"?{name}" for name in wanted)


def _starless(text: str, star: int | None, listed: str) -> str:
    return text if star is None else f"{text[:star]} {listed} {text[star + 1 :]}"


def by_appearance(names: list[str], text: str) -> list[str]:
    """The variables in the order in which ``text`` first mentions them."""
    first: dict[str, int] = {}
    for found in _VARIABLE.finditer(text):
        first.setdefault(found[1], found.start())
    return sorted(names, key=lambda name: first.get(name, len(text)))


def _query(store: Store, text: str, operation: Operation, terms: Terms) -> Results:
    default: list[NamedNode | BlankNode | DefaultGraph] = [*map(NamedNode, operation.default_graphs)]
    named: list[NamedNode | BlankNode] = [*map(NamedNode, operation.named_graphs)]
    if not default and not named:
        return store.query(
            text,
            base_iri=operation.base_iri,
            prefixes=terms.prefixes,
            # The engine would let the union hide a FROM clause.
            use_default_graph_as_union=terms.union and not operation.dataset_clause,
        )
    # SPARQL 1.1 Protocol section 2.1.4: what the request names replaces the dataset; when only named
    # graphs are given the default graph is empty, which the engine takes as a graph without triples.
    return store.query(
        text,
        base_iri=operation.base_iri,
        prefixes=terms.prefixes,
        default_graph=default,
        named_graphs=named,
    )


def _failure(error: BaseException) -> wire.Failure:
    message = str(error)
    match error:
        case SyntaxError():
            kind = "syntax"
        case MalformedQuery():
            return {"kind": "malformed", "message": message, "line": error.line, "column": error.column}
        case QueryTooComplex():
            kind = "complex"
        case NotFound():
            kind = "missing"
        case Inexpressible():
            kind = "inexpressible"
        case MemoryError():
            kind = "memory"
        case RuntimeError() if "not supported" in message:
            kind = "unsupported"
        case _:
            kind = "evaluation"
            message = message or type(error).__name__
    return {"kind": kind, "message": message}
