"""The state of the process, for a supervisor or a load balancer: ``/-/live`` and ``/-/ready``."""

from __future__ import annotations

import json

from endpoint.errors import Overloaded
from endpoint.web.http.answer import NO_STORE, Answer, Whole
from endpoint.web.http.request import Request


async def live(request: Request) -> Answer:
    """Answer while the process does."""
    return _json({"status": "live"})


async def ready(request: Request) -> Answer:
    """Answer while queries can be evaluated. Raises :class:`Overloaded`."""
    engine = request.site.engine
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


def _json(members: dict[str, object]) -> Whole:
    return Whole(f"{json.dumps(members)}\n".encode(), "application/json", cache=NO_STORE, vary="")
