"""``/api/docs``: the API to try out, with Swagger UI from our own files on the OpenAPI document.

Without scripts or without the files from npm it is a plain list of the operations. Nothing on it comes
from, or goes to, another host; Swagger UI needs no more than the policy of all pages allows.
"""

from __future__ import annotations

from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.web.api.openapi.document import PATH as DOCUMENT
from endpoint.web.api.openapi.document import description_link, general
from endpoint.web.api.openapi.operations import GENERAL, address_of
from endpoint.web.api.targets import ROOT
from endpoint.web.http.answer import Answer, page
from endpoint.web.http.html import render
from endpoint.web.http.request import Request
from endpoint.web.http.static_files import asset, has_asset
from endpoint.web.http.view import PARAMETER, View

PATH: Final = f"{ROOT}/docs"
# What comes from npm.
_FILES: Final = ("vendor/swagger-ui-bundle.js", "vendor/swagger-ui.css")
_STYLES: Final = ("vendor/swagger-ui.css", "swagger.css")


async def swagger_page(request: Request) -> Answer:
    """Answer with the page."""
    view = request.view
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
    return page(body, view.language, headers=((b"link", description_link(view.base)),))


def _configuration(view: View) -> dict[str, object]:
    """The configuration of the page's script."""
    # The language of the page counts, whatever the browser says when it loads the document.
    named = [] if view.chosen else [(PARAMETER, view.language)]
    return {"url": view.address(DOCUMENT, named), "styles": [asset(view, name) for name in _STYLES]}


def _groups(view: View) -> list[tuple[str, list[SavedQuery]]]:
    """The saved queries by tag, in the order of the document."""
    groups: dict[str, list[SavedQuery]] = {}
    for query in view.site.catalog.queries.values():
        for tag in query.tags or (GENERAL,):
            groups.setdefault(tag, []).append(query)
    return list(groups.items())
