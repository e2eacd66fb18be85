"""An HTTP request for handlers, and the parameters that many of them take."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from endpoint.engine import Limits
from endpoint.errors import (
    BadParameter,
    EndpointError,
    MalformedRequest,
    NotAcceptable,
    PayloadTooLarge,
    RequestTimeout,
)
from endpoint.formats import Format, Representation, by_name, negotiate
from endpoint.settings import Settings
from endpoint.telemetry import Exchange
from endpoint.tokens import Token
from endpoint.web import Site
from endpoint.web.http.access import read_token
from endpoint.web.http.delayed import Delayed
from endpoint.web.http.fields import Fields
from endpoint.web.http.view import View, view_of

# A form may repeat graph names, but no sensible request has more pairs than this.
MOST_PAIRS: Final = 2000
# Seconds; a shorter deadline would only cost kills and forks of workers.
_LEAST_TIMEOUT: Final = 0.1
# Bytes of a body over the limit that are read and discarded, so that its sender reads the refusal.
_DRAINED: Final = 32
# Characters of a refused URL that its page repeats in links.
_LEGIBLE: Final = 8_000
_LONE_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_KEY: Final = "endpoint.request"

Pairs = list[tuple[str, str]]


class Request:
    """One HTTP request, made by the boundary; every part of it is parsed once.

    ``query`` is the text of a SPARQL query once it is known, for the page about a failure of it.
    ``delayed`` calls are those of all requests of the application.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        site: Site,
        exchange: Exchange,
        delayed: Delayed,
    ) -> None:
        self.scope = scope
        self.site = site
        # Those when the request began: what it is answered with may be of these.
        self.settings, self.catalog = site.settings, site.catalog
        self.exchange = exchange
        self.delayed = delayed
        self.method: str = scope["method"]
        self.headers = Fields(scope=scope)
        self.query: str | None = None
        self._receive = receive
        # By the monotonic clock: the deadline of its query runs from here on.
        self.began = time.monotonic()
        self._unread = self.method not in ("GET", "HEAD", "OPTIONS")
        scope[_KEY] = self

    @classmethod
    def of(cls, scope: Scope) -> Request:
        """Return the request with this scope."""
        request = scope[_KEY]
        if not isinstance(request, cls):
            raise TypeError("the request did not pass the boundary")
        return request

    def detach(self) -> None:
        """Let go of the scope's own reference, so that the answer is freed without the garbage collector."""
        self.scope.pop(_KEY, None)

    @property
    def path(self) -> str:
        """The decoded path."""
        path: str = self.scope["path"]
        return path

    def path_parameter(self, name: str) -> str:
        """Return a part of the path that the route names."""
        value: str = self.scope["path_params"][name]
        return value

    @property
    def base(self) -> str:
        """The server's own URL as this client reaches it. Raises MalformedRequest."""
        return self.site.url(self.scope)

    @cached_property
    def view(self) -> View:
        """The view of the site for this request. Raises MalformedRequest."""
        return view_of(self.scope, self.site, self._legible_pairs())

    @property
    def accept(self) -> str | None:
        """The Accept header, several joined to one (RFC 9110 section 5.3); None where there is none."""
        return ", ".join(self.headers.getlist("accept")) or None

    @property
    def accept_encoding(self) -> str:
        """The Accept-Encoding header, several joined to one; empty where there is none."""
        return ", ".join(self.headers.getlist("accept-encoding"))

    @property
    def wants_anew(self) -> bool:
        """Return whether the client wants no answer that is kept (RFC 9111 section 5.2.1.4)."""
        sent = self.headers.get("cache-control")
        return sent is not None and any(part.strip().lower() == "no-cache" for part in sent.split(","))

    @cached_property
    def pairs(self) -> Pairs:
        """The parameters in the URL. Raises BadParameter and MalformedRequest."""
        return decode_pairs(self.scope["query_string"])

    def _legible_pairs(self) -> Pairs:
        """Return the parameters, also of a URL that is refused, for the page about the refusal."""
        try:
            return self.pairs
        except EndpointError:
            text = self.scope["query_string"].decode("utf-8", "replace")
            return parse_qsl(text[:_LEGIBLE], keep_blank_values=True, errors="replace")

    @property
    def media_type(self) -> str:
        """The media type of the body, in lower case; empty where the request has none."""
        given: str = self.headers.get("content-type", "")
        return given.partition(";")[0].strip().lower()

    @cached_property
    def token(self) -> Token | None:
        """The access token that the client sends, None without one.

        Raises Unauthorized, TooManyAttempts and MalformedRequest.
        """
        # Without tokens the header is for somebody before this server.
        sent = self.headers.authorization if self.site.tokens else None
        return read_token(sent, self.site.tokens, self.site.attempts, self.exchange.client)

    @property
    def body_pending(self) -> bool:
        """Return whether a body may follow that was not read yet."""
        return self._unread

    async def body(self, limit: int) -> bytes:
        """Read the whole body.

        Raises PayloadTooLarge above ``limit`` bytes, RequestTimeout, UnsupportedMediaType.
        """
        self.headers.refuse_coding()
        settings = self.site.settings
        body = await read_body(self._receive, limit, settings.client_timeout, settings.min_rate)
        self._unread = False
        return body

    async def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body as it comes, for one that is not held in memory. Raises as :meth:`body` does."""
        settings, size = self.site.settings, 0
        clock = asyncio.get_running_loop().time
        begun = clock()
        taken = self.scope.get("extensions", {}).get("endpoint.taken", {"taken": lambda _: None})["taken"]
        more = True
        while more:
            slowest = begun + settings.client_timeout + size / settings.min_rate
            try:
                async with asyncio.timeout(min(settings.client_timeout, max(0.0, slowest - clock()))):
                    message = await self._receive()
            except TimeoutError:
                raise _too_slow(settings.client_timeout, settings.min_rate) from None
            if message["type"] == "http.disconnect":
                raise _incomplete()
            part: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(part)
            if size > limit:
                raise _too_long(limit)
            taken(len(part))
            if part:
                yield part
        self._unread = False

    async def disconnected(self) -> None:
        """Return when the client has closed the connection; not to be awaited while a body is read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def negotiate(self, formats: tuple[Format, ...]) -> Representation:
        """Choose among ``formats`` by the parameter ``format``, else by Accept. Raises NotAcceptable."""
        return choose(read_formats(self.pairs), self.accept, formats)

    @property
    def conditional(self) -> bool:
        """Return whether the client names the representations that it has (RFC 9110 section 13.1.2)."""
        return self.method in ("GET", "HEAD") and "if-none-match" in self.headers

    def has(self, tag: str) -> bool:
        """Return whether the client has the representation with this entity tag (RFC 9110 section 13.1.2).

        "*" is ignored: it would match any answer, also the refusal of a query that does not parse, which is
        only known after evaluation (section 13.2.1).
        """
        if not self.conditional:
            return False
        sent = self.headers.getlist("if-none-match")
        opaque = tag.removeprefix("W/")
        return any(given.strip().removeprefix("W/") == opaque for given in ",".join(sent).split(","))


