"""The wire between the server and its worker processes: frames over a socket pair.

A frame is a one-byte kind, a four-byte length and that many bytes. The server sends one ``QUERY``,
``SEARCH``, ``COUNT``, ``CLASSIFY`` or ``DUMP`` at a time; the worker answers with ``FACTS`` of a page, any
number of ``DATA`` frames, a ``FAULT`` where columns failed, and then one ``END`` or ``FAILURE``. This module
is imported by both sides and imports neither.
"""

from __future__ import annotations

import json
import marshal
import socket
import struct
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypedDict

from pyoxigraph import DefaultGraph, NamedNode

from endpoint.formats import EXPORT_FORMATS, Facts, QueryForm, Representation
from endpoint.search import Request
from endpoint.sparql.operation import Operation
from endpoint.storage.dump_order import DumpOrder, Selection

HEADER: Final = struct.Struct("!BI")

# The longest frame (bytes) that the server takes from a worker, which sends its answer in many.
LONGEST: Final = 2**20

HELLO: Final = 1  # worker to server, once: its process id
QUERY: Final = 2  # server to worker: an operation and the representation of its answer
DATA: Final = 3  # worker to server: a piece of the serialized answer
END: Final = 4  # worker to server: the answer is whole; an Ending
FAILURE: Final = 5  # worker to server: there is no whole answer; a Failure
SEARCH: Final = 6  # server to worker: a search of the text index
COUNT: Final = 10  # server to worker: what is to be counted from columns
FAULT: Final = 11  # worker to server: columns failed on the query, so that the engine answered; why in words
DUMP: Final = 12  # server to worker: a part of the generation to write, and how
CLASSIFY: Final = 9  # server to worker: a text to classify; the answer is an operation
TEMPLATE: Final = 8  # server to template, once: a TemplateOrder
FACTS: Final = 7  # worker to server: the facts of the page that follows

_ENDING: Final = struct.Struct("!II?QQ?")
_MICROSECONDS: Final = 2**32 - 1  # an hour and eleven minutes

# The server to the template process: FORK (with two descriptors attached) or REAP and a process id.
ORDER: Final = struct.Struct("!BI")
FORK: Final = 1
REAP: Final = 2
# The template's answer to REAP: process id, wait status, and the bytes by which the process was at its
# largest larger than the template.
FORKED: Final = struct.Struct("!I")  # the process that forks templates to the server: the id of one
REAPED: Final = struct.Struct("!IIQ")


class Most(NamedTuple):
    """The bounds of an answer, in rows and in bytes; 0 is none."""

    rows: int = 0
    size: int = 0


UNBOUNDED: Final = Most()


class Ending(NamedTuple):
    """The end of a whole answer, and what it took.

    ``planned`` and ``evaluated`` are microseconds: of parsing and planning, of evaluating and serializing.
    A worker that is ``swollen`` should be replaced because the query has enlarged its memory. ``rows`` are
    the solutions or triples in the answer, ``memory`` is by how many bytes the process grew at most.
    ``columns``: they answered, not the engine.
    """

    planned: int
    evaluated: int
    swollen: bool
    rows: int
    memory: int
    columns: bool = False


class Failure(TypedDict):
    """The reason why an answer is not complete.

    ``kind`` is malformed (``line`` and ``column`` from 1), complex, missing (no text index, columns or
    graph), inexpressible, evaluation, memory, rows or size (the answer is larger than that
    bound). ``rows`` and ``memory`` are those of an :class:`Ending`, until the failure.
    """

    kind: str
    message: str
    line: int | None
    column: int | None
    rows: int
    memory: int


class TemplateOrder(TypedDict):
    """The first message to the template process."""

    generation: str  # folder
    in_memory: bool
    union: bool  # the default graph is the union of all graphs
    memory: int  # bytes that one query may use
    columns: bool  # queries are answered from columns where they can be
    prefixes: dict[str, str]


_NAMES: Final = tuple(row.name for row in fields(Operation))
_DEFAULTS: Final = tuple(row.default for row in fields(Operation))
_MEMBERS: Final = attrgetter(*_NAMES)
_OTHERS: Final = attrgetter(*(name for name in _NAMES if name != "form"))
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def pack_query(operation: Operation, representation: Representation, most: Most = UNBOUNDED) -> bytes:
    """Return the frame of a query: an operation, and the representation and bounds of its answer."""
    # A worker trusts the server, whose Python is its own: nothing is quicker, of plain values.
    form = None if operation.form is None else operation.form.value
    encoded = representation.encode()
    shaped = None if len(encoded) == 1 else _encode(encoded)
    values = (form, _OTHERS(operation), representation.format.name, shaped, *most)
    return pack(QUERY, marshal.dumps(values))


