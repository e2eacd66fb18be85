"""The composition root: settings become one ASGI application. Importing this does nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp

from endpoint.catalog.reading import read_catalog
from endpoint.dataset import Dataset, default_root, read_dataset
from endpoint.engine import Engine
from endpoint.engine.cached import CachedEngine
from endpoint.engine.embedded import EmbeddedEngine
from endpoint.engine.template_process import TemplateProcess
from endpoint.errors import EndpointError
from endpoint.ingest.search_documents import read_configuration
from endpoint.settings import Settings
from endpoint.telemetry import log
from endpoint.tokens import Tokens
from endpoint.web import Site
from endpoint.web.admin.handlers import Admin
from endpoint.web.admin.state import PATH as ADMIN_PATH
from endpoint.web.api.openapi.document import OpenApi, described, swagger_page
from endpoint.web.api.saved import SavedQueries
from endpoint.web.http.boundary import Boundary
from endpoint.web.http.send import READING, Handler
from endpoint.web.http.static_files import StaticFiles
from endpoint.web.machine import api_catalog, changes, contact, feed, metrics
from endpoint.web.machine.completion import Completion, prefixes
from endpoint.web.machine.crawlers import Sitemaps, robots
from endpoint.web.machine.datasets import (
    CATALOG_PATH,
    STORE_PATH,
    VOID_PATH,
    document_triples,
)
from endpoint.web.machine.dcat import catalog_triples
from endpoint.web.machine.documents import DataDocument, live, ready, well_known_void
from endpoint.web.machine.seen import PATH as SEEN
from endpoint.web.machine.seen import seen
from endpoint.web.own_queries import OwnQueries
from endpoint.web.pages import overview
from endpoint.web.pages.catalogue import Catalogue
from endpoint.web.pages.resource.handlers import Resources
from endpoint.web.pages.search import TextSearch
from endpoint.web.sparql import SparqlEndpoint
from endpoint.web.sparql.description import Descriptions
from endpoint.web.sparql.editor import QueryPage
from endpoint.web.sparql.graph_writes import graph_store
from endpoint.web.sparql.updates import Updates


def create_site(settings: Settings) -> Site:
    """Read the dataset's description and its saved queries. Raises :class:`DataError`.

    A saved query that does not load is logged and left out.
    """
    dataset = read_dataset(settings.dataset or default_root())
    catalog = read_catalog(dataset.queries, settings.max_nesting, dataset.prefixes)
    for problem in catalog.problems:
        log.error("saved query left out: %s", problem)
    for notice in catalog.notices:
        log.warning("saved query: %s", notice)
    search = None if dataset.search is None else read_configuration(dataset.search, dataset.prefixes)
    return Site(settings, dataset, catalog, search, Tokens.of(settings))


def create_app(settings: Settings, engine: Engine | None = None) -> ASGIApp:
    """Return the whole server as an ASGI application.

    Without ``engine`` it opens the embedded engine on ``settings.data`` at start-up; a store must
    be there (see :func:`~endpoint.ingest.start.ensure_store`). Raises :class:`DataError`.
    """
    return create_application(create_site(settings), engine)


def create_application(
    site: Site, engine: Engine | None = None, process: TemplateProcess | None = None
) -> ASGIApp:
    """Return the server of a site that was read already; see :func:`create_app`.

    ``process`` is a template process that was started ahead.
    """

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        try:
            opened = engine or await open_engine(site.settings, site.dataset, process)
            running: Engine = CachedEngine(opened, site.cache)
            site.running = running
        except EndpointError as error:
            log.error("the server cannot start: %s", error)
            raise
        running.queries.listeners.append(site.instruments)
        try:
            yield
        finally:
            site.running = None
            await site.writes.aclose()
            await running.aclose()

    return Boundary(Router(routes(site), lifespan=lifespan), site)


def create_metrics_application(site: Site) -> ASGIApp:
    """Return the application that answers with the metrics of ``site`` and nothing else, to everybody."""
    document = Handler(metrics.MetricsDocument(guarded=False).answer)
    return Boundary(Router([Route(metrics.PATH, document)]), site)


async def open_engine(
    settings: Settings, dataset: Dataset, process: TemplateProcess | None = None
) -> EmbeddedEngine:
    """Open the embedded engine on the current generation. Raises :class:`StoreError`."""
    return await EmbeddedEngine.open(settings, dict(dataset.prefixes), process)


class _AnyPath(Route):
    """A route of any path, also of one with a line break in a value, which Starlette's own does not match."""

    def __init__(self, path: str, endpoint: ASGIApp) -> None:
        super().__init__(path, endpoint)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def _with_extension(path: str, handler: ASGIApp) -> list[BaseRoute]:
    """Return the route of a document, and that of its formats by their extensions."""
    return [Route(path, handler), Route(f"{path}.{{extension}}", handler)]


