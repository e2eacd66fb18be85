"""The wire between the server and its worker processes: frames over a socket pair.

A frame is a one-byte kind, a four-byte length and that many bytes. The server sends one
``REQUEST`` at a time; the worker answers with any number of ``DATA`` frames and then one ``END``
or ``FAILURE``. This module is imported by both sides and imports neither.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

HEADER: Final = struct.Struct("!BI")

HELLO: Final = 1  # worker to server, once: its process id
REQUEST: Final = 2  # server to worker: a Question
DATA: Final = 3  # worker to server: a piece of the serialized answer
END: Final = 4  # worker to server: the answer is whole; TIMING
FAILURE: Final = 5  # worker to server: there is no whole answer; a Failure

# END carries: microseconds of parsing and planning, of evaluating and serializing, and whether the
# worker wants to be replaced because the query left its memory swollen.
TIMING: Final = struct.Struct("!II?")

# The server to the template process: FORK (with two descriptors attached) or REAP and a process id.
ORDER: Final = struct.Struct("!BI")
FORK: Final = 1
REAP: Final = 2
# The template's answer to REAP: process id and wait status.
REAPED: Final = struct.Struct("!II")


class Question(TypedDict):
    """What a worker is asked: the query, its RDF dataset, and the format of the answer."""

    text: str
    base_iri: str | None
    default_graphs: list[str]
    named_graphs: list[str]
    dataset_clause: bool  # the text has FROM
    star: int | None  # offset of the asterisk of SELECT *
    # Name in endpoint.formats, with what endpoint.formats.representation adds to it: page, frame, prototype.
    format: str
    search: NotRequired[bool]  # the text is a search of the text index, as in Operation


class Failure(TypedDict):
    """Why there is no whole answer.

    ``kind`` is syntax (with the engine's own message), malformed (explained already, ``line`` and
    ``column`` from 1), complex, missing (no text index), unsupported, inexpressible, evaluation, memory.
    """

    kind: str
    message: str
    line: NotRequired[int | None]
    column: NotRequired[int | None]


class TemplateOrder(TypedDict):
    """What the template process is told at its start."""

    generation: str  # folder
    in_memory: bool
    union: bool  # the default graph is the union of all graphs
    memory: int  # bytes that one query may use
    prefixes: dict[str, str]


def pack(kind: int, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return HEADER.pack(kind, len(payload)) + payload


def pack_json(kind: int, payload: Mapping[str, object]) -> bytes:
    """One frame with a JSON payload."""
    return pack(kind, json.dumps(payload, ensure_ascii=False).encode())


def read(sock: socket.socket) -> tuple[int, bytes] | None:
    """Block for the next frame; None when the other side has closed. Raises OSError."""
    header = _read_exactly(sock, HEADER.size)
    if header is None:
        return None
    kind, length = HEADER.unpack(header)
    payload = _read_exactly(sock, length)
    return None if payload is None else (kind, payload)


def _read_exactly(sock: socket.socket, count: int) -> bytes | None:
    data = sock.recv(count, socket.MSG_WAITALL) if count else b""
    return data if len(data) == count else None
