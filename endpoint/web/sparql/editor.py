"""The query page: YASGUI on one of our endpoints, and a plain form where scripts or its files are missing.

Nothing on it comes from, or goes to, another host. YASGUI sets style attributes, so this page's policy
allows those; it runs no script but the site's own files.
"""

from __future__ import annotations

from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.web.http.answer import Answer, Whole, page
from endpoint.web.http.html import render
from endpoint.web.http.request import Request
from endpoint.web.http.security import POLICY, POLICY_HEADER
from endpoint.web.http.static_files import asset, has_asset
from endpoint.web.http.view import View
from endpoint.web.machine.statistics import begin_counting
from endpoint.web.own_queries import OwnQueries

_POLICY: Final = POLICY.replace(b"style-src 'self'", b"style-src 'self' 'unsafe-inline'")

# The files of the editor; without the first two there is only the plain form.
_EDITOR: Final = ("vendor/yasgui.min.js", "vendor/yasgui.min.css")
# The files for charts and maps, loaded when the first one is drawn.
_CHARTS: Final = ("vendor/d3.min.js", "vendor/plot.umd.min.js", "vendor/topojson-client.min.js")
_LAND: Final = "vendor/land-110m.json"

# Runs on any dataset, and shows its classes.
EXAMPLE: Final = (
    "SELECT ?class (COUNT(?thing) AS ?count)\nWHERE {\n  ?thing a ?class .\n}\n"
    "GROUP BY ?class\nORDER BY DESC(?count)\n"
)


class QueryPage:
    """``/query``: the editor on the endpoint of the whole dataset."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._own_queries = own_queries

    async def answer(self, request: Request) -> Answer:
        """Answer with the page."""
        # A reader who opens the page will soon need completion, which uses these numbers.
        begin_counting(self._own_queries)
        return await editor_page(request, "/sparql")


async def editor_page(request: Request, endpoint: str) -> Whole:
    """Return the page for the endpoint at the path ``endpoint``."""
    view = request.view
    there = all(has_asset(name) for name in (*_EDITOR, *_CHARTS, _LAND))
    body = await render(
        "editor.html",
        view,
        action=view.url(endpoint),
        endpoint=view.base + endpoint,
        example=EXAMPLE,
        groups=_groups(view),
        configuration=_configuration(view, endpoint) if there else None,
    )
    return page(body, headers=((POLICY_HEADER, _POLICY),))


def _configuration(view: View, endpoint: str) -> dict[str, object]:
    """Return the configuration of the page's script; addresses are absolute, as YASGUI needs them."""
    site = view.site
    datasets = [graph for graph in site.dataset.graphs if graph.name]
    return {
        "endpoint": view.base + endpoint,
        "endpoints": [
            {"endpoint": f"{view.base}/sparql", "title": view.text(site.dataset.title)},
            *(
                {"endpoint": f"{view.base}/{graph.name}/sparql", "title": view.text(graph.title)}
                for graph in datasets
            ),
        ],
        "example": EXAMPLE,
        "language": view.language,
        "prefixes": dict(site.dataset.prefixes),
        "prefixesUrl": f"{view.base}/-/prefixes.json",
        "completion": f"{view.base}/-/completion/",
        "charts": [asset(view, name) for name in _CHARTS],
        "land": asset(view, _LAND),
        "texts": _texts(view),
    }


def _texts(view: View) -> dict[str, str]:
    """Return the texts of the page's script, in the reader's language."""
    return {
        "chart": view.gettext("Chart"),
        "map": view.gettext("Map"),
        "waited": view.gettext("waited"),
        "planned": view.gettext("planned"),
        "evaluated": view.gettext("evaluated and written"),
        "received": view.gettext("received"),
        "failed": view.gettext("The query failed after"),
        "stopped": view.gettext("Stopped; the server has ended the query."),
        "running": view.gettext("Running …"),
        "first": view.gettext("Only the first rows are drawn:"),
        "unavailable": view.gettext("This cannot be loaded now."),
    }


def _groups(view: View) -> list[tuple[str, list[SavedQuery]]]:
    """Return the saved queries by their first tag, those without one last."""
    groups: dict[str, list[SavedQuery]] = {}
    for query in view.site.catalog.queries.values():
        if not query.options.deprecated:
            groups.setdefault(query.tags[0] if query.tags else "", []).append(query)
    return sorted(groups.items(), key=lambda row: (row[0] == "", row[0]))
