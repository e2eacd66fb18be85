"""Bodies of any length, received into files without a name beside the data, and forms with several files.

The process that writes opens the files by the descriptors of this process, so that nothing is left of them
when either is killed.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from email.message import Message
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from endpoint.engine.writes import Upload
from endpoint.errors import MalformedRequest, UnsupportedMediaType, WriteFailed
from endpoint.formats import EXPORT_FORMATS, Format, rdf_format
from endpoint.web.http.request import Request

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# Content codings of bodies, with the extension of a file that is compressed so.
_CODINGS: Final = {"gzip": ".gz", "x-gzip": ".gz", "zstd": ".zst"}
_MULTIPART: Final = "multipart/form-data"
# Bytes that are written to the disk at once, and parts of one body.
_PIECE: Final = 2**20
_MOST_PARTS: Final = 100


class Received:
    """The files of one request; they are there until ``closing`` is closed."""

    def __init__(self, request: Request, closing: ExitStack) -> None:
        self._request = request
        self._closing = closing
        self.files: list[Upload] = []

    async def receive(self, limit: int, fmt: Format | None = None) -> None:
        """Receive the body, of ``limit`` bytes at most; ``fmt`` is its format where the caller knows it.

        Raises UnsupportedMediaType, PayloadTooLarge, RequestTimeout, MalformedRequest and WriteFailed.
        """
        request = self._request
        coding = self._coding()
        if request.media_type == _MULTIPART and request.method == "POST":
            await self._parts(limit, coding)
            return
        fmt = fmt or rdf_format(request.media_type)
        if fmt is None:
            raise _unsupported(request.media_type or "no Content-Type")
        file = self._file()
        await _copy(request, file, limit)
        self._add(file, "the body", fmt, coding)

    def _coding(self) -> str:
        named = self._request.headers.get("content-encoding", "identity").strip().lower()
        if named not in _CODINGS and named != "identity":
            raise UnsupportedMediaType(
                f"The body has the Content-Encoding {named[:80]}. Read are: {', '.join(_CODINGS)}."
            )
        return _CODINGS.get(named, "")

    async def _parts(self, limit: int, coding: str) -> None:
        """Receive the parts of a form, each of them a file (RFC 7578)."""
        if coding:
            raise UnsupportedMediaType("A form of several parts is not read compressed; compress the files.")
        _, options = parse_options_header(self._request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if not boundary:
            raise MalformedRequest("The Content-Type names no boundary.")
        reader = _Parts(self)
        parser = MultipartParser(boundary, reader.callbacks)
        try:
            async for piece in self._request.pieces(limit):
                await asyncio.to_thread(parser.write, piece)
            parser.finalize()
        except MultipartParseError as error:
            raise MalformedRequest(f"The body is no form of several parts: {error}") from None
        except OSError as error:
            raise _no_room(error) from None
        if not reader.whole:
            raise MalformedRequest("The form is not complete: its last boundary is missing.")

    def _file(self) -> IO[bytes]:
        try:
            made = TemporaryFile(dir=self._request.site.settings.data)  # noqa: SIM115 – closed with the stack
        except OSError as error:
            raise _no_room(error) from None
        return self._closing.enter_context(made)

    def _add(self, file: IO[bytes], name: str, fmt: Format, compression: str) -> None:
        file.flush()
        path = f"/proc/{os.getpid()}/fd/{file.fileno()}"
        self.files.append(Upload(path, name, fmt.name, compression))

    def part(self, headers: Message) -> tuple[IO[bytes], str, Format, str]:
        """Return file, name, format and compression of a part. Raises UnsupportedMediaType."""
        if len(self.files) >= _MOST_PARTS:
            raise MalformedRequest(f"The form has more than {_MOST_PARTS} parts.")
        name = headers.get_filename() or "a part of the form"
        stem, compression = name, ""
        for extension in (".gz", ".zst"):
            if name.endswith(extension):
                stem, compression = name.removesuffix(extension), extension
        fmt = rdf_format(headers.get_content_type()) if "content-type" in headers else None
        if fmt is None or fmt.media_type != headers.get_content_type():
            # Browsers send files whose type they do not know as anything.
            extension = stem.rpartition(".")[2].lower()
            fmt = next((each for each in EXPORT_FORMATS if each.extension == extension and each.iri), fmt)
        if fmt is None:
            raise _unsupported(f"{name[:80]} of {headers.get_content_type()}")
        return self._file(), name, fmt, compression

    def add(self, part: tuple[IO[bytes], str, Format, str]) -> None:
        """Take note of a part that is whole."""
        self._add(*part)


class _Parts:
    """The parts of a form as the parser finds them."""

    def __init__(self, received: Received) -> None:
        self.whole = False
        self._received = received
        self._headers = Message()
        self._name = self._value = b""
        self._part: tuple[IO[bytes], str, Format, str] | None = None
        self.callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._header,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._headers = Message()

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.decode("latin-1")] = self._value.decode("utf-8", "replace")
        self._name = self._value = b""

    def _headers_end(self) -> None:
        self._part = self._received.part(self._headers)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part is not None:
            self._part[0].write(data[start:end])

    def _end(self) -> None:
        if self._part is not None:
            self._received.add(self._part)
            self._part = None

    def _finish(self) -> None:
        self.whole = True


async def _copy(request: Request, file: IO[bytes], limit: int) -> None:
    """Write the body into a file, in pieces that are worth a change of threads."""
    waiting = bytearray()
    try:
        async for piece in request.pieces(limit):
            waiting += piece
            if len(waiting) >= _PIECE:
                await asyncio.to_thread(file.write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(file.write, bytes(waiting))
    except OSError as error:
        raise _no_room(error) from None


def _no_room(error: OSError) -> WriteFailed:
    return WriteFailed(f"The server has no room to receive the body: {error.strerror}. Nothing has changed.")


def _unsupported(received: str) -> UnsupportedMediaType:
    offered = dict.fromkeys(fmt.media_type for fmt in EXPORT_FORMATS if fmt.iri is not None)
    return UnsupportedMediaType(f"The body has {received}. RDF is read as {', '.join(offered)}.")