def unpack_query(payload: bytes) -> tuple[Operation, Representation, Most]:
    """Return operation, representation and bounds from the frame of a query."""
    form, (text, *others), fmt, shaped, *most = marshal.loads(payload)  # noqa: S302  the server wrote it
    operation = Operation(text, None if form is None else QueryForm(form), *others)
    representation = Representation.decode({"format": fmt} if shaped is None else json.loads(shaped))
    return operation, representation, Most(*most)


def pack_text(text: str, max_nesting: int, base_iri: str | None) -> bytes:
    """Return the frame of a text that is to be classified."""
    return pack_json(CLASSIFY, {"text": text, "max_nesting": max_nesting, "base_iri": base_iri})


def unpack_text(payload: bytes) -> dict[str, Any]:
    """Return the arguments of :func:`~endpoint.sparql.operation.classify` from the frame of a text."""
    members: dict[str, Any] = json.loads(payload)
    return members


def encode_operation(operation: Operation) -> bytes:
    """Return all of an operation but its text, which the server has."""
    return _encode(_members(replace(operation, text=""))).encode()


def decode_operation(encoded: bytes, text: str) -> Operation:
    """Return the operation with its ``text``."""
    return _operation({**json.loads(encoded), "text": text})


def _members(operation: Operation) -> dict[str, Any]:
    return {
        name: value
        for name, default, value in zip(_NAMES, _DEFAULTS, _MEMBERS(operation), strict=True)
        if value != default
    }


def _operation(members: dict[str, Any]) -> Operation:
    members["form"] = None if members["form"] is None else QueryForm(members["form"])
    for name, value in members.items():
        if type(value) is list:
            members[name] = tuple(value)
    return Operation(**members)


def pack_search(request: Request) -> bytes:
    """Return the frame of a search."""
    return pack_json(SEARCH, asdict(request))


def unpack_search(payload: bytes) -> Request:
    """Return the request from the frame of a search."""
    members: dict[str, Any] = json.loads(payload)
    members["filters"] = {name: tuple(values) for name, values in members["filters"].items()}
    return Request(**members)


def pack_count(union: bool, most_classes: int) -> bytes:
    """Return the frame of a count of all statements."""
    return pack_json(COUNT, {"union": union, "most_classes": most_classes})


def unpack_count(payload: bytes) -> dict[str, Any]:
    """Return the arguments of a count from its frame."""
    members: dict[str, Any] = json.loads(payload)
    return members


def pack_dump(order: DumpOrder) -> bytes:
    """Return the frame of a dump; the default graph has an empty name in it."""
    selection = order.selection
    graphs = ["" if isinstance(graph, DefaultGraph) else graph.value for graph in selection.graphs]
    members = [graphs, selection.union, order.format.name, order.compression, order.probe]
    return pack(DUMP, _encode(members).encode())


def unpack_dump(payload: bytes) -> DumpOrder:
    """Return the order of a dump from its frame."""
    names, union, format_name, compression, probe = json.loads(payload)
    graphs = tuple(NamedNode(name) if name else DefaultGraph() for name in names)
    fmt = next(fmt for fmt in EXPORT_FORMATS if fmt.name == format_name)
    return DumpOrder(Selection(graphs, union), fmt, compression, probe)


def pack_ending(ending: Ending) -> bytes:
    """Return the frame of the end of an answer."""
    planned, evaluated, *rest = ending
    return pack(END, _ENDING.pack(min(planned, _MICROSECONDS), min(evaluated, _MICROSECONDS), *rest))


def unpack_ending(payload: bytes) -> Ending:
    """Return the end of an answer from its frame."""
    return Ending(*_ENDING.unpack(payload))


def pack_facts(facts: Facts) -> bytes:
    """Return the frame of the facts of a page."""
    return pack(FACTS, json.dumps(facts).encode())


def unpack_facts(payload: bytes) -> Facts:
    """Return the facts from their frame."""
    return Facts(*json.loads(payload))


def pack(kind: int, payload: bytes | memoryview = b"") -> bytes:
    """Return one frame as bytes."""
    return HEADER.pack(kind, len(payload)) + payload


def pack_json(kind: int, payload: Mapping[str, object]) -> bytes:
    """Return one frame with a JSON payload."""
    return pack(kind, _encode(payload).encode())


def read(sock: socket.socket) -> tuple[int, bytes] | None:
    """Wait for the next frame and return it; None when the other side has closed. Raises OSError."""
    header = _read_exactly(sock, HEADER.size)
    if header is None:
        return None
    kind, length = HEADER.unpack(header)
    payload = _read_exactly(sock, length)
    return None if payload is None else (kind, payload)


def _read_exactly(sock: socket.socket, count: int) -> bytes | None:
    data = sock.recv(count, socket.MSG_WAITALL) if count else b""
    return data if len(data) == count else None
