"""``/api/docs``: the API to try out, with Swagger UI from our own files on the OpenAPI document.

Without scripts or without the files from npm it is a plain list of the operations. Nothing on it comes
from, or goes to, another host; Swagger UI needs no more than the policy of all pages allows.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Receive, Scope, Send

from endpoint.catalog import SavedQuery
from endpoint.web.api.openapi.document import PATH as DOCUMENT
from endpoint.web.api.openapi.document import describes_service, general
from endpoint.web.api.openapi.operations import GENERAL, address_of
from endpoint.web.api.targets import ROOT
from endpoint.web.http.html import render
from endpoint.web.http.language import PARAMETER
from endpoint.web.http.making import allows
from endpoint.web.http.responses import send_body
from endpoint.web.http.static_files import asset, has_asset
from endpoint.web.http.view import View, view_of

PATH: Final = f"{ROOT}/docs"
# What comes from npm.
_FILES: Final = ("vendor/swagger-ui-bundle.js", "vendor/swagger-ui.css")
_STYLES: Final = ("vendor/swagger-ui.css", "swagger.css")


class SwaggerPage:
    """The page as an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        view = view_of(scope)
        there = all(has_asset(name) for name in _FILES)
        body = render(
            "swagger.html",
            view,
            document=view.url(DOCUMENT),
            groups=_groups(view),
            general=general(view),
            address_of=address_of,
            configuration=_configuration(view) if there else None,
        )
        headers = [(b"link", describes_service(view.base)), (b"content-language", view.language.encode())]
        await send_body(send, body, "text/html; charset=utf-8", headers)


def _configuration(view: View) -> dict[str, object]:
    """What the page's script has to know."""
    # The language of the page counts, whatever the browser says when it asks for the document.
    named = [] if view.chosen else [(PARAMETER, view.language)]
    return {"url": view.address(DOCUMENT, named), "styles": [asset(view, name) for name in _STYLES]}


def _groups(view: View) -> list[tuple[str, list[SavedQuery]]]:
    """The saved queries by tag, in the order of the document."""
    groups: dict[str, list[SavedQuery]] = {}
    for query in view.site.catalog.queries.values():
        for tag in query.tags or (GENERAL,):
            groups.setdefault(tag, []).append(query)
    return list(groups.items())
