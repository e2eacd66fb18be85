"""``/-/seen``: a request as it reached the server, for ``endpoint doctor`` on the other side of a proxy.

Headers of proxies tell how a site is built, so the request has to have a secret that stands in the data
folder: whoever can write there has the server's whole data anyway.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from hmac import compare_digest
from pathlib import Path
from typing import Final

from endpoint.errors import NotFound
from endpoint.settings import Settings
from endpoint.web.http.answer import NO_STORE, Answer, Streamed
from endpoint.web.http.request import Request

PATH: Final = "/-/seen"
HEADER: Final = "X-Endpoint-Doctor"
# Seconds between the two parts of the answer, by which buffering shows.
PAUSE: Final = 1.0
# Seconds for which a secret is good.
_LIFETIME: Final = 60.0
_LONGEST: Final = 200
_OF_PROXIES: Final = ("via", "forwarded", "x-forwarded-")


def secret_file(settings: Settings) -> Path:
    """Return the file of the secret."""
    return settings.data / "doctor"


async def seen(request: Request) -> Answer:
    """Answer with client, own port, scheme, host and headers of proxies.

    Raises :class:`NotFound` without the secret.
    """
    given = request.headers.get(HEADER, "")
    expected = await asyncio.to_thread(_secret, request.site.settings) if given else ""
    if not expected or not compare_digest(given.encode(), expected.encode()):
        raise NotFound(f"There is nothing at {PATH}.")
    headers = request.headers
    forwarded = {name: headers[name] for name in headers if name.startswith(_OF_PROXIES)}
    client, server = request.scope.get("client"), request.scope.get("server")
    reached = {
        "client": client[0] if client else "",
        "port": server[1] if server else None,
        "scheme": request.scope["scheme"],
        "host": headers.get("host", ""),
        "forwarded": forwarded,
    }
    first = f"{json.dumps(reached)}\n".encode()
    return Streamed(_slowly(first), "application/json", cache=NO_STORE, vary="")


async def _slowly(first: bytes) -> AsyncGenerator[bytes, None]:
    yield first
    await asyncio.sleep(PAUSE)
    yield b"\n"


def _secret(settings: Settings) -> str:
    file = secret_file(settings)
    try:
        if time.time() - file.stat().st_mtime > _LIFETIME:
            return ""
        with file.open(encoding="ascii") as opened:
            return opened.read(_LONGEST)
    except (OSError, UnicodeDecodeError):
        return ""
