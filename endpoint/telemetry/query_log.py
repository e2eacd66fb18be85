"""The query log: a JSON object on a line of its own when a query begins, and another when it ends.

The first is on the disk within about a second, so a query that takes its worker or the whole machine down can
be found. ``docs/monitoring.md`` explains the members. Names are stable: operators write rules on them.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from endpoint.errors import ConfigurationError
from endpoint.telemetry.background import Background
from endpoint.telemetry.query_record import QueryRecord

# The path that stands for standard output.
STANDARD_OUTPUT: Final = Path("-")
# Bytes that an entry needs in memory besides the text of its query.
_WEIGHT: Final = 1000
# Seconds between two times that the disk is made to have what was written, while there is always more.
_SYNC: Final = 1.0

# What happened to which query; None: the file is to be opened again.
_Entry = tuple[str, QueryRecord] | None


class QueryLog:
    """The query log in the file ``path``, which only its owner may read. A listener of the queries that run.

    ``text`` characters of a query are kept at most. A file that would grow larger than ``most`` bytes becomes
    ``path.1``, in place of an earlier one. Raises :class:`ConfigurationError` where it cannot be written.
    """

    def __init__(self, path: Path, text: int, most: int) -> None:
        self._text = text
        try:
            self._file = _File(path, most)
        except OSError as error:
            raise ConfigurationError(f"query_log: {path} cannot be written ({error.strerror}).") from None
        self._background: Background[_Entry] = Background("query log", self._write)

    @property
    def dropped(self) -> int:
        """The number of lines that were not written."""
        return self._background.dropped

    def begun(self, query: QueryRecord) -> None:
        """Write the line of a query that has arrived."""
        self._background.put(("begin", query), _WEIGHT + len(query.text))

    def ended(self, query: QueryRecord) -> None:
        """Write the line of a query that has ended."""
        self._background.put(("end", query), _WEIGHT + len(query.text))

    def reopen(self) -> None:
        """Go on in a new file where the old one has been moved away."""
        self._background.put(None, 0)

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._background.close()
        self._file.close()

    def _write(self, batch: Sequence[_Entry]) -> None:
        if not batch:
            self._file.sync()
        lines: list[bytes] = []
        for entry in batch:
            if entry is None:
                self._file.write(b"".join(lines))
                lines.clear()
                self._file.reopen()
            else:
                event, query = entry
                lines.append(_encoded(self._begin(query) if event == "begin" else _end(query)))
        self._file.write(b"".join(lines))

    def _begin(self, query: QueryRecord) -> dict[str, object]:
        line = _line("begin", query.begun, query)
        if self._text:
            text = query.text[: self._text]
            line |= {"text": text, "cut": len(text) < len(query.text)}
        return line


class _File:
    """A file of lines that grows to a size. Every method raises OSError."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._broken = False  # it ends in a part of a line
        self._descriptor = -1
        self._synced = 0.0
        self.reopen()

    def reopen(self) -> None:
        if self._path == STANDARD_OUTPUT:
            descriptor = os.dup(1)
        else:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, 0o600)
        self.close()
        self._descriptor = descriptor
        found = os.fstat(descriptor)
        # Pipes and terminals have no size, and are not renamed.
        self._regular = stat.S_ISREG(found.st_mode) and self._path != STANDARD_OUTPUT
        self._size = found.st_size

    def write(self, data: bytes) -> None:
        """Append ``data``, whole lines."""
        if not data:
            return
        if self._regular and self._size and self._size + len(data) > self._most:
            self._path.replace(f"{self._path}.1")
            self.reopen()
        if self._broken:
            data = b"\n" + data
        written = 0
        try:
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
        finally:
            self._size += written
            if written:
                self._broken = not data[:written].endswith(b"\n")
        if time.monotonic() - self._synced > _SYNC:
            self.sync()

    def sync(self) -> None:
        """Let the disk have what was written."""
        if self._regular:
            os.fdatasync(self._descriptor)
        self._synced = time.monotonic()

    def close(self) -> None:
        if self._descriptor >= 0:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1


def _line(event: str, moment: float, query: QueryRecord) -> dict[str, object]:
    return {
        "time": datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds"),
        "event": event,
        "id": query.identifier,
        "request": query.request,
        "client": query.client,
        "digest": query.digest,
        "form": query.form,
        "type": query.media_type,
    }


def _end(query: QueryRecord) -> dict[str, object]:
    times = query.times
    return _line("end", query.begun + query.duration, query) | {
        "generation": query.generation,
        "outcome": query.outcome,
        "total_ms": _ms(query.duration),
        "waiting_ms": _ms(times.waiting),
        "planning_ms": _ms(times.planning),
        "evaluating_ms": _ms(times.evaluating),
        "sending_ms": _ms(times.sending),
        "rows": query.rows,
        "bytes": query.sent,
        "memory": query.memory,
        "columns": query.columns,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _encoded(line: dict[str, object]) -> bytes:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    if not text.isprintable():
        # What JSON leaves as it is: marks of writing direction, line separators, C1 characters, surrogates.
        text = "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
    return text.encode() + b"\n"