def choose(names: Sequence[str], accept: str | None, formats: tuple[Format, ...]) -> Representation:
    """Return the representation: the first of the ``names`` that is offered, else content negotiation.

    Raises :class:`NotAcceptable`, which lists what is offered.
    """
    types = [*dict.fromkeys(fmt.media_type for fmt in formats)]
    if names:
        named = next((fmt for name in names if (fmt := by_name(name, formats))), None)
        if named is None:
            offers = ", ".join((*fmt.short_names, fmt.name)[0] for fmt in formats)
            raise NotAcceptable(f"There is no format {names[0][:80]!r} here. Offered are: {offers}.", types)
        return Representation(named, named.content_type())
    chosen = negotiate(accept, formats)
    if chosen is None:
        raise NotAcceptable(
            f"Nothing offered fits the Accept header. Offered are: {', '.join(types)}.", types
        )
    return chosen


async def read_body(receive: Receive, limit: int, patience: float, rate: int) -> bytes:
    """Return the whole body. Raises :class:`PayloadTooLarge` above ``limit`` bytes.

    Raises :class:`RequestTimeout` when nothing comes for ``patience`` seconds, and when, that time aside, it
    comes at less than ``rate`` bytes per second.
    """
    parts: list[bytes] = []
    size = 0
    more = True
    clock = asyncio.get_running_loop().time
    slowest = clock() + patience
    try:
        async with asyncio.timeout(patience) as deadline:
            while more and size <= limit * _DRAINED:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _incomplete()
                part: bytes = message.get("body", b"")
                size += len(part)
                if size <= limit:
                    parts.append(part)
                if more := message.get("more_body", False):
                    deadline.reschedule(min(clock() + patience, slowest + size / rate))
    except TimeoutError:
        raise _too_slow(patience, rate) from None
    if size > limit:
        raise _too_long(limit)
    return b"".join(parts)


