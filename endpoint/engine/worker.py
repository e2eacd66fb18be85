"""A worker: one process that evaluates one query at a time on one generation.

Everything here runs in a process forked from the template. A query may overflow the stack, use up
the memory limit or never end: the process dies or is killed, and only its query is lost.
"""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from collections.abc import Mapping
from typing import Final, NoReturn, cast

from pyoxigraph import Store

from endpoint.engine import fence, wire
from endpoint.engine.dumping import Source, write_dump
from endpoint.engine.evaluator import MESSAGE, Evaluator, WorkerOptions
from endpoint.engine.memory import WorkerMemory
from endpoint.errors import MalformedQuery, NotExpressible, NotFound, QueryTooComplex
from endpoint.formats import Facts
from endpoint.results.rows import Inexpressible
from endpoint.results.serializers import write_results
from endpoint.sparql.diagnosis import explain
from endpoint.sparql.operation import classify

# A quarter of a gigabyte of stack lets queries nested a thousandfold be planned; pages are only
# used when touched.
STACK: Final = 256 * 2**20
PIECE: Final = 64 * 2**10


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
    text, evaluator.by_columns, evaluator.fault = "", False, ""
    try:
        if kind == wire.SEARCH:
            output.write(evaluator.search(wire.unpack_search(payload)))
        elif kind == wire.COUNT:
            output.write(evaluator.count(**wire.unpack_count(payload)))
        elif kind == wire.CLASSIFY:
            output.write(wire.encode_operation(classify(**wire.unpack_text(payload))))
        elif kind == wire.DUMP:
            source = Source(options.generation, evaluator.store, options.columns)
            evaluator.by_columns = write_dump(wire.unpack_dump(payload), source, options.prefixes, output)
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
        return _fault(evaluator) + wire.pack_json(wire.FAILURE, cast("dict[str, object]", failure))
    ended = time.perf_counter_ns()
    # A query that ends within a millisecond has allocated little, and the check takes a tenth of that.
    swollen = ended - began > 1_000_000 and memory.address_space() - start > options.memory // 4
    times = (planned - began) // 1000, (ended - planned) // 1000
    ending = wire.Ending(*times, swollen, output.rows, memory.growth(), evaluator.by_columns)
    return output.take() + _fault(evaluator) + wire.pack_ending(ending)


def _fault(evaluator: Evaluator) -> bytes:
    """Return the frame of the error for which columns gave no answer, if there was one."""
    return wire.pack(wire.FAULT, evaluator.fault.encode()) if evaluator.fault else b""


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
        case Inexpressible() | NotExpressible():
            kind = "inexpressible"
        case MemoryError():
            kind = "memory"
        case TooLarge():
            kind = message
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
