"""The listener on the address of the metrics, beside the server's own and apart from its limits."""

from __future__ import annotations

import socket
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from endpoint.telemetry import log

# Requests that are answered at once; there are one or two scrapers.
_MOST: Final = 16


class MetricsListener:
    """A second server in the same process: whoever floods the first cannot keep a scraper out.

    It takes over the bound ``sockets``.
    """

    def __init__(self, app: ASGIApp, sockets: list[socket.socket]) -> None:
        self._sockets = sockets
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                limit_concurrency=_MOST,
                timeout_graceful_shutdown=1,
            )
        )

    async def start(self) -> None:
        """Accept connections from now on."""
        # uvicorn's own loop, which looks ten times a second whether to end, is not run: stop() ends this.
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup(sockets=self._sockets)
        for sock in self._sockets:
            host, port = sock.getsockname()[:2]
            log.info("metrics at http://%s:%d/-/metrics", f"[{host}]" if ":" in host else host, port)

    async def stop(self) -> None:
        """Finish the answers that run, for a second, and close."""
        await self._server.shutdown(sockets=self._sockets)
