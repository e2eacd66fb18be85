"""One call of a saved query: negotiated, bound, evaluated.

:func:`negotiate_call` chooses the representation, :func:`bind_call` binds the values, and
:func:`evaluate_call` returns the answer; a request passes each of them once.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Final
from urllib.parse import quote, urlencode

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import RESERVED
from endpoint.engine import Engine, Limits, Result
from endpoint.errors import BadParameter, EvaluationFailed, MalformedQuery, NotAcceptable
from endpoint.formats import (
    EXCEL_CSV,
    FLAT_JSON,
    HTML,
    JSON_LD,
    XLSX,
    Format,
    Page,
    QueryForm,
    Representation,
    by_extension,
    negotiate,
    saved_formats,
)
from endpoint.sparql.operation import Operation
from endpoint.sparql.parameters import Bound
from endpoint.web import Site
from endpoint.web.api import paging
from endpoint.web.api.paging import Paging, Place
from endpoint.web.api.targets import ROOT, Target
from endpoint.web.http.answer import NO_CACHE, Answer, Around, Headers, evaluate
from endpoint.web.http.request import (
    Pairs,
    Request,
    allowed_limits,
    choose,
    read_download,
    read_flag,
    read_formats,
    read_timeout,
)
from endpoint.web.http.view import fits
from endpoint.wording import did_you_mean, nearest, shown

# The source of a saved query (SPARQL 1.1 Query Language, section 22.1), for a client that names it.
SOURCE: Final = Format(
    "sparql-query", "application/sparql-query", (), (), "rq", True, None, by_wildcard=False
)
# The chart of the rows, where they are a series.
CHART: Final = Format("svg", "image/svg+xml", (), (), "svg", True, None, by_wildcard=False)

# The share of the deadline that counting all rows may take.
_COUNTING: Final = 0.7
# Seconds that a page for people spends on counting its rows, at most.
_GLANCE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is ready to be evaluated by ``engine``.

    ``pairs`` are the parameters as received, ``base`` is the server's own URL; ``bound`` is the text with
    the values bound. ``paging`` is the page of its rows, None for all of them.
    """

    target: Target
    pairs: Pairs
    base: str
    engine: Engine
    bound: Bound
    operation: Operation
    representation: Representation
    limits: Limits
    paging: Paging | None

    @property
    def query(self) -> SavedQuery:
        """The saved query that is called."""
        return self.target.query

    @property
    def address(self) -> str:
        """The URL of the call without parameters."""
        return f"{self.base}{ROOT}/{self.target.path}"

    @property
    def cache(self) -> str:
        """The Cache-Control of its answers."""
        seconds = self.query.options.cache
        return f"public, max-age={seconds}" if seconds else NO_CACHE

    def place(self, result: Result) -> Place | None:
        """Return the place of the page of a result that has begun, None for all rows.

        Raises :class:`~endpoint.errors.GenerationGone` where other rows precede it than the client has seen.
        """
        if self.paging is None or result.facts is None:
            return None
        paging.check_sequence(result.facts, self.paging, self.engine.generation)
        return paging.place(
            self.address, self.pairs, self.paging, result.facts, result.generation, self.operation.volatile
        )

    def headers(self, place: Place | None) -> Headers:
        """Return the headers about the query and the page."""
        headers = deprecation_headers(self.base, self.query) if self.query.options.deprecated else ()
        return headers if place is None else (*headers, *place.headers)

    def envelope(self, result: Result, place: Place | None) -> bytes:
        """Return the members of flat JSON that precede its rows."""
        members: dict[str, object] = {"generation": result.generation.number}
        if place is not None and self.paging is not None:
            members |= {"page": self.paging.number, "pageSize": self.paging.size}
            members |= {"total": place.facts.total, "after": place.cursor}
        links = {} if place is None else place.links
        if fits(self.pairs):
            links = {
                "self": f"{self.address}?{urlencode(self.pairs)}" if self.pairs else self.address,
                **links,
            }
        members["links"] = links
        return json.dumps(members, ensure_ascii=False).removesuffix("}").encode() + b", "

    async def around(self, result: Result) -> Around:
        """Return what is around the rows for programs. Raises :class:`~endpoint.errors.GenerationGone`."""
        place, filename = self.place(result), ""
        if read_download(self.pairs) or self.representation.format in (XLSX, EXCEL_CSV):
            filename = f"{self.query.name}.{self.representation.format.extension}"
        head = self.envelope(result, place) if self.representation.envelope else b""
        return Around(head, b"", filename, self.headers(place), lasting=True)


