"""Analyses of many documents, by a process of its own beside the one that writes the index.

    python -m endpoint.search.analyses LONG NAME... < DOCUMENTS

The first line that the process reads is a JSON array of the tokens that are numbered already, and each that
follows one of documents. It answers each of these with a line, a JSON array of the tokens that are new and
of the words and the lengths of the fields of each document, and with the numbers of all tokens. It ends with
its standard input, so that nothing is left behind by whoever is killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Generic, NamedTuple, Self, TypeVar

from endpoint.search.analysis import Analysed, Analyser

_PACKAGES: Final = Path(__file__).absolute().parents[2]
# Documents after which the process is started, which takes as long as analysing so many.
_ALONE: Final = 300
# Documents that are sent at once, and such parcels that may be under way.
_PARCEL: Final = 64
_UNDER_WAY: Final = 3

T = TypeVar("T")


class Analyses(Generic[T]):
    """The analyses of documents, in the order in which these are put; made by another process where there
    are many documents, and a processor for it.

    ``names`` and ``long`` are those of :class:`~endpoint.search.analysis.Analyser`. Documents come as JSON
    objects of lists of texts by field; each has something that is returned with its analysis.
    """

    def __init__(self, names: Sequence[str], long: str) -> None:
        self._arguments = (long, *names)
        self._analyser = Analyser(names, long)
        self._alone = _ALONE if len(os.sched_getaffinity(0)) > 1 else sys.maxsize
        self._parcel: list[tuple[T, bytes]] = []
        self._under_way: deque[tuple[list[tuple[T, bytes]], Future[_Answer]]] = deque()
        self._process: subprocess.Popen[bytes] | None = None
        # Its one thread asks and awaits the answer, while the caller goes on.
        self._thread = ThreadPoolExecutor(1, "analyses")

    @property
    def tokens(self) -> Sequence[str]:
        """The tokens by which the analyses that were returned are numbered, in order."""
        return self._analyser.tokens.order

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._thread.shutdown(cancel_futures=True)

    def put(self, of: T, document: bytes) -> Iterator[tuple[T, Analysed]]:
        """Take a document; yield analyses that are ready."""
        if self._alone:
            self._alone -= 1
            yield of, self._one(document)
            return
        self._parcel.append((of, document))
        if len(self._parcel) == _PARCEL:
            self._send()
            if len(self._under_way) > _UNDER_WAY:
                yield from self._receive()

    def rest(self) -> Iterator[tuple[T, Analysed]]:
        """Yield the analyses of all documents that are left."""
        self._send()
        while self._under_way:
            yield from self._receive()

    def words(self, fields: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Return the words of one document, made here."""
        return self._analyser.words(fields)

    def _one(self, document: bytes) -> Analysed:
        return self._analyser.analyse(json.loads(document))

    def _send(self) -> None:
        if self._parcel:
            if self._process is None:
                self._process = _start(self._arguments, self.tokens)
            documents = b"[%b]\n" % b",".join([document for _, document in self._parcel])
            self._under_way.append((self._parcel, self._thread.submit(_ask, self._process, documents)))
            self._parcel = []

    def _receive(self) -> Iterator[tuple[T, Analysed]]:
        parcel, answer = self._under_way.popleft()
        try:
            new, analysed = answer.result()
        except (OSError, ValueError):
            # It was ended, such as for want of memory; what it may still answer is numbered otherwise.
            if self._process is not None:
                self._process.kill()
            analysed = [self._one(document) for _, document in parcel]
        else:
            self._analyser.tokens.number(*new)
        yield from zip((of for of, _ in parcel), analysed, strict=True)


class _Answer(NamedTuple):
    """The answer of the process to some documents: tokens that are ``new``, and the analyses."""

    new: list[str]
    analysed: list[Analysed]


def _start(arguments: Iterable[str], tokens: Sequence[str]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
        [sys.executable, "-m", "endpoint.search.analyses", *arguments],
        # From here this package can be imported, wherever the server was started.
        cwd=_PACKAGES,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if process.stdin is not None:
        # Where the process has ended already, its answers tell it.
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(tokens).encode() + b"\n")
    return process


def _ask(process: subprocess.Popen[bytes], documents: bytes) -> _Answer:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the process has no pipes")
    process.stdin.write(documents)
    process.stdin.flush()
    new, described = json.loads(process.stdout.readline())
    analysed = []
    for words, lengths in described:
        tokens = tuple(process.stdout.read(length) for length in lengths)
        if [*map(len, tokens)] != lengths:
            raise ValueError("the answer ends early")
        analysed.append(Analysed(tokens, frozenset(words)))
    return _Answer(new, analysed)


def serve(lines: IO[bytes], out: IO[bytes], long: str, names: Sequence[str]) -> None:
    """Read the tokens that are known, and answer each line of documents."""
    analyser = Analyser(names, long, json.loads(lines.readline()))
    for line in lines:
        known = len(analyser.tokens)
        analysed = [analyser.analyse(fields) for fields in json.loads(line)]
        new = analyser.tokens.order[known:]
        described = [([*each.words], [*map(len, each.tokens)]) for each in analysed]
        out.write(json.dumps([new, described]).encode() + b"\n")
        out.writelines(numbers for each in analysed for numbers in each.tokens)
        out.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, sys.argv[1], sys.argv[2:])
