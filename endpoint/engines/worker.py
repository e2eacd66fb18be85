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
from dataclasses import dataclass
from typing import Final, NoReturn, cast

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, QuerySolutions, Store

from endpoint.engines import fence, frames
from endpoint.engines.serializers import Inexpressible, Results, write_results

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

    ``union`` asks the engine for a union default graph; ``memory`` is what a query may use, in bytes.
    """

    prefixes: dict[str, str]
    union: bool
    memory: int


class FrameWriter:
    """Collects what the engine writes and sends it in pieces; blocks while the server is behind."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._parts: list[bytes] = []
        self._size = 0
        self.written = 0

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
        """The frame of what is held back, or nothing when nothing is."""
        if not self._parts:
            return b""
        payload = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return frames.pack(frames.DATA, payload)


def run(sock: socket.socket, errors: int, store: Store, terms: Terms) -> NoReturn:
    """Serve questions from ``sock`` until it closes, then end the process. Called after the fork.

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
    try:
        sock.sendall(frames.pack(frames.HELLO, os.getpid().to_bytes(4, "big")))
        while (frame := frames.read(sock)) is not None:
            question = cast(frames.Question, json.loads(frame[1]))
            sock.sendall(_answer(sock, store, question, terms, start))
    except OSError:
        # The server closed its end: nobody waits for this answer any more.
        return


def _answer(sock: socket.socket, store: Store, question: frames.Question, terms: Terms, start: int) -> bytes:
    writer = FrameWriter(sock)
    began = time.perf_counter_ns()
    try:
        results = _evaluate(store, question, terms)
        planned = time.perf_counter_ns()
        write_results(results, question["format"], writer, terms.prefixes)
        del results
    except (BrokenPipeError, ConnectionResetError):
        raise
    except BaseException as error:  # the engine's panics are no Exception
        return frames.pack_json(frames.FAILURE, _failure(error))
    ended = time.perf_counter_ns()
    # What ends within a millisecond has not allocated much, and the look costs a tenth of it.
    swollen = ended - began > 1_000_000 and fence.address_space() - start > terms.memory // 4
    timing = frames.TIMING.pack(
        min((planned - began) // 1000, 2**32 - 1), min((ended - planned) // 1000, 2**32 - 1), swollen
    )
    return writer.take() + frames.pack(frames.END, timing)


def _evaluate(store: Store, question: frames.Question, terms: Terms) -> Results:
    text, star = question["text"], question["star"]
    results = _query(store, text, question, terms)
    if star is None or len(text) > REORDERED or not isinstance(results, QuerySolutions):
        return results
    # The engine sorts the variables of SELECT * by name; people expect them as they wrote them.
    names = [variable.value for variable in results.variables]
    wanted = by_appearance(names, text)
    if wanted == names:
        return results
    listed = " ".join(f"?{name}" for name in wanted)
    return _query(store, f"{text[:star]} {listed} {text[star + 1 :]}", question, terms)


def by_appearance(names: list[str], text: str) -> list[str]:
    """The variables in the order in which ``text`` first mentions them."""
    first: dict[str, int] = {}
    for found in _VARIABLE.finditer(text):
        first.setdefault(found[1], found.start())
    return sorted(names, key=lambda name: first.get(name, len(text)))


def _query(store: Store, text: str, question: frames.Question, terms: Terms) -> Results:
    default: list[NamedNode | BlankNode | DefaultGraph] = [*map(NamedNode, question["default_graphs"])]
    named: list[NamedNode | BlankNode] = [*map(NamedNode, question["named_graphs"])]
    if not default and not named:
        return store.query(
            text,
            base_iri=question["base_iri"],
            prefixes=terms.prefixes,
            # The engine would let the union hide a FROM clause.
            use_default_graph_as_union=terms.union and not question["dataset_clause"],
        )
    # SPARQL 1.1 Protocol section 2.1.4: what the request names replaces the dataset; when only named
    # graphs are given the default graph is empty, which the engine takes as a graph without triples.
    return store.query(
        text,
        base_iri=question["base_iri"],
        prefixes=terms.prefixes,
        default_graph=default,
        named_graphs=named,
    )


def _failure(error: BaseException) -> frames.Failure:
    message = str(error)
    match error:
        case SyntaxError():
            kind = "syntax"
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
