"""Which representation of a resource is sent, and the headers that all of them have alike.

RFC 9110: a representation has an address of its own (Content-Location, section 8.7) that needs no
negotiation, an entity tag of the generation, and the same Vary as every other. RFC 8288: links lead to
the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

from endpoint.dataset import resource_path
from endpoint.errors import NotAcceptable
from endpoint.formats import BIBLIOGRAPHIES, GRAPH_FORMATS, HTML, TURTLE, Format, Representation
from endpoint.storage.generations import Generation
from endpoint.web.http.language import PARAMETER
from endpoint.web.http.request import Pairs, read_formats
from endpoint.web.http.responses import choose
from endpoint.web.http.site import VARY
from endpoint.web.http.view import View
from endpoint.web.pages.resource.address import EXTENSIONS

# All formats of a resource; the bibliographies only where it is a publication.
FORMATS: Final = (*GRAPH_FORMATS, HTML, *BIBLIOGRAPHIES)

# Links of more bytes than this are left out but for the first: proxies commonly take 4 to 8 kB of headers.
_LINKS: Final = 3000
_IN_URI: Final = "/:@!$&'()*+,;=~%?#[]"


def chosen_for(extension: str, pairs: Pairs, accept: str | None, people: bool, cited: bool) -> Representation:
    """The representation: by extension, else by ``format=``, else by Accept.

    Without a preference it is Turtle, or with ``people`` the page. ``cited`` tells whether there are
    bibliographies. Raises :class:`~endpoint.errors.NotAcceptable`, which lists what is offered.
    """
    formats = FORMATS if cited else (*GRAPH_FORMATS, HTML)
    if extension:
        found = EXTENSIONS[extension]
        if found.format not in formats:
            types = [fmt.media_type for fmt in formats]
            raise NotAcceptable(f"This is no publication: there is no .{extension} of it.", types)
        return found
    names = read_formats(pairs)
    if people and not names and (accept or "*/*").strip() in ("", "*/*"):
        return Representation(HTML, HTML.content_type())
    return choose(names, accept, formats)


def plain(fmt: Format) -> Representation:
    """A format under its own media type."""
    return Representation(fmt, fmt.content_type())


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the resource ``iri`` and its representations are, below the server's own address.

    ``taken`` are extensions that lead to other resources.
    """

    iri: str
    view: View
    taken: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The resource's address below the server's own."""
        return resource_path(self.iri, self.view.site.dataset.base)

    def of(self, chosen: Representation, language: str | None = None) -> str:
        """The path of one representation, which needs no negotiation."""
        fmt = chosen.format
        extension = "json" if chosen.content_type == "application/json" else fmt.extension
        locale = f"{PARAMETER}={language}" if language else ""
        if "?" in self.path or self.path.endswith("/") or extension in self.taken:
            named = "&".join(filter(None, (f"format={fmt.name}", locale)))
            return f"{self.path}{'&' if '?' in self.path else '?'}{named}"
        return f"{self.path}.{extension}" + (f"?{locale}" if locale else "")

    def absolute(self, path: str) -> str:
        """A path of this server as a whole address."""
        return self.view.base + path

    def links(self, cited: bool) -> Iterator[tuple[str, str, str]]:
        """Address, relation and media type of each link, the canonical one first."""
        yield self.absolute(self.path), "canonical", ""
        yield quote(self.iri, safe=_IN_URI), "describes", ""
        yield self.absolute(self.of(plain(TURTLE))), "describedby", TURTLE.media_type
        for fmt in FORMATS if cited else (*GRAPH_FORMATS, HTML):
            yield self.absolute(self.of(plain(fmt))), "alternate", fmt.media_type


@dataclass(frozen=True, slots=True)
class Variant:
    """One representation of one resource on one generation; ``shown`` are the parameters of the page."""

    addresses: Addresses
    chosen: Representation
    generation: Generation
    cited: bool
    shown: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        """The entity tag; weak, because the order of statements may differ (RFC 9110 section 8.8.1)."""
        view = self.addresses.view
        made: tuple[str, ...] = (
            *(view.site.reading, self.addresses.iri, self.chosen.content_type, view.base),
            *(str(self.generation.number), str(self.generation.created.timestamp())),
        )
        if self.chosen.format is HTML:
            made += (view.language, str(view.chosen), *(f"{name}={value}" for name, value in self.shown))
        return f'W/"{blake2b(chr(0).join(made).encode(), digest_size=12).hexdigest()}"'

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer with this representation has, 304 included."""
        page = self.chosen.format is HTML
        location = self.addresses.of(self.chosen, self.addresses.view.language if page else None)
        found = [
            ("etag", self.tag),
            ("last-modified", format_datetime(self._modified, usegmt=True)),
            ("cache-control", "no-cache"),
            ("vary", VARY.decode()),
            ("content-location", self.addresses.view.root + location),
            ("link", _link_header(self.addresses.links(self.cited))),
        ]
        if page:
            found.append(("content-language", self.addresses.view.language))
        return [(name.encode(), value.encode("latin-1")) for name, value in found]

    @property
    def _modified(self) -> datetime:
        # HTTP dates have whole seconds.
        return self.generation.created.astimezone(UTC).replace(microsecond=0)

    def known(self, scope: Scope) -> bool:
        """Whether the client has this representation (RFC 9110 section 13.2.2)."""
        sent = Headers(scope=scope)
        tags = sent.getlist("if-none-match")
        if tags:
            opaque = self.tag.removeprefix("W/")
            return any(given.strip().removeprefix("W/") == opaque for given in ",".join(tags).split(","))
        try:
            since = parsedate_to_datetime(sent.get("if-modified-since", ""))
        except (ValueError, OverflowError):
            return False
        return since.tzinfo is not None and self._modified <= since

    async def not_modified(self, send: Send) -> None:
        """Answer 304."""
        await send({"type": "http.response.start", "status": 304, "headers": self.headers()})
        await send({"type": "http.response.body", "body": b""})

    def dressed(self, send: Send) -> Send:
        """``send``, that puts these headers in place of those of an answer of the engine."""
        own = self.headers()
        names = {name for name, _ in own}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", ()) if pair[0] not in names]
                message["headers"] = [*kept, *own]
            await send(message)

        return sending


def _link_header(links: Iterator[tuple[str, str, str]]) -> str:
    written = [
        f'<{url}>; rel="{relation}"' + (f'; type="{media_type}"' if media_type else "")
        for url, relation, media_type in links
    ]
    whole = ", ".join(written)
    return whole if len(whole) <= _LINKS else written[0]


def parameters_shown(pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The parameters that decide what a page shows."""
    return tuple(sorted(pair for pair in pairs if pair[0] in names))
