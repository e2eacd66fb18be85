"""The site's own files for browsers: the style sheet, scripts, and the files from npm in ``vendor/``.

Pages link to a file with a digest of its content, so that a browser keeps it for good and a new version
has a new address. Files are read once.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from endpoint.errors import NotFound
from endpoint.web.http.answer import NO_CACHE, Answer, Whole
from endpoint.web.http.request import Request
from endpoint.web.http.view import View

PATH: Final = "/-/static/"

_FOLDER: Final = Path(__file__).parents[1] / "static"
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
# Names never begin with a dot, so none leads outside the folder.
_NAME: Final = re.compile(r"[\w@-][\w@.-]*(?:/[\w@-][\w@.-]*)*", re.ASCII)
# Characters of a name; no file has a longer one.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    digest: str


def _find(name: str) -> _File | None:
    """Return the file of this name below the folder, None where there is none."""
    path = _FOLDER / name
    if len(name) > _LONGEST or _NAME.fullmatch(name) is None or not path.is_file():
        return None
    return _read(path)


@lru_cache(maxsize=256)
def _read(path: Path) -> _File:
    # Only for existing files, so that invented names drive no file out of the cache.
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if media_type.startswith("text/") or media_type.endswith("svg+xml"):
        media_type += "; charset=utf-8"
    return _File(content, media_type, blake2b(content, digest_size=6).hexdigest())


def has_asset(name: str) -> bool:
    """Return whether there is a static file of this name: those from npm may be missing."""
    return _find(name) is not None


def asset(view: View, name: str) -> str:
    """Return the address of a static file, with the digest of its content. Raises LookupError."""
    file = _find(name)
    if file is None:
        raise LookupError(f"there is no static file {name}")
    return f"{view.root}{PATH}{name}?v={file.digest}"


class StaticFiles:
    """The static files: ``name``, or else the one of the path parameter ``name``."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name

    async def answer(self, request: Request) -> Answer:
        """Answer with the file. Raises NotFound."""
        file = _find(self._name or request.path_parameter("name"))
        if file is None:
            raise NotFound(f"There is no file {request.path[:200]}.")
        named = request.scope["query_string"] == f"v={file.digest}".encode()
        # A script imports others by their plain names; browsers revalidate those each time.
        cache = _FOR_GOOD if named else NO_CACHE
        return Whole(file.content, file.media_type, tag=f'"{file.digest}"', cache=cache, vary="")
