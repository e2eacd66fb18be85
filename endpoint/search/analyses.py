"""Analyses of many documents, by a process of its own beside the one that writes the index.

    python -m endpoint.search.analyses LONG NAME... < DOCUMENTS

The process reads lines, each a JSON array of documents, and answers each with the tokens and words of these.
It ends with its standard input, so that nothing is left behind by whoever is killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Final, Generic, Self, TypeVar

from endpoint.search.analysis import Analysed, analyse_document

_PACKAGES: Final = Path(__file__).absolute().parents[2]
# Documents after which the process is started, which takes as long as analysing so many.
_ALONE: Final = 300
# Documents that are sent at once, and such parcels that may be under way.
_PARCEL: Final = 64
_UNDER_WAY: Final = 3

Fields = Mapping[str, Sequence[str]]
T = TypeVar("T")


class Analyses(Generic[T]):
    """The analyses of documents, in the order in which these are put; made by another process where there
    are many documents, and a processor for it.

    ``names`` and ``long`` are those of :func:`~endpoint.search.analysis.analyse_document`. Each document has
    something that is returned with its analysis.
    """

    def __init__(self, names: Sequence[str], long: str) -> None:
        self._names, self._long = names, long
        self._alone = _ALONE if len(os.sched_getaffinity(0)) > 1 else sys.maxsize
        self._parcel: list[tuple[T, Fields]] = []
        self._under_way: deque[tuple[list[tuple[T, Fields]], Future[list[Analysed]]]] = deque()
        self._process: subprocess.Popen[bytes] | None = None
        # Its one thread asks and awaits the answer, while the caller goes on.
        self._thread = ThreadPoolExecutor(1, "analyses")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._thread.shutdown(cancel_futures=True)

    def put(self, of: T, fields: Fields) -> Iterator[tuple[T, Analysed]]:
        """Take a document; yield analyses that are ready."""
        if self._alone:
            self._alone -= 1
            yield of, self.one(fields)
            return
        self._parcel.append((of, fields))
        if len(self._parcel) == _PARCEL:
            self._send()
            if len(self._under_way) > _UNDER_WAY:
                yield from self._receive()

    def rest(self) -> Iterator[tuple[T, Analysed]]:
        """Yield the analyses of all documents that are left."""
        self._send()
        while self._under_way:
            yield from self._receive()

    def one(self, fields: Fields) -> Analysed:
        """Return the analysis of one document, made here."""
        return analyse_document(fields, self._names, self._long)

    def _send(self) -> None:
        if self._parcel:
            if self._process is None:
                self._process = _start(self._names, self._long)
            documents = [fields for _, fields in self._parcel]
            self._under_way.append((self._parcel, self._thread.submit(_ask, self._process, documents)))
            self._parcel = []

    def _receive(self) -> Iterator[tuple[T, Analysed]]:
        parcel, answer = self._under_way.popleft()
        try:
            analysed = answer.result()
        except (OSError, ValueError):
            # It was ended, such as for want of memory.
            analysed = [self.one(fields) for _, fields in parcel]
        yield from zip((of for of, _ in parcel), analysed, strict=True)


def _start(names: Sequence[str], long: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 (our own module, no shell)
        [sys.executable, "-m", "endpoint.search.analyses", long, *names],
        # From here this package can be imported, wherever the server was started.
        cwd=_PACKAGES,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _ask(process: subprocess.Popen[bytes], documents: Sequence[Fields]) -> list[Analysed]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process has no pipes")
    process.stdin.write(json.dumps(documents).encode() + b"\n")
    process.stdin.flush()
    analysed = json.loads(process.stdout.readline())
    return [Analysed(tuple(tokens), frozenset(words)) for tokens, words in analysed]


def serve(lines: IO[bytes], out: IO[bytes], long: str, names: Sequence[str]) -> None:
    """Answer each line of documents with one of their tokens and words."""
    for line in lines:
        analysed = [analyse_document(fields, names, long) for fields in json.loads(line)]
        answer = [(each.tokens, [*each.words]) for each in analysed]
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], sys.argv[2:])