def _incomplete() -> MalformedRequest:
    return MalformedRequest("The connection closed before the body was complete.")


def _too_slow(patience: float, rate: int) -> RequestTimeout:
    return RequestTimeout(
        f"The body came too slowly: nothing for {patience:g} s, or less than {rate:,} bytes per second."
    )


def _too_long(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The request body is longer than the limit of {limit:,} bytes.", limit)


def decode_pairs(text: bytes) -> Pairs:
    """Decode ``application/x-www-form-urlencoded`` once, as UTF-8 and nothing else.

    Raises BadParameter and MalformedRequest.
    """
    if text.count(b"&") >= MOST_PAIRS:
        raise MalformedRequest(f"The request has more than {MOST_PAIRS} parameters.")
    try:
        return [
            (_unescaped(name).decode(), _unescaped(value).decode())
            for name, _, value in (pair.partition(b"=") for pair in text.split(b"&") if pair)
        ]
    except UnicodeDecodeError:
        raise _not_utf8(text) from None


def _unescaped(text: bytes) -> bytes:
    """Return the bytes that a form's text stands for, in a tenth of the time of :mod:`urllib.parse`.

    A per cent sign that begins no escape stands for itself.
    """
    text = text.replace(b"+", b" ")
    if b"%" not in text:
        return text
    # The escapes of Python's literals are decoded in C: %EA as \\xEA, a backslash as two.
    escaped = text.replace(b"\\", b"\\\\").replace(b"%", b"\\x")
    try:
        return escaped.decode("unicode_escape").encode("latin-1")
    except UnicodeDecodeError:
        return _unescaped(_LONE_PERCENT.sub(b"%25", text))


def _not_utf8(text: bytes) -> BadParameter:
    for pair in text.split(b"&"):
        name, _, value = pair.partition(b"=")
        raw = _unescaped(value)
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            shown = name.decode("ascii", "replace")
            return BadParameter(
                shown,
                f"The parameter {shown} is not UTF-8: byte {error.start + 1} of its value is "
                f"0x{raw[error.start]:02X}. Percent-encode the UTF-8 bytes of the text.",
                rule="characters",
            )
    return BadParameter("", "The name of a parameter is not UTF-8.", rule="characters")


def single(pairs: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the value of the parameter ``name``, None where it is absent. Raises BadParameter."""
    values = [value for given, value in pairs if given == name]
    if len(values) > 1:
        sentence = f"The parameter {name} is given {len(values)} times; give it once."
        raise BadParameter(name, sentence, rule="repeated")
    return values[0] if values else None


def read_formats(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return the values of ``format`` or, as existing clients send it, ``output``.

    SPARQLWrapper repeats both, with a short name and with lists of media types.
    """
    given = list(pairs)
    for name in ("format", "output"):
        values = ",".join(value for key, value in given if key == name).split(",")
        if names := tuple(value.strip() for value in values if value.strip()):
            return names
    return ()


def read_download(pairs: Iterable[tuple[str, str]]) -> bool:
    """Return whether the answer is to be saved as a file, as in the links of our own pages."""
    return any(name == "download" and value == "1" for name, value in pairs)


def read_flag(pairs: Iterable[tuple[str, str]], name: str) -> bool:
    """Return the value of a parameter that is true or false, false where absent. Raises BadParameter."""
    values = [value.strip().lower() for given, value in pairs if given == name]
    if any(value not in ("", "0", "1", "true", "false") for value in values) or len(values) > 1:
        raise BadParameter(name, f'The parameter "{name}" is true or false, and given once.', rule="type")
    return values in (["1"], ["true"])


def read_timeout(pairs: Iterable[tuple[str, str]]) -> float | None:
    """Return ``timeout`` in seconds; None where absent, empty or 0, as Virtuoso's form sends it."""
    value = (single(pairs, "timeout") or "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise BadParameter(
            "timeout", "The parameter timeout is a number of seconds, such as 5 or 0.5.", value[:80], "type"
        )
    return seconds or None


def allowed_limits(wanted: float | None, settings: Settings, began: float | None = None) -> Limits:
    """Return the limits of a client's query: the server's, but a shorter deadline where it is ``wanted``.

    The deadline runs from when the request ``began``, else from when the engine is asked.
    """
    timeout = settings.timeout if wanted is None else min(max(wanted, _LEAST_TIMEOUT), settings.timeout)
    return Limits(timeout, settings.max_rows, settings.max_result, began)