async def evaluate_call(
    request: Request, call: Call, around: Callable[[Result], Awaitable[Around]], variant: str = ""
) -> Answer:
    """Evaluate a call, and return its answer with what is ``around`` its rows.

    Raises EvaluationFailed where the query is not valid: the values fit, so it is the publisher's text.
    """
    try:
        return await evaluate(
            *(request, call.operation, call.representation, call.limits, around, variant, call.cache)
        )
    except MalformedQuery as error:
        raise not_valid(call.query, error) from None


async def read_json_rows(call: Call, limits: Limits, most: int | None = None) -> bytes:
    """Evaluate a call and return its flat JSON, envelope and rows.

    Raises designed errors, EvaluationFailed too for an answer of more than ``most`` bytes.
    """
    try:
        result = await call.engine.query(call.operation, call.representation, limits)
    except MalformedQuery as error:
        raise not_valid(call.query, error) from None
    async with aclosing(result):
        answer = bytearray(call.envelope(result, call.place(result)))
        async for piece in result:
            answer += piece
            if most is not None and len(answer) > most:
                raise EvaluationFailed(
                    f"The answer of {call.query.name} is longer than {most:,} bytes. Ask for fewer rows."
                )
    return bytes(answer)


def not_valid(query: SavedQuery, error: MalformedQuery) -> EvaluationFailed:
    """Return the failure of a query that does not parse."""
    return EvaluationFailed(f"The saved query {query.name} is not valid SPARQL. {error}")


def formats_of(query: SavedQuery) -> tuple[Format, ...]:
    """Return the formats that a saved query is answered in, its first choice first."""
    options = query.options
    own = [fmt for fmt in saved_formats(query.form) if not options.formats or fmt in options.formats]
    if options.format in own:
        own.remove(options.format)
        own.insert(0, options.format)
    return tuple(own)


def negotiate_call(request: Request, target: Target, pairs: Pairs) -> Representation:
    """Choose the representation: the rows in a format, their page, their chart, or the source of the query.

    The extension of the address wins over ``format=``, and this over Accept. Raises NotAcceptable.
    """
    query, accept, names = target.query, request.accept, read_formats(pairs)
    own = formats_of(query)
    # People get a page, whatever formats a file offers to programs.
    formats = own if HTML in own else (*own, HTML)
    if (target.extension.lower() or next(iter(names), "")) == CHART.name:
        return Representation.of(CHART)
    if target.extension:
        return Representation.of(_by_extension(query, target.extension, formats))
    if not names and (accept or "*/*").strip() in ("", "*/*") and query.options.format in formats:
        return Representation.of(query.options.format)
    if not names and request.method != "POST" and SOURCE.media_type in (accept or "").lower():
        chosen = negotiate(accept, (*own, SOURCE))
        if chosen is not None and chosen.format is SOURCE:
            return chosen
    return choose(names, accept, formats)


def _by_extension(query: SavedQuery, extension: str, formats: tuple[Format, ...]) -> Format:
    fmt = by_extension(extension, formats)
    if fmt is None:
        offers = ", ".join(dict.fromkeys(f".{fmt.extension}" for fmt in formats))
        raise NotAcceptable(
            f"There is no .{extension[:20]} of {query.name}. Offered are: {offers}.",
            [fmt.media_type for fmt in formats],
        )
    return fmt


