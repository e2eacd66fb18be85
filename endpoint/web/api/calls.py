"""One call of a saved query: what the client sent, read and bound, and what goes around its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode

from starlette.types import Scope

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import RESERVED
from endpoint.engine import Engine, Limits, Result
from endpoint.errors import (
    BadParameter,
    EvaluationFailed,
    MalformedQuery,
    NotAcceptable,
    did_you_mean,
    nearest,
    shown,
)
from endpoint.formats import (
    EXCEL_CSV,
    FLAT_JSON,
    HTML,
    JSON_LD,
    XLSX,
    Facts,
    Format,
    Page,
    QueryForm,
    Representation,
    by_extension,
    saved_formats,
)
from endpoint.sparql.operation import Operation
from endpoint.storage.generations import Generation
from endpoint.web.api import paging
from endpoint.web.api.deprecation import deprecation_headers
from endpoint.web.api.paging import Paging
from endpoint.web.api.query_page import CallPage, read_page
from endpoint.web.api.targets import ROOT, Target
from endpoint.web.http.request import Pairs, allowed_timeout, read_download, read_formats, read_timeout
from endpoint.web.http.responses import Wrapping, as_file, choose
from endpoint.web.http.site import Site, accept_of
from endpoint.web.http.view import view_of

# The share of the deadline that counting all rows may take.
_COUNTING: Final = 0.7
# Seconds that a page for people takes at most to tell how many rows there are.
_GLANCE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is ready to be evaluated by ``engine``.

    ``pairs`` are the parameters as received, ``address`` the URL without them; ``wrapping`` is around the
    answer whatever its rows are. ``page`` is the page for people, with a chart where ``chart`` says so.
    """

    query: SavedQuery
    engine: Engine
    pairs: Pairs
    address: str
    representation: Representation
    operation: Operation
    limits: Limits
    paging: Paging | None
    wrapping: Wrapping = field(default_factory=Wrapping)
    page: CallPage | None = None
    chart: bool = False

    def open(self, result: Result) -> Wrapping:
        """What is around an answer that has begun: links, headers, the envelope of flat JSON.

        Raises :class:`~endpoint.errors.GenerationGone`.
        """
        if self.paging is not None and result.facts is not None:
            paging.check_sequence(result.facts, self.paging, self.engine.generation)
        return self._around(result.generation, result.facts)

    def _around(self, generation: Generation, facts: Facts | None) -> Wrapping:
        links: dict[str, str] = {}
        members: dict[str, object] = {"generation": generation.number}
        headers = self.wrapping.headers
        if self.paging is not None and facts is not None:
            cursor = paging.cursor_of(self.paging, facts, generation, self.operation.volatile)
            links = paging.page_links(self.address, self.pairs, self.paging, facts, generation, cursor)
            members |= {"page": self.paging.number, "pageSize": self.paging.size}
            members |= {"total": facts.total, "after": cursor}
            headers += paging.link_headers(links)
            if facts.total is not None:
                headers += ((b"x-total-count", str(facts.total).encode()),)
        head, tail = self.wrapping.head, self.wrapping.tail
        if self.representation.envelope:
            members["links"] = {"self": _url(self.address, self.pairs), **links}
            head = json.dumps(members, ensure_ascii=False).removesuffix("}").encode() + b", "
        elif self.page is not None:
            head, tail = self.page.around(self.paging, facts, links, self.chart)
        return Wrapping(head, tail, self.wrapping.filename, headers, self.wrapping.cache)


def read_call(site: Site, scope: Scope, target: Target, pairs: Pairs, batch: bool = False) -> Call:
    """Read and bind one call. Raises BadParameter, NotAcceptable and GenerationGone.

    ``pairs`` are the parameters besides those that the path of the target gives; its extension wins over
    ``format=`` and Accept. In a batch every answer is flat JSON, and one page of it.
    """
    query = target.query
    chosen = Representation.of(FLAT_JSON)
    if not batch:
        chosen = _choose(query, target.extension, pairs, scope)
    page = _read_page(query, pairs, batch or chosen.format is HTML)
    generation = page.generation if page else paging.read_generation(pairs)
    paging.check_generation(generation, site.engine)
    limits = Limits(allowed_timeout(read_timeout(pairs), site.settings))
    operation = query.operation(own_pairs(target, pairs), site.dataset.base)
    shown = read_page(scope, target, pairs, formats_of(query)) if chosen.format is HTML else None
    return Call(
        query=query,
        engine=site.engine,
        pairs=pairs,
        address=f"{site.url(scope)}{ROOT}/{target.path}",
        representation=_shaped(scope, query, page, pairs, chosen, limits),
        operation=operation.on(generation),
        limits=limits,
        paging=page,
        wrapping=_wrapping(scope, query, pairs, chosen, shown),
        page=shown,
    )


