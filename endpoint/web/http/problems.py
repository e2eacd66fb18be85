"""How failures look on the wire: RFC 9457 problem documents, plain text, or a page.

Which one follows what the client reads. YASGUI prints the body as it is, so plain text is the
rule; JSON only for a client that names it, with a ``message`` member for the older YASGUI builds. Below
``/api`` answers are JSON for who asks for nothing else, and so are problems.
"""

from __future__ import annotations

import json
from http import HTTPStatus

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
from endpoint.web.http.answer import NO_STORE, Headers, Whole
from endpoint.web.http.html import render
from endpoint.web.http.request import Request

_PLAIN_TEXT = Format("text", "text/plain", (), (), "txt", True, None)
_PROBLEM_JSON = Format(
    "problem", "application/problem+json", ("application/json",), (), "json", False, None, echo=False
)
_OFFERED = (_PLAIN_TEXT, _PROBLEM_JSON, HTML)
_OFFERED_BY_API = (_PROBLEM_JSON, _PLAIN_TEXT, HTML)


def problem_answer(request: Request, error: EndpointError) -> Whole:
    """Return the answer to a request that failed."""
    offered = _OFFERED_BY_API if _is_of_api(request) else _OFFERED
    chosen = negotiate(request.accept, offered)
    kind = chosen.format if chosen else offered[0]
    if kind is _PROBLEM_JSON:
        body, content_type = problem_json(error), "application/problem+json"
    elif kind is HTML and (page := _problem_page(request, error)) is not None:
        body, content_type = page, HTML.content_type()
    else:
        body, content_type = problem_text(error), "text/plain; charset=utf-8"
    return Whole(body, content_type, error.status, cache=NO_STORE, headers=_special_headers(error))


def _is_of_api(request: Request) -> bool:
    path = request.path.removeprefix(request.scope.get("root_path", ""))
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


def _problem_page(request: Request, error: EndpointError) -> bytes | None:
    """The page; None where the request is too broken to tell how its sender sees the site."""
    try:
        view = request.view
    except MalformedRequest:
        return None
    # The excerpt of a query is indented; the sentences around it wrap like any text.
    blocks = [(block.startswith("    "), block) for block in error.detail.split("\n\n")]
    phrase = HTTPStatus(error.status).phrase
    return render(
        "problem.html",
        view,
        error=error,
        phrase=phrase,
        blocks=blocks,
        query=request.query,
        action=view.path,
    )


def _special_headers(error: EndpointError) -> Headers:
    match error:
        case Overloaded():
            return ((b"retry-after", str(error.retry_after).encode()),)
        case MethodNotAllowed():
            return ((b"allow", ", ".join(error.allowed).encode()),)
        case DeadlineExceeded():
            return ((b"server-timing", f"eval;dur={error.timeout * 1000:.0f}".encode()),)
        case PayloadTooLarge() | RequestTimeout():
            # What is left of the body is not worth reading.
            return ((b"connection", b"close"),)
    return ()
