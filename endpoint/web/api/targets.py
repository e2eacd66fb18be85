"""Addresses below ``/api``: the answer of a saved query, its source, its bound text, values.

::

    /api/<name>[.<extension>]           the answer
    /api/<name>.rq                      the source
    /api/<name>/explain                 the bound text
    /api/<name>/values/<parameter>      values of a parameter
    /api/<path of the query>            the answer, under the address that its file gives it
    /api/<path of the query>/explain    the bound text

Each segment is percent-decoded once, after the path was split.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from starlette.types import Scope

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.paths import filled, match_path
from endpoint.characters import normalized
from endpoint.errors import MalformedRequest, NotFound
from endpoint.web.http.request import Pairs
from endpoint.wording import shown

ROOT: Final = "/api"
# The extension of a query's source.
SOURCE: Final = "rq"


class Part(Enum):
    """The kind of answer at an address of a saved query."""

    ANSWER = auto()
    SOURCE = auto()
    EXPLANATION = auto()
    VALUES = auto()


@dataclass(frozen=True, slots=True)
class Target:
    """A saved query and a part of it, named by a request.

    ``path`` is its percent-encoded address below ``/api``, as links to it repeat it; ``given`` are the
    parameters that the path has and ``extension`` is the one at its end. ``parameter`` is the one whose
    values are requested.
    """

    query: SavedQuery
    path: str
    given: Pairs
    extension: str = ""
    part: Part = Part.ANSWER
    parameter: str = ""

    @property
    def stem(self) -> str:
        """The address without the extension."""
        return self.path.removesuffix(f".{quote(self.extension, safe='')}") if self.extension else self.path


def segments_of(scope: Scope) -> list[str]:
    """Return the decoded segments of the path below ``/api``. Raises :class:`MalformedRequest`."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    # What comes before them may be percent-encoded as well, so that only its slashes can be counted.
    below = raw.split(b"/")[2 + scope.get("root_path", "").count("/") :]
    try:
        return [unquote_to_bytes(segment).decode() for segment in below]
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"The path is not UTF-8: byte {error.start + 1} of a segment is "
            f"0x{error.object[error.start]:02X}. Percent-encode the UTF-8 bytes of the text."
        ) from None


def named(query: SavedQuery, extension: str = "") -> Target:
    """Return the target of a query's own name."""
    path = quote(query.name, safe="")
    return Target(query, f"{path}.{quote(extension, safe='')}" if extension else path, [], extension)


def find_query(catalog: Catalog, name: str) -> SavedQuery:
    """Return the query of this name. Raises :class:`NotFound` with a suggestion."""
    query = catalog.queries.get(normalized(name))
    if query is None:
        raise _not_found(catalog, [name])
    return query


def target_of(catalog: Catalog, segments: Sequence[str]) -> Target:
    """Return the target that these segments name. Raises :class:`NotFound` with a suggestion."""
    first = normalized(segments[0])
    target = _by_name(catalog, first, segments[1:]) or _by_path(catalog, segments)
    if target is None:
        raise _not_found(catalog, segments)
    return target


def _by_name(catalog: Catalog, name: str, rest: Sequence[str]) -> Target | None:
    queries = catalog.queries
    if not rest:
        # The longest name wins.
        stems = [stem for stem in queries if name == stem or name.startswith(f"{stem}.")]
        if not stems:
            return None
        stem = max(stems, key=len)
        target = named(queries[stem], name[len(stem) + 1 :])
        if target.extension.lower() != SOURCE:
            return target
        return Target(target.query, target.path, [], part=Part.SOURCE)
    if name not in queries:
        return None
    path = quote(name, safe="")
    if list(rest) == ["explain"]:
        return Target(queries[name], f"{path}/explain", [], part=Part.EXPLANATION)
    if rest[0] == "values" and len(rest) == 2:
        address = f"{path}/values/{quote(rest[1], safe='')}"
        return Target(queries[name], address, [], part=Part.VALUES, parameter=rest[1])
    return None


def _by_path(catalog: Catalog, segments: Sequence[str]) -> Target | None:
    paths = catalog.paths
    if (match := match_path(paths, segments)) is not None:
        query = catalog.queries[paths[match.template]]
        return Target(query, match.written, [*match.given], match.extension)
    if segments[-1] != "explain" or (match := match_path(paths, segments[:-1], plain=True)) is None:
        return None
    query = catalog.queries[paths[match.template]]
    return Target(query, f"{match.written}/explain", [*match.given], part=Part.EXPLANATION)


def _not_found(catalog: Catalog, segments: Sequence[str]) -> NotFound:
    wanted = "/".join(segments)
    known = {name: name for name in catalog.queries}
    # Templates are compared with the values of the request in them.
    known |= {filled(template, segments): template[1:] for template in catalog.paths}
    known |= {f"{name}/explain": f"{name}/explain" for name in catalog.queries} if len(segments) > 1 else {}
    near = difflib.get_close_matches(wanted[:200], known, 1)
    hint = f" Did you mean {known[near[0]]}?" if near else ""
    return NotFound(f'There is no saved query "{shown(wanted)}".{hint} GET /api lists them.')
