"""``/.well-known/api-catalog``: the APIs of the server for programs (RFC 9727), as a linkset (RFC 9264)."""

from __future__ import annotations

import json
from typing import Final

from endpoint.formats import LINKSET, TURTLE
from endpoint.web.http.answer import Answer, Whole, strong_tag
from endpoint.web.http.request import Request
from endpoint.web.machine.datasets import STORE_PATH, VOID_PATH

PATH: Final = "/.well-known/api-catalog"
_PROFILE: Final = "https://www.rfc-editor.org/info/rfc9727"
_OPENAPI: Final = "application/vnd.oai.openapi+json"

# The path of each API, then those of its description, of its documentation and of what says more of it, with
# their media types.
_Target = tuple[str, str]
_APIS: Final[tuple[tuple[str, _Target, _Target], ...]] = (
    ("/sparql", ("/sparql", TURTLE.media_type), ("/query", "text/html")),
    ("/api", ("/api/openapi.json", _OPENAPI), ("/api/docs", "text/html")),
    (STORE_PATH, (VOID_PATH, TURTLE.media_type), ("/", "text/html")),
)


async def api_catalog(request: Request) -> Answer:
    """Answer with the catalogue, whose links HEAD tells too (section 2)."""
    base = request.base
    contexts: list[dict[str, object]] = [
        {"anchor": base + PATH, "item": [{"href": base + path} for path, _, _ in _APIS]}
    ]
    for path, description, documentation in _APIS:
        contexts.append(
            {
                "anchor": base + path,
                "service-desc": [_target(base, description)],
                "service-doc": [_target(base, documentation)],
                "service-meta": [_target(base, (VOID_PATH, TURTLE.media_type))],
                "status": [_target(base, ("/-/ready", "application/json"))],
            }
        )
    body = json.dumps({"linkset": contexts}, indent=1).encode() + b"\n"
    links = [f'<{base}{PATH}>; rel="api-catalog"', *(f'<{base}{path}>; rel="item"' for path, _, _ in _APIS)]
    return Whole(
        body,
        f'{LINKSET.media_type}; profile="{_PROFILE}"',
        tag=strong_tag(body),
        vary="",
        headers=((b"link", ", ".join(links).encode()),),
    )


def _target(base: str, target: _Target) -> dict[str, str]:
    path, media_type = target
    return {"href": base + path, "type": media_type}
