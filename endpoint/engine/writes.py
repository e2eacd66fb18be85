"""Writes on their way to the process that commits them, and what became of them.

The server sends a ``GROUP`` of writes, and behind it the descriptors of their files, each with a byte; the
process answers ``BEGUN`` with the place of each one that it begins, and -1 when it publishes, then
``COMMITTED`` with an outcome for each. Frames are those of :mod:`endpoint.engine.wire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from endpoint import errors
from endpoint.errors import EndpointError, MalformedData, MalformedQuery
from endpoint.settings import Settings

GROUP: Final = 20
BEGUN: Final = 21
COMMITTED: Final = 22
PUBLISHING: Final = -1

Kind = Literal["update", "put", "post", "delete", "patch"]
Target = Literal["graph", "default", "dataset"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file with statements: its path, what its sender calls it, its format and compression (as ``.gz``)."""

    path: str
    name: str
    format: str
    compression: str = ""


@dataclass(frozen=True, slots=True)
class Write:
    """One write, which is done whole or not at all.

    ``token`` is the name of its token, which may change ``graphs`` (empty for all); ``request`` identifies
    the HTTP request. An update has a ``text``, and the graphs of using-graph-uri and using-named-graph-uri.
    Any other write is about ``target``, with the IRI ``graph`` for one named graph, and has ``files``; with
    the IRI ``resource`` only about what is stated of it there. A patch has one file, of lines that are
    N-Quads but for their beginnings.
    ``expects`` is what must be there before: ``present``, ``absent``, the number of a generation, or nothing.
    """

    kind: Kind
    token: str
    request: str
    base: str
    graphs: tuple[str, ...] = ()
    text: str = ""
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    target: Target = "graph"
    graph: str = ""
    files: tuple[Upload, ...] = ()
    expects: str = ""
    resource: str = ""

    @classmethod
    def of(cls, members: Mapping[str, Any]) -> Self:
        """Return the write with the members of JSON."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in members.items()
        }
        values["files"] = tuple(Upload(**file) for file in members["files"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome of a write that was done: the generation that has it, and the statements that it changed.

    ``created``: the graph was not there before. ``changed``: the generation is a new one.
    """

    generation: int
    added: int
    removed: int
    created: bool = False
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings that a group of writes goes by; see :class:`~endpoint.settings.Settings`."""

    dataset: str
    data: str
    derive: bool
    columns: int
    retain: int
    retain_age: float
    retain_size: int
    union: bool
    memory: int
    timeout: float
    max_upload: int
    load_from: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, dataset: Path) -> Self:
        """Return those of the settings, for the dataset in this folder."""
        return cls(
            str(dataset.absolute()),
            str(settings.data.absolute()),
            settings.derive,
            settings.columns,
            settings.retain,
            settings.retain_age,
            settings.retain_size,
            settings.default_graph == "union",
            settings.write_memory,
            settings.write_timeout,
            settings.max_upload,
            settings.load_from,
        )


def pack_outcome(outcome: Written | EndpointError) -> dict[str, Any]:
    """Return an outcome as members of JSON."""
    if isinstance(outcome, Written):
        return {"written": asdict(outcome)}
    return {
        "error": type(outcome).__name__,
        "detail": outcome.detail,
        "line": getattr(outcome, "line", None),
        "column": getattr(outcome, "column", None),
        "limit": getattr(outcome, "limit", None) or getattr(outcome, "timeout", None),
    }


def unpack_outcome(members: Mapping[str, Any]) -> Written | EndpointError:
    """Return the outcome with these members."""
    if "written" in members:
        return Written(**members["written"])
    kind: Any = getattr(errors, members["error"], EndpointError)
    detail = members["detail"]
    if kind is MalformedQuery:
        return MalformedQuery(detail, members["line"], members["column"])
    if kind is MalformedData:
        return MalformedData(detail, members["line"])
    if members["limit"] is not None:
        made: EndpointError = kind(detail, members["limit"])
        return made
    plain: EndpointError = kind(detail)
    return plain
