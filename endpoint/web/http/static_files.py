"""The site's own files for browsers: the style sheet, scripts, and what npm brought into ``vendor/``.

A page names a file with a digest of its content, so that a browser keeps it for good and a new version
has a new address. Files are read, and compressed, once.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from endpoint.errors import MethodNotAllowed, NotFound
from endpoint.web.http.view import View

PATH: Final = "/-/static/"

_FOLDER: Final = Path(__file__).parents[1] / "static"
_METHODS: Final = ("GET", "HEAD")
_FOR_GOOD: Final = b"public, max-age=31536000, immutable"
# Plain names only: no dot begins one, so nothing outside the folder has one.
_NAME: Final = re.compile(r"[\w@-][\w@.-]*(?:/[\w@-][\w@.-]*)*", re.ASCII)
# No file has a longer one, and no file system could be asked for it (characters).
_LONGEST: Final = 200
# Compressing less than this (bytes) saves no packet.
_SMALL: Final = 1400


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes | None
    media_type: str
    digest: str


def _find(name: str) -> _File | None:
    """The file of this name below the folder, None where there is none."""
    path = _FOLDER / name
    if len(name) > _LONGEST or _NAME.fullmatch(name) is None or not path.is_file():
        return None
    return _read(path)


@lru_cache(maxsize=256)
def _read(path: Path) -> _File:
    # Only of files that are there: names that clients make up drive no file out.
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/") or media_type.endswith("svg+xml"):
        media_type += "; charset=utf-8"
    small = gzip.compress(content, 9, mtime=0) if len(content) > _SMALL else content
    compressed = small if len(small) < len(content) else None
    return _File(content, compressed, media_type, blake2b(content, digest_size=6).hexdigest())


def has_asset(name: str) -> bool:
    """Whether there is a static file of this name: those from npm may be missing."""
    return _find(name) is not None


def asset(view: View, name: str) -> str:
    """The address of a static file, with the digest of its content. Raises LookupError where it is not."""
    file = _find(name)
    if file is None:
        raise LookupError(f"there is no static file {name}")
    return f"{view.root}{PATH}{name}?v={file.digest}"


class Static:
    """The static files as an ASGI application: ``name``, or else the one of the path parameter ``name``."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in _METHODS:
            raise MethodNotAllowed(f"Files answer {', '.join(_METHODS)}.", _METHODS)
        file = _find(self._name or scope["path_params"]["name"])
        if file is None:
            raise NotFound(f"There is no file {scope['path'][:200]}.")
        headers, body = _answer(file, scope)
        status = 200
        if f'"{file.digest}"' in Headers(scope=scope).get("if-none-match", ""):
            status, body = 304, b""
        else:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _answer(file: _File, scope: Scope) -> tuple[list[tuple[bytes, bytes]], bytes]:
    named = scope["query_string"] == f"v={file.digest}".encode()
    headers = [
        (b"content-type", file.media_type.encode()),
        # A script imports others by their plain names: those are asked for each time, and mostly not sent.
        (b"cache-control", _FOR_GOOD if named else b"no-cache"),
        (b"etag", f'"{file.digest}"'.encode()),
        (b"vary", b"Accept-Encoding"),
    ]
    if file.compressed is not None and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
        return [*headers, (b"content-encoding", b"gzip")], file.compressed
    return headers, file.content
