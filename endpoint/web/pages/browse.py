"""Pages to browse by the values of one facet."""

from __future__ import annotations

import json
from typing import Final

from starlette.types import Receive, Scope, Send

from endpoint.errors import NotFound, did_you_mean, shown
from endpoint.search import Request
from endpoint.storage.generations import Generation
from endpoint.web.http.html import render
from endpoint.web.http.making import allows
from endpoint.web.http.responses import Headers
from endpoint.web.http.view import view_of
from endpoint.web.pages.asking import respond_search
from endpoint.web.pages.facets import Value, grouped, is_years, label_of, name_of, with_names
from endpoint.web.store import OwnQueries

# Values on a page, at most.
_BROWSED: Final = 20_000


class Browse:
    """``/browse/{facet}`` as an ASGI application: every value of one facet, with its number of records."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        name = scope["path_params"]["facet"]
        search = self._site.search
        facets = () if search is None else (await with_names(self._own_queries, search)).facets
        facet = next((row for row in facets if row.name == name), None)
        if facet is None:
            names = [row.name for row in facets]
            raise NotFound(f"There is nothing to browse by {shown(name)!r}{did_you_mean(name, names)}")
        view = view_of(scope)

        def finish(answer: bytes, _: Generation) -> tuple[bytes, Headers]:
            counted = json.loads(answer)["facets"][facet.name]
            values = [
                Value(name_of(view, facet, value), count, view.address("/", [(facet.name, value)]))
                for value, count in counted
            ]
            groups = grouped(values, is_years(counted), view.language == "ko")
            page = render(
                "browse.html", view, facet=facet, label=label_of(view, facet), groups=groups, facets=facets
            )
            return page, [(b"content-language", view.language.encode())]

        request = Request("", limit=0, facets=_BROWSED, snippets=False)
        await respond_search(scope, receive, send, self._site, request, finish, view, facets)
