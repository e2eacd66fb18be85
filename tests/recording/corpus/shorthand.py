"""Short ways to write requests down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote, urlencode

from tests.recording.exchange import Request

BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORM: Final = "application/x-www-form-urlencoded"
SPARQL: Final = "application/sparql-query"
JSON: Final = "application/json"
LANGUAGES: Final = ("ko", "en")


def slug(text: str) -> str:
    """A piece of a file name that a reader connects with ``text``."""
    return re.sub(r"[^\w.=+-]+", "-", text).strip("-.")[:80] or "none"


def spelled(path: str) -> str:
    """A file name in which every character of ``path`` stands, so that no two odd ones share it."""
    return re.sub(r"[^\w.+-]|^\.|\.$", lambda found: f"={ord(found[0]):02X}", path)[:80]


def encoded(parameters: Mapping[str, object]) -> str:
    """Parameters as a query string, blanks as %20."""
    return urlencode(parameters, doseq=True, quote_via=quote)


def get(
    name: str, path: str, parameters: Mapping[str, object] | None = None, accept: str = "", **headers: str
) -> Request:
    """GET, with the headers named as Python can: ``accept_language``."""
    target = f"{path}?{encoded(parameters)}" if parameters else path
    named = {"Accept": accept} if accept else {}
    named |= {key.replace("_", "-").title(): value for key, value in headers.items()}
    return Request(name, target, headers=tuple(named.items()))


def post(name: str, path: str, body: str | bytes, media_type: str, accept: str = "") -> Request:
    """POST of a body under a media type, none where it is empty."""
    named = {"Content-Type": media_type, "Accept": accept}
    headers = tuple((key, value) for key, value in named.items() if value)
    return Request(name, path, "POST", headers, body.encode() if isinstance(body, str) else body)


def page(name: str, path: str, parameters: Mapping[str, object] | None = None) -> Iterator[Request]:
    """The page that a browser gets, in both languages."""
    for language in LANGUAGES:
        yield get(f"{name}-{language}", path, parameters, BROWSER, accept_language=language)


def as_method(request: Request, method: str, name: str = "") -> Request:
    """The same request with another method."""
    return replace(request, method=method, name=name or f"{request.name}-{method.lower()}")


def revalidated(request: Request, header: str = "If-None-Match") -> Request:
    """The same request again, with the validator of its own answer."""
    return replace(request, revalidate=header, name=f"{request.name}-{slug(header).lower()}")


def unordered(requests: Iterable[Request]) -> Iterator[Request]:
    """The same requests, where labels of blank nodes are the only order that there is."""
    return (replace(request, unordered=True) for request in requests)


def distinct(requests: Iterable[Request]) -> list[Request]:
    """The requests in their order. Raises :class:`ValueError` where two have one name."""
    found = list(requests)
    seen: set[str] = set()
    for request in found:
        if request.name.casefold() in seen:
            raise ValueError(f"Two requests of the corpus have the name {request.name}.")
        seen.add(request.name.casefold())
    return found
