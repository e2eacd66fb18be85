"""What every web module is given: the settings, the dataset, the saved queries, the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from endpoint.catalog import Catalog
from endpoint.dataset import Dataset
from endpoint.engines import Engine
from endpoint.errors import Overloaded
from endpoint.settings import Settings
from endpoint.telemetry import Exchange

EXCHANGE: Final = "endpoint.exchange"
# The text of the query, for the page that says what is wrong with it.
QUERY_TEXT: Final = "endpoint.query"


@dataclass(slots=True)
class Site:
    """The parts of one running server; ``running`` is the engine between start-up and shutdown."""

    settings: Settings
    dataset: Dataset
    catalog: Catalog
    running: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine. Raises :class:`Overloaded` while the server starts or stops."""
        if self.running is None:
            raise Overloaded("The server is starting or stopping. Try again in a moment.", 1)
        return self.running

    def url(self, scope: Scope) -> str:
        """The server's own URL as this client reaches it, without a trailing slash."""
        if self.settings.public_url:
            return self.settings.public_url
        host = Headers(scope=scope).get("host") or "{}:{}".format(*scope.get("server") or ("localhost", 80))
        return f"{scope['scheme']}://{host}{scope.get('root_path', '')}"


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that the boundary opened for this request."""
    found = scope[EXCHANGE]
    if not isinstance(found, Exchange):
        raise TypeError("the request did not pass the boundary")
    return found