def bind_call(
    site: Site,
    base: str,
    target: Target,
    pairs: Pairs,
    representation: Representation,
    paged: bool = False,
    began: float | None = None,
) -> Call:
    """Bind the values of a call. Raises BadParameter and GenerationGone.

    ``base`` is the server's own URL, and ``pairs`` are the parameters besides those that the path of the
    target gives. The answer is one page where the request or the query demands it, or with ``paged``.
    The deadline runs from when the request ``began``, else from when the engine is asked.
    """
    query = target.query
    page = _paging(query, pairs, paged)
    generation = page.generation if page else paging.read_generation(pairs)
    paging.check_generation(generation, site.engine)
    limits = allowed_limits(read_timeout(pairs), site.settings, began)
    bound = query.bind(own_pairs(target, pairs))
    return Call(
        target=target,
        pairs=pairs,
        base=base,
        engine=site.engine,
        bound=bound,
        operation=query.operation(bound, site.dataset.base).on(generation),
        representation=_shaped(query, page, pairs, representation, limits),
        limits=limits,
        paging=page,
    )


def _paging(query: SavedQuery, pairs: Pairs, paged: bool) -> Paging | None:
    default = query.options.page_size or (paging.PAGE_SIZE if paged else None)
    if query.form is QueryForm.SELECT:
        return paging.read_paging(pairs, default and min(default, paging.LARGEST_PAGE))
    for name, _ in pairs:
        if name in paging.PARAMETERS and name != "generation":
            kind = "a boolean" if query.form is QueryForm.ASK else "a graph"
            sentence = f"{query.name} answers {kind}, which has no rows to page. Leave {name} out."
            raise BadParameter(name, sentence, rule="unpaged")
    return None


def _shaped(
    query: SavedQuery, wanted: Paging | None, pairs: Pairs, representation: Representation, limits: Limits
) -> Representation:
    """Return the representation with the shape that the query and the request give it."""
    fmt, page = representation.format, None
    if wanted is not None:
        glance = min(_GLANCE, limits.timeout * _COUNTING) if fmt is HTML else 0.0
        count = limits.timeout * _COUNTING if wanted.count else glance
        page = Page(wanted.size, wanted.offset, wanted.mark, count)
    return replace(
        representation,
        page=page,
        language_tags=read_flag(pairs, "languageTags"),
        envelope=fmt is FLAT_JSON,
        frame=query.options.frame if fmt is JSON_LD else None,
        prototype=query.options.transform if fmt is FLAT_JSON else None,
    )


def own_pairs(target: Target, pairs: Pairs) -> Pairs:
    """Return the parameters of the query itself, those of the path first.

    Raises :class:`BadParameter` for an unknown one.
    """
    query = target.query
    names = [parameter.name for parameter in query.parameters]
    for name, _ in pairs:
        if name not in RESERVED and name not in names:
            known = [*names, *sorted(RESERVED)]
            takes = f"It takes {', '.join(names)}." if names else "It takes no parameters of its own."
            raise BadParameter(
                shown(name),
                f'{query.name} has no parameter "{shown(name)}"{did_you_mean(name, known)} {takes}',
                rule="unknown",
                suggestion=nearest(name, known),
            )
    return [*target.given, *(pair for pair in pairs if pair[0] not in RESERVED)]


def deprecation_headers(base: str, query: SavedQuery) -> Headers:
    """Return the headers of a deprecated query: Deprecation (RFC 9745), Sunset (RFC 8594), and links.

    ``base`` is the server's own URL. Where its file gives no date, the query is deprecated since the last
    change of the file.
    """
    options = query.options
    since = query.source.modified if options.since is None else _midnight(options.since).timestamp()
    headers = [(b"deprecation", f"@{since:.0f}".encode())]
    if options.sunset is not None:
        headers.append((b"sunset", format_datetime(_midnight(options.sunset), usegmt=True).encode()))
    if options.deprecation_link is not None:
        headers.append((b"link", f'<{options.deprecation_link}>; rel="deprecation"'.encode()))
    if options.successor is not None:
        url = f"{base}{ROOT}/{quote(options.successor, safe='')}"
        headers.append((b"link", f'<{url}>; rel="successor-version"'.encode()))
    return tuple(headers)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
