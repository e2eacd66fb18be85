"""The template process: it reads one generation and forks the workers that evaluate on it.

The server starts ``python -m endpoint.engine.template FD`` and sends its orders over the socket FD:
first a :class:`~endpoint.engine.wire.TemplateOrder`, then forks and reaps. Workers
share the pages of its in-memory image. Where the generation is to stay on disk each worker opens
it read-only after the fork, because a forked RocksDB is not safe to use.

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
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn, cast

from pyoxigraph import Store

from endpoint.engine import fence, wire, worker
from endpoint.engine.image import build_image
from endpoint.storage import generations


def main(descriptor: int) -> NoReturn:
    """Serve orders from ``descriptor`` until the server closes it, then end with all workers."""
    # Ctrl-C in a terminal, its end and a supervisor's stop reach the whole group of processes: the server
    # decides how its workers end, and closes the socket.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    frame = wire.read(control)
    if frame is None:
        os._exit(0)
    order = cast(wire.TemplateOrder, json.loads(frame[1]))
    try:
        generation = generations.read_folder(Path(order["generation"]))
        hold = generations.hold(generation)
        copied = order["in_memory"] and order["union"] and generation.overlap is not False
        store = build_image(generation, copied) if order["in_memory"] else None
    except Exception as error:  # of any kind; the server shows this line
        print(f"the template process ends: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    fenced = fence.deny_network()
    gc.collect()
    gc.freeze()
    try:
        control.sendall(wire.pack(wire.HELLO, bytes([fenced])))
    except OSError:
        # The server ended while the generation was read.
        os._exit(0)
    text = str(generation.path / "text")
    options = worker.WorkerOptions(order["prefixes"], order["union"] and not copied, order["memory"], text)
    path = generation.path / generations.STORE
    _obey(control, _Inheritance(store, path, options, hold))


@dataclass(frozen=True, slots=True)
class _Inheritance:
    """The inheritance of a new worker: the image or else the folder of the store, and the lock."""

    image: Store | None
    path: Path
    options: worker.WorkerOptions
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
            _, status = os.waitpid(pid, 0)
            try:
                control.sendall(wire.REAPED.pack(pid, status))
            except OSError:
                # The server has closed its end meanwhile.
                _end(children)


def _become_worker(inherited: _Inheritance, descriptors: list[int]) -> NoReturn:
    """Run as the new worker; never return. ``inherited.hold`` stays open and keeps the generation."""
    try:
        sock = socket.socket(fileno=descriptors[0])
        opened = inherited.image if inherited.image is not None else Store.read_only(str(inherited.path))
        worker.run(sock, descriptors[1], opened, inherited.options)
    finally:
        os._exit(1)


def _end(children: set[int]) -> NoReturn:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
