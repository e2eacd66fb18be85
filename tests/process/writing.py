"""A server with tokens that let their holders write, and what they send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from tests.live import Answer, Server, serving

EDITOR = "editor-secret"
LIMITED = "limited-secret"
READER = "reader-secret"
NEWS = "http://example.org/news"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def tokens() -> str:
    """A file of tokens: one for everything, one for some graphs, one that may not write."""
    rows = [
        ("editor", EDITOR, 'scopes = ["update", "graph-store"]'),
        ("limited", LIMITED, f'scopes = ["update", "graph-store"]\ngraphs = ["{NEWS}", "{NEWS}/*"]'),
        ("reader", READER, 'scopes = ["metrics"]'),
    ]
    return "\n".join(
        f'[{name}]\nsha256 = "{sha256(secret.encode()).hexdigest()}"\n{rest}' for name, secret, rest in rows
    )


@contextmanager
def writable(data: Path, *flags: str) -> Iterator[Server]:
    """A server on ``data`` that takes writes."""
    (data / "tokens.toml").write_text(tokens())
    with serving(data, *flags) as server:
        yield server


def update(
    server: Server, text: str, secret: str = EDITOR, path: str = "/update", **parameters: str
) -> Answer:
    """POST an update directly."""
    query = f"?{urlencode({name.replace('_', '-'): value for name, value in parameters.items()})}"
    headers = {"Content-Type": "application/sparql-update", **bearer(secret)}
    return server.request("POST", path + (query if parameters else ""), text.encode(), headers)


def post_form(server: Server, path: str, headers: dict[str, str], **fields: str) -> Answer:
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return server.request("POST", path, urlencode(fields).encode(), form)


def values(server: Server, pattern: str) -> list[str]:
    """The values of ?o in a pattern, sorted."""
    rows = server.query(f"SELECT ?o {{ {pattern} }}", "application/sparql-results+json").rows()
    return sorted(row["o"] for row in rows)
