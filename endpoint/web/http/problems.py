"""How failures look on the wire: RFC 9457 problem documents, plain text, or a page.

Which one follows what the client reads. YASGUI prints the body as it is, so plain text is the
rule; JSON only for a client that names it, with a ``message`` member for the older YASGUI builds. Below
``/api`` answers are JSON for who asks for nothing else, and so are problems.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.types import Scope, Send

from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    MalformedRequest,
    MethodNotAllowed,
    Overloaded,
    PayloadTooLarge,
    RequestTimeout,
)
from endpoint.formats import HTML, Format, negotiate
from endpoint.web.http.html import render
from endpoint.web.http.site import QUERY_TEXT, VARY, accept_of, exchange_of
from endpoint.web.http.view import view_of

_PLAIN_TEXT = Format("text", "text/plain", (), (), "txt", True, None)
_PROBLEM_JSON = Format(
    "problem", "application/problem+json", ("application/json",), (), "json", False, None, echo=False
)
_OFFERED = (_PLAIN_TEXT, _PROBLEM_JSON, HTML)
_OFFERED_BY_API = (_PROBLEM_JSON, _PLAIN_TEXT, HTML)


async def send_problem(scope: Scope, send: Send, error: EndpointError) -> None:
    """Answer a request with the problem ``error``; nothing may have been sent before."""
    offered = _OFFERED_BY_API if _is_of_api(scope) else _OFFERED
    chosen = negotiate(accept_of(scope), offered)
    kind = chosen.format if chosen else offered[0]
    if kind is _PROBLEM_JSON:
        body, content_type = problem_json(error), b"application/problem+json"
    elif kind is HTML and (page := _problem_page(scope, error)) is not None:
        body, content_type = page, b"text/html; charset=utf-8"
    else:
        body, content_type = problem_text(error), b"text/plain; charset=utf-8"
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", VARY),
        *_special_headers(error),
    ]
    if isinstance(error, PayloadTooLarge | RequestTimeout):
        # What is left of the body is not worth reading.
        headers.append((b"connection", b"close"))
    exchange_of(scope).media_type = content_type.decode().partition(";")[0]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_of_api(scope: Scope) -> bool:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path == "/api" or path.startswith("/api/")


def problem_text(error: EndpointError) -> bytes:
    """The problem as plain text: the status and the title on the first line, then the detail."""
    phrase = HTTPStatus(error.status).phrase
    title = "" if phrase.lower() == error.title.lower() else f" – {error.title}"
    return f"{error.status} {phrase}{title}\n\n{error.detail}\n".encode()


def problem_json(error: EndpointError) -> bytes:
    """The problem as ``application/problem+json`` (RFC 9457) with ``code`` and ``message``."""
    members = {
        "type": f"urn:endpoint:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "message": error.detail,
        **error.fields(),
    }
    return json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"


def _problem_page(scope: Scope, error: EndpointError) -> bytes | None:
    """The page; None where the request is too broken to tell how its sender sees the site."""
    try:
        view = view_of(scope)
    except MalformedRequest:
        return None
    # The excerpt of a query is indented; the sentences around it wrap like any text.
    blocks = [(block.startswith("    "), block) for block in error.detail.split("\n\n")]
    query = scope.get(QUERY_TEXT)
    phrase = HTTPStatus(error.status).phrase
    return render(
        "problem.html", view, error=error, phrase=phrase, blocks=blocks, query=query, action=view.path
    )


def _special_headers(error: EndpointError) -> list[tuple[bytes, bytes]]:
    match error:
        case Overloaded():
            return [(b"retry-after", str(error.retry_after).encode())]
        case MethodNotAllowed():
            return [(b"allow", ", ".join(error.allowed).encode())]
        case DeadlineExceeded():
            return [(b"server-timing", f"eval;dur={error.timeout * 1000:.0f}".encode())]
    return []