def _shaped(
    scope: Scope,
    query: SavedQuery,
    asked: Paging | None,
    pairs: Pairs,
    chosen: Representation,
    limits: Limits,
) -> Representation:
    """The representation chosen, with what the query and the request add to it."""
    fmt, page = chosen.format, None
    if asked is not None:
        glance = min(_GLANCE, limits.timeout * _COUNTING) if fmt is HTML else 0.0
        count = limits.timeout * _COUNTING if asked.count else glance
        page = Page(asked.size, asked.offset, asked.mark, count)
    return replace(
        chosen,
        page=page,
        language_tags=_read_flag(pairs, "languageTags"),
        envelope=fmt is FLAT_JSON,
        frame=query.options.frame if fmt is JSON_LD else None,
        prototype=query.options.transform if fmt is FLAT_JSON else None,
        links=view_of(scope).links if fmt is HTML else None,
    )


def is_for_people(scope: Scope, target: Target, pairs: Pairs) -> bool:
    """Whether a call is to be answered with a page. Raises NotAcceptable."""
    return _choose(target.query, target.extension, pairs, scope).format is HTML


def own_pairs(target: Target, pairs: Pairs) -> Pairs:
    """The parameters of the query itself, those of the path first.

    Raises :class:`BadParameter` for one that nobody knows.
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


def not_valid(query: SavedQuery, error: MalformedQuery) -> EvaluationFailed:
    """The failure of a query that does not parse: the values fit, so it is the publisher's text."""
    return EvaluationFailed(f"The saved query {query.name} is not valid SPARQL. {error}")


def formats_of(query: SavedQuery) -> tuple[Format, ...]:
    """The formats that a saved query is answered in, its first choice first."""
    options = query.options
    own = [fmt for fmt in saved_formats(query.form) if not options.formats or fmt in options.formats]
    if options.format in own:
        own.remove(options.format)
        own.insert(0, options.format)
    return tuple(own)


def _choose(query: SavedQuery, extension: str, pairs: Pairs, scope: Scope) -> Representation:
    formats = formats_of(query)
    if HTML not in formats:
        # Whatever a file offers to programs, people get their page.
        formats = (*formats, HTML)
    if not extension:
        names, accept = read_formats(pairs), accept_of(scope)
        default = query.options.format
        if default in formats and not names and (accept or "*/*").strip() in ("", "*/*"):
            return Representation.of(default)
        return choose(names, accept, formats)
    found = by_extension(extension, formats)
    if found is None:
        offers = ", ".join(dict.fromkeys(f".{fmt.extension}" for fmt in formats))
        raise NotAcceptable(
            f"There is no .{extension[:20]} of {query.name}. Offered are: {offers}.",
            [fmt.media_type for fmt in formats],
        )
    return Representation.of(found)


def _read_page(query: SavedQuery, pairs: Pairs, paged: bool) -> Paging | None:
    default = query.options.page_size or (paging.PAGE_SIZE if paged else None)
    if query.form is QueryForm.SELECT:
        return paging.read_paging(pairs, default and min(default, paging.LARGEST_PAGE))
    for name, _ in pairs:
        if name in paging.PARAMETERS and name != "generation":
            kind = "a boolean" if query.form is QueryForm.ASK else "a graph"
            told = f"{query.name} answers {kind}, which has no rows to page. Leave {name} out."
            raise BadParameter(name, told, rule="unpaged")
    return None


def _read_flag(pairs: Pairs, name: str) -> bool:
    values = [value.strip().lower() for given, value in pairs if given == name]
    if any(value not in ("", "0", "1", "true", "false") for value in values) or len(values) > 1:
        raise BadParameter(name, f'The parameter "{name}" is true or false, and given once.', rule="type")
    return values in (["1"], ["true"])


def _wrapping(
    scope: Scope, query: SavedQuery, pairs: Pairs, chosen: Representation, page: CallPage | None
) -> Wrapping:
    wrapping = Wrapping()
    if page is not None:
        wrapping = Wrapping(page.head, page.tail)
    elif read_download(pairs) or chosen.format in (XLSX, EXCEL_CSV):
        wrapping = as_file(query.name, chosen)
    cache = query.options.cache
    if cache:
        wrapping = replace(wrapping, cache=f"public, max-age={cache}".encode())
    if query.options.deprecated:
        wrapping = replace(wrapping, headers=deprecation_headers(view_of(scope).base, query))
    return wrapping


def _url(address: str, pairs: Pairs) -> str:
    return f"{address}?{urlencode(pairs)}" if pairs else address
