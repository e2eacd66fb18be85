"""The template process: it holds one generation and forks the workers that read it.

``python -m endpoint.engines.template FD`` is started by the server and ordered about over the
socket FD: a :class:`~endpoint.engines.frames.TemplateOrder` first, then forks and reaps. Workers
share the pages of its in-memory image. A generation over the memory budget stays on disk: each
worker then opens it read-only after the fork, because a forked RocksDB is not safe to use.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO, NoReturn, cast

from pyoxigraph import Quad, Store

from endpoint.engines import fence, frames, generations, worker


def main(descriptor: int) -> NoReturn:
    """Serve orders from ``descriptor`` until the server closes it, then end with all workers."""
    # Ctrl-C in a terminal and a supervisor's stop reach the whole group of processes: the server
    # decides how its workers end, and closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    frame = frames.read(control)
    if frame is None:
        os._exit(0)
    order = cast(frames.TemplateOrder, json.loads(frame[1]))
    try:
        hold = generations.hold(generations.read_folder(Path(order["generation"])))
        store = _image(order) if order["in_memory"] else None
    except Exception as error:  # whatever it is, the server says that it cannot start, and this says why
        print(f"the template process ends: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    fenced = fence.deny_network()
    gc.collect()
    gc.freeze()
    try:
        control.sendall(frames.pack(frames.HELLO, bytes([fenced])))
    except OSError:
        # The server ended while the generation was read.
        os._exit(0)
    _obey(control, order, store, hold)


def _image(order: frames.TemplateOrder) -> Store:
    """The generation as an in-memory store, which answers two to four times as fast."""
    source = Store.read_only(_store_path(order))
    image = Store()
    image.bulk_extend(source)
    if order["union"]:
        # The engine's own union shows a triple once for each graph that holds it; a default graph is a
        # set (RDF 1.1 Concepts section 4), so here it holds the union.
        image.bulk_extend(Quad(quad.subject, quad.predicate, quad.object) for quad in source)
    return image


def _store_path(order: frames.TemplateOrder) -> str:
    return str(Path(order["generation"]) / "store")


def _obey(
    control: socket.socket, order: frames.TemplateOrder, store: Store | None, hold: IO[bytes]
) -> NoReturn:
    children: set[int] = set()
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, frames.ORDER.size, 2)
        except OSError:
            message = b""
        if len(message) < frames.ORDER.size:
            _end(children)
        kind, pid = frames.ORDER.unpack(message)
        if kind == frames.FORK:
            child = os.fork()
            if child == 0:
                control.close()
                _become_worker(order, store, hold, descriptors)
            children.add(child)
            for descriptor in descriptors:
                os.close(descriptor)
        elif pid in children:
            children.discard(pid)
            # The server closed the worker's socket or killed it, so this does not wait for long;
            # until here the process id could not be given to anybody else.
            _, status = os.waitpid(pid, 0)
            control.sendall(frames.REAPED.pack(pid, status))


def _become_worker(
    order: frames.TemplateOrder, store: Store | None, hold: IO[bytes], descriptors: list[int]
) -> NoReturn:
    """Runs in the new child; never returns. ``hold`` stays open, and with it the generation."""
    try:
        sock = socket.socket(fileno=descriptors[0])
        opened = store if store is not None else Store.read_only(_store_path(order))
        text = str(Path(order["generation"]) / "text")
        terms = worker.Terms(order["prefixes"], order["union"] and store is None, order["memory"], text)
        worker.run(sock, descriptors[1], opened, terms)
    finally:
        os._exit(1 if hold else 2)


def _end(children: set[int]) -> NoReturn:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
