"""How the pages ask the text index."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Receive, Scope, Send

from endpoint.engine import Limits
from endpoint.formats import HTML, Representation
from endpoint.search import Facet, Request
from endpoint.web.http import responses
from endpoint.web.http.responses import Finish
from endpoint.web.http.site import Site
from endpoint.web.http.view import View


async def respond_search(
    scope: Scope,
    receive: Receive,
    send: Send,
    site: Site,
    request: Request,
    finish: Finish,
    view: View,
    facets: Sequence[Facet],
) -> None:
    """Search, and send the page that ``finish`` makes of the answer. Raises designed errors."""
    chosen, limits = Representation.of(HTML), Limits(site.settings.timeout)
    # Names come from the data of this generation, or are missing where they came too late.
    named = sum(len(facet.names) for facet in facets)
    variant = f"{view.base} {view.address(view.path, view.pairs)} {view.language} {named}"
    await responses.respond_search(scope, receive, send, site, request, chosen, limits, finish, variant)
