"""The slow-query history: what has taken long, by text, over restarts of the server.

It is a SQLite database in the data directory, written by a thread. What was written stays when the server is
killed; when the machine goes down the last seconds may be missing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from endpoint.telemetry import log
from endpoint.telemetry.background import Background
from endpoint.telemetry.query_record import QueryRecord

# The name of the file in the data directory.
FILE: Final = "slow-queries.sqlite"
# Texts that are kept; of more, those that were asked for the longest time ago go.
MOST: Final = 1000
# Renewed when the table changes; a history of another version is begun anew.
_VERSION: Final = 1
_WEIGHT: Final = 1000
# Seconds for which one connection waits for another, such as that of a second server.
_PATIENCE: Final = 2.0

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS slow (
    digest TEXT PRIMARY KEY,
    form TEXT NOT NULL,
    text TEXT NOT NULL,
    outcome TEXT NOT NULL,
    client TEXT NOT NULL,
    count INTEGER NOT NULL,
    total REAL NOT NULL,
    worst REAL NOT NULL,
    first REAL NOT NULL,
    last REAL NOT NULL
) WITHOUT ROWID
"""
_ADD: Final = """
INSERT INTO slow VALUES (:digest, :form, :text, :outcome, :client, 1, :seconds, :seconds, :time, :time)
ON CONFLICT (digest) DO UPDATE SET
    text = :text, outcome = :outcome, client = :client, count = count + 1, total = total + :seconds,
    worst = max(worst, :seconds), last = :time
"""
_FORGET: Final = """
DELETE FROM slow WHERE digest IN (SELECT digest FROM slow ORDER BY last DESC LIMIT -1 OFFSET ?)
"""
_WORST: Final = "SELECT * FROM slow ORDER BY worst DESC, last DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class SlowQuery:
    """All slow evaluations of one text.

    ``text`` is its beginning; ``outcome`` and ``client`` are those of the last time. ``total`` and ``worst``
    are evaluation seconds, ``first`` and ``last`` seconds since the epoch.
    """

    digest: str
    form: str
    text: str
    outcome: str
    client: str
    count: int
    total: float
    worst: float
    first: float
    last: float


class SlowQueries:
    """The history in the folder ``data``. A listener of the queries that run.

    A query is added where planning and evaluating took ``least`` seconds; ``text`` characters of it are kept.
    A file that is no such history is set aside. Raises OSError and sqlite3.Error where there can be none.
    """

    def __init__(self, data: Path, least: float, text: int) -> None:
        self.least = least
        self.text = text
        self._file = data / FILE
        self._background: Background[QueryRecord] = Background(
            "slow-query history", self._write, (OSError, sqlite3.Error)
        )
        self._prepare()

    @property
    def dropped(self) -> int:
        """The number of queries that were not added."""
        return self._background.dropped

    def begun(self, query: QueryRecord) -> None:
        """Do nothing: nobody knows yet how long it takes."""

    def ended(self, query: QueryRecord) -> None:
        """Add the query where it was slow."""
        times = query.times
        if times.planning + times.evaluating >= self.least and query.pid:
            self._background.put(query, _WEIGHT + len(query.text))

    def worst(self, number: int) -> list[SlowQuery]:
        """Return the texts with the slowest evaluations, the slowest first; not on the event loop.

        Raises sqlite3.Error.
        """
        with closing(self._connect()) as connection:
            return [SlowQuery(*row) for row in connection.execute(_WORST, (number,))]

    def close(self) -> None:
        """Write what waits."""
        self._background.close()

    def _prepare(self) -> None:
        # SQLite gives the files beside it the same mode.
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        try:
            self._create()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            aside = self._file.with_suffix(".damaged")
            log.warning(
                "%s is no slow-query history (%s); it is set aside as %s", self._file, error, aside.name
            )
            self._file.replace(aside)
            for beside in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    Path(f"{self._file}{beside}").unlink()
            self._prepare()

    def _create(self) -> None:
        with closing(self._connect()) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _VERSION):
                connection.execute("DROP TABLE IF EXISTS slow")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _write(self, batch: Sequence[QueryRecord]) -> None:
        if not batch:
            return
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_ADD, [self._row(query) for query in batch])
            connection.execute(_FORGET, (MOST,))
            connection.execute("COMMIT")

    def _row(self, query: QueryRecord) -> dict[str, object]:
        times = query.times
        return {
            "digest": query.digest,
            "form": query.form,
            "text": query.text[: self.text].encode("utf-8", "backslashreplace").decode(),
            "outcome": query.outcome,
            "client": query.client,
            "seconds": times.planning + times.evaluating,
            "time": query.begun + query.duration,
        }
