"""Is the process alive, and can it answer? For a supervisor or a load balancer."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import Response

from endpoint.errors import Overloaded
from endpoint.web.http.site import Site


class Health:
    """``/-/live`` answers while the process does; ``/-/ready`` while it can evaluate queries."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def live(self, request: Request) -> Response:
        return _json({"status": "live"})

    async def ready(self, request: Request) -> Response:
        engine = self._site.engine
        if not engine.alive:
            raise Overloaded("The worker processes are being replaced. Try again in a moment.", 1)
        generation = engine.generation
        return _json(
            {
                "status": "ready",
                "generation": generation.number,
                "quads": generation.quads,
                "created": generation.created.isoformat(),
            }
        )


def _json(members: dict[str, object]) -> Response:
    return Response(
        json.dumps(members) + "\n", media_type="application/json", headers={"cache-control": "no-store"}
    )