def _graph_store() -> list[BaseRoute]:
    handler = Handler(graph_store, methods=())
    return [*_with_extension(STORE_PATH, handler), _AnyPath(f"{STORE_PATH}/{{name:path}}", handler)]


def _feeds(own_queries: OwnQueries) -> list[BaseRoute]:
    latest = Handler(feed.Feed(own_queries).answer)
    return [Route(feed.PATH, latest), Route(changes.PATH, Handler(changes.changes))]


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the server; ``docs/protocol.md`` lists them."""
    admin = Admin(site)
    own_queries = OwnQueries(site)
    descriptions = Descriptions(own_queries)
    whole = SparqlEndpoint(site, descriptions).handler()
    catalog = Handler(DataDocument(own_queries, CATALOG_PATH, catalog_triples).answer)
    saved = Handler(described(SavedQueries(own_queries).answer), methods=())
    resources = Resources(own_queries)
    facets = site.search.facets if site.search else ()
    catalogue = Catalogue(own_queries)
    browse = [f"/browse/{quote(facet.name)}" for facet in facets]
    sitemaps = Handler(Sitemaps(own_queries, ["/", overview.PATH, *browse, "/query", "/api"]).answer)

    return [
        Route("/sparql", whole),
        Route("/update", Handler(Updates(site).answer, ("POST", "OPTIONS"))),
        Route("/query", Handler(QueryPage(own_queries).answer)),
        Route("/api/openapi.json", Handler(OpenApi(own_queries).answer)),
        Route("/api/docs", Handler(swagger_page)),
        _AnyPath("/api/{path:path}", saved),
        Route("/api", saved),
        Route("/search", Handler(TextSearch(own_queries).answer)),
        Route("/lod/sparql", whole),
        *_graph_store(),
        *(
            Route(f"/{graph.name}/sparql", SparqlEndpoint(site, descriptions, graph.iri).handler())
            for graph in site.dataset.graphs
            if graph.name
        ),
        *_feeds(own_queries),
        Route("/robots.txt", Handler(robots)),
        Route("/sitemap.xml", sitemaps),
        Route("/sitemap-{number}.xml", sitemaps),
        Route("/", Handler(catalogue.first_page)),
        Route(overview.PATH, Handler(overview.Overview(own_queries).answer)),
        Route("/browse/{facet}", Handler(catalogue.browse)),
        Route("/.well-known/void", Handler(well_known_void)),
        Route(contact.PATH, Handler(contact.security_contact)),
        Route(api_catalog.PATH, Handler(api_catalog.api_catalog)),
        *_with_extension(VOID_PATH, Handler(DataDocument(own_queries, VOID_PATH, document_triples).answer)),
        *_with_extension(CATALOG_PATH, catalog),
        Route("/-/completion/classes", Handler(Completion(own_queries, "classes").answer)),
        Route("/-/completion/properties", Handler(Completion(own_queries, "properties").answer)),
        Route("/-/prefixes.json", Handler(prefixes)),
        Route(SEEN, Handler(seen)),
        Route("/-/live", Handler(live)),
        Route("/-/ready", Handler(ready)),
        Route(metrics.PATH, Handler(metrics.MetricsDocument().answer)),
        Route(ADMIN_PATH, Handler(admin.answer)),
        Route(f"{ADMIN_PATH}/queries/{{identifier}}", Handler(admin.query, (*READING, "DELETE"))),
        Route(f"{ADMIN_PATH}/queries/{{identifier}}/kill", Handler(admin.kill, ("POST", "OPTIONS"))),
        Route("/-/static/{name:path}", Handler(StaticFiles().answer)),
        # Browsers request it beside answers that are no pages, such as JSON.
        Route("/favicon.ico", Handler(StaticFiles("icon.svg").answer)),
        Route("/lod/view.do", Handler(resources.for_people)),
        Route("/resource", Handler(resources.for_programs, methods=())),
        # Last: any other path may be that of a resource.
        _AnyPath("/{path:path}", Handler(resources.at_path, methods=())),
    ]
