"""The template process: it reads one generation and forks the workers that evaluate on it.

The server runs :func:`main` in a process of its own and sends its orders over a socket: first a
:class:`~endpoint.engine.wire.TemplateOrder`, then forks and reaps. Workers share the pages of its in-memory
image. Where the generation is to stay on disk each worker opens it read-only after the fork, because a
forked RocksDB is not safe to use.

The engine's own union default graph shows a triple once for each graph that has it; a default
graph is a set (RDF 1.1 Concepts section 4). So where a triple is in two graphs, or may be, the
image has a default graph that is the union.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NoReturn, cast

from pyoxigraph import Store

from endpoint.columns import FOLDER
from endpoint.columns.evaluation import ColumnQueries
from endpoint.columns.opening import open_columns
from endpoint.columns.reader import Columns
from endpoint.engine import fence, wire, worker
from endpoint.engine.evaluator import WorkerOptions
from endpoint.engine.fence import Missing, landlock
from endpoint.engine.image import build_image
from endpoint.engine.memory import WorkerMemory, growth_of_child
from endpoint.engine.scratch import evaluate_alone
from endpoint.errors import StoreError

# Imported where it is used, and here for the workers, which have from the fork on what they may need.
from endpoint.results.bibliography import writers  # noqa: F401
from endpoint.sparql.syntax.parser import parse
from endpoint.storage import generations

# How likely the kernel ends the template when memory runs out, from -1000 to 1000: rather than the server,
# and not before a worker.
VICTIM: Final = 500
# Bytes of memory of a query for each number in the largest of its tables.
_SHARE: Final = 128


def main() -> NoReturn:
    """Serve orders until the server closes the socket, then end with all workers.

    The first argument of the process is the descriptor of the socket, the second the id of the server's
    process, with which this one ends.
    """
    descriptor, server = map(int, sys.argv[1:])
    missing = _prepare(server)
    _serve(socket.socket(fileno=descriptor), missing)


def fork_templates() -> NoReturn:
    """Fork a template process for each socket that the server sends, and reply with its process id.

    Forks share what is imported, which takes a process of its own half a second. This one opens no
    generation. It ends when the server has closed its socket and all of them have ended.
    """
    descriptor, server = map(int, sys.argv[1:])
    _prepare(server)
    control, parent = socket.socket(fileno=descriptor), os.getpid()
    # The tables of the grammar take longer to make than all else that a fork does.
    parse("ASK {}")
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not message:
            break
        child = os.fork()
        if child == 0:
            try:
                control.close()
                _serve(socket.socket(fileno=descriptors[0]), _prepare(parent))
            finally:
                os._exit(1)
        os.close(descriptors[0])
        control.sendall(wire.FORKED.pack(child))
    with suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)


def _prepare(parent: int) -> Missing:
    """Let this process end with its parent, and by nothing else from outside; return what is missing."""
    missing = fence.end_with(parent) | fence.prefer_as_victim(VICTIM)
    fence.limit_core_files()
    # Ctrl-C in a terminal, its end and a supervisor's stop reach the whole group of processes: the server
    # decides how its workers end, and closes the socket.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return missing


def _serve(control: socket.socket, missing: Missing) -> NoReturn:
    """Take the order, open its generation, and fork workers until the server closes the socket."""
    frame = wire.read(control)
    if frame is None:
        os._exit(0)
    order = cast(wire.TemplateOrder, json.loads(frame[1]))
    try:
        generation = generations.read_folder(Path(order["generation"]))
        hold = generations.hold(generation)
        copied = order["in_memory"] and order["union"] and generation.overlap is not False
        columns = _open_columns(generation.path / FOLDER)
        store = build_image(generation, copied, columns) if order["in_memory"] else None
    except Exception as error:  # of any kind; the server shows this line
        print(f"the template process ends: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    queries = None
    if columns is not None and order["union"] and order["columns"]:
        queries = ColumnQueries(
            columns, order["prefixes"], order["memory"] // _SHARE, evaluate_alone, all_queries=False
        )
    ruleset = landlock.reading_only(fence.readable(generation.path))
    if ruleset is None:
        missing |= Missing.FILES
    missing |= fence.enclose_template()
    # No worker is to write into the pages of what is here, by looking through it.
    gc.freeze()
    try:
        control.sendall(wire.pack(wire.HELLO, bytes([missing])))
    except OSError:
        # The server ended while the generation was read.
        os._exit(0)
    text = str(generation.path / "text")
    union = order["union"] and not copied
    options = WorkerOptions(order["prefixes"], union, order["memory"], text, columns, queries, generation)
    path = generation.path / generations.STORE
    _obey(control, _Inheritance(os.getpid(), store, path, options, ruleset, hold))


def _open_columns(path: Path) -> Columns | None:
    """Return the columns of a generation; None where it has none, or none that can be used.

    They are mapped here, so that all workers share them and none has to count them as its own memory.
    """
    if not path.is_dir():
        return None
    try:
        return open_columns(path)
    except StoreError as error:
        print(error, file=sys.stderr, flush=True)
        return None


@dataclass(frozen=True, slots=True)
class _Inheritance:
    """The inheritance of a new worker.

    ``template`` is the process id of the template; the store is the ``image`` or else in the folder ``path``;
    ``ruleset`` is what the worker may read; ``hold`` keeps the generation.
    """

    template: int
    image: Store | None
    path: Path
    options: WorkerOptions
    ruleset: int | None
    hold: IO[bytes]


def _obey(control: socket.socket, inherited: _Inheritance) -> NoReturn:
    children: set[int] = set()
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, wire.ORDER.size, 2)
        except OSError:
            message = b""
        if len(message) < wire.ORDER.size:
            _end(children)
        kind, pid = wire.ORDER.unpack(message)
        if kind == wire.FORK:
            child = os.fork()
            if child == 0:
                control.close()
                _become_worker(inherited, descriptors)
            children.add(child)
            for descriptor in descriptors:
                os.close(descriptor)
        elif pid in children:
            children.discard(pid)
            # The server closed the worker's socket or killed it, so this does not wait for long;
            # until here no other process could get its process id.
            _, status, used = os.wait4(pid, 0)
            try:
                control.sendall(wire.REAPED.pack(pid, status, growth_of_child(used)))
            except OSError:
                # The server has closed its end meanwhile.
                _end(children)


def _become_worker(inherited: _Inheritance, descriptors: list[int]) -> NoReturn:
    """Run as the new worker; never return."""
    try:
        fence.end_with(inherited.template)
        fence.prefer_as_victim(fence.MOST_LIKELY_VICTIM)
        memory = WorkerMemory()
        # The store starts threads, which are enclosed with it.
        fence.enclose_worker(inherited.ruleset)
        sock = socket.socket(fileno=descriptors[0])
        opened = inherited.image if inherited.image is not None else Store.read_only(str(inherited.path))
        worker.run(sock, descriptors[1], opened, inherited.options, memory)
    finally:
        os._exit(1)


def _end(children: set[int]) -> NoReturn:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)
