"""The web application: everything that is answered over HTTP, and the site that it serves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from endpoint import __version__
from endpoint.catalog import Catalog
from endpoint.dataset import Dataset
from endpoint.engine import Engine
from endpoint.engine.cache import ByteCache
from endpoint.engine.write_queue import WriteQueue
from endpoint.engine.writes import Terms
from endpoint.errors import MalformedRequest, Overloaded
from endpoint.search import SearchConfiguration
from endpoint.settings import Settings
from endpoint.telemetry.instruments import Instruments
from endpoint.tokens import Tokens
from endpoint.web.attempts import Attempts
from endpoint.web.turns import Turns

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")


@dataclass(slots=True)
class Site:
    """The parts of one running server; ``running`` is the engine between start-up and shutdown,
    ``draining`` is set as soon as the server is to end.

    ``catalog`` may be replaced at any time, so a request that uses it again after an await keeps the one
    that it began with. ``search`` is the configuration of the text index, where the dataset has one.
    ``spooled`` counts the bytes that are kept for clients of HTTP/1.0; ``turns`` orders the work of clients;
    ``cache`` has the answers that are kept; ``writes`` takes what is written over HTTP.
    """

    settings: Settings
    dataset: Dataset
    catalog: Catalog
    search: SearchConfiguration | None = None
    tokens: Tokens = field(default_factory=Tokens)
    attempts: Attempts = field(default_factory=Attempts)
    instruments: Instruments = field(default_factory=Instruments)
    running: Engine | None = None
    draining: bool = False
    spooled: int = 0
    turns: Turns = field(init=False)
    cache: ByteCache = field(init=False)
    writes: WriteQueue = field(init=False)
    _lasting: str = field(init=False)

    def __post_init__(self) -> None:
        self.turns = Turns(self.instruments.watchdog)
        self.writes = WriteQueue(
            lambda: Terms.of(self.settings, self.dataset.root), self.instruments.writes, self._expect
        )
        self.cache = ByteCache(self.settings.cache)
        prefixes = sorted(self.dataset.prefixes.items())
        lasting = f"{__version__} {self.settings.default_graph} {prefixes}"
        # It is a part of each entity tag, and some kilobytes long.
        self._lasting = blake2b(lasting.encode(), digest_size=16).hexdigest()

    def _expect(self, generation: bool) -> None:
        if self.running is not None:
            self.running.expect(generation)

    @property
    def version(self) -> str:
        """The version of settings and catalog, which determine an answer together with data and request."""
        return f"{self._lasting} {self.catalog.version}"

    @property
    def engine(self) -> Engine:
        """The engine. Raises :class:`Overloaded` while the server starts or stops."""
        if self.running is None:
            raise Overloaded("The server is starting or stopping. Try again in a moment.", 1)
        return self.running

    def url(self, scope: Scope) -> str:
        """Return the server's own URL as this client reaches it, without a trailing slash."""
        if self.settings.public_url:
            return self.settings.public_url
        host = Headers(scope=scope).get("host") or "{}:{}".format(*scope.get("server") or ("localhost", 80))
        if _HOST.fullmatch(host) is None:
            raise MalformedRequest("The Host header is not a host name with an optional port.")
        return f"{scope['scheme']}://{host}{scope.get('root_path', '')}"
