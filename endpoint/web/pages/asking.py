"""How the pages ask the text index."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from starlette.types import Receive, Scope, Send

from endpoint.engine import Limits
from endpoint.formats import HTML, Negotiated, QueryForm
from endpoint.search import Facet, Request
from endpoint.sparql.operation import Operation
from endpoint.web.http.responses import Finish, respond_whole
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
    operation = Operation(text=json.dumps(asdict(request)), form=QueryForm.SELECT, search=True)
    chosen, limits = Negotiated(HTML, HTML.content_type()), Limits(site.settings.timeout)
    # Names come from the data of this generation, or are missing where they came too late.
    named = sum(len(facet.names) for facet in facets)
    variant = f"{view.base} {view.address(view.path, view.pairs)} {view.language} {named}".encode()
    await respond_whole(scope, receive, send, site, operation, chosen, limits, finish, variant)
