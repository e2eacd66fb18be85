"""Access tokens: the secrets that let their holders do more than everybody may.

The file of the setting ``tokens``, or ``tokens.toml`` in the data directory, has a table for each token::

    [night-watch]
    sha256 = "5e884898…"            # of the secret, in hexadecimal; the secret itself is in no file
    scopes = ["admin", "metrics"]   # none: the holder only has the larger budget
    graphs = ["http://example.org/news", "http://example.org/press/*"]   # all that it may change
    expires = 2027-01-01T00:00:00Z
    budget = 600                    # evaluation seconds per minute, in place of the setting

``endpoint token`` writes it. A file that changes is read again by the next request with a token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final

from endpoint.errors import DataError
from endpoint.settings import Settings
from endpoint.telemetry import log
from endpoint.toml_file import TomlTable, alternatives, read_toml

# The scopes of writing: SPARQL Update, and the Graph Store Protocol.
UPDATE: Final = "update"
GRAPH_STORE: Final = "graph-store"
SCOPES: Final = ("admin", "metrics", UPDATE, GRAPH_STORE)
# The name of the default graph among the graphs of a token.
DEFAULT: Final = "default"

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_GRAPH: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`*]*\*?')
_Fingerprint = tuple[int, int, int]
_KEYS: Final = ("sha256", "scopes", "graphs", "expires", "budget")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    ``digest`` is the SHA-256 of its secret, ``budget`` the evaluation seconds per minute of its holder, None
    for those of everybody. ``graphs`` are those that it may change, where it has a scope of writing: IRIs,
    beginnings of IRIs with an asterisk after them, and ``default``; empty for all. When it
    ``expires`` it is none any more.
    """

    name: str
    digest: bytes
    scopes: frozenset[str]
    budget: float | None
    graphs: tuple[str, ...] = ()
    expires: datetime | None = None

    @property
    def expired(self) -> bool:
        """Return whether its time is over."""
        return self.expires is not None and self.expires <= datetime.now(UTC)


class Tokens:
    """The tokens of one server."""

    def __init__(
        self, tokens: tuple[Token, ...] = (), file: Path | None = None, seen: _Fingerprint | None = None
    ) -> None:
        self._tokens = tokens
        self._file = file
        self._seen = seen

    @classmethod
    def read(cls, file: Path | None) -> Tokens:
        """Read a file of tokens; None is a server without any.

        Raises :class:`~endpoint.errors.DataError` with the line of a mistake.
        """
        # Looked at before it is read: what changes meanwhile is read by the next request.
        seen = _fingerprint(file)
        return cls() if file is None else cls(_read(file), file, seen)

    @classmethod
    def of(cls, settings: Settings) -> Tokens:
        """Read the file of the setting, or that in the data folder where there is one. Raises DataError."""
        if settings.tokens is not None:
            return cls.read(settings.tokens)
        file = settings.token_file
        return cls.read(file) if file.exists() else cls((), file)

    def find(self, secret: str) -> Token | None:
        """Return the token with this secret, None where there is none, or where its time is over."""
        digest = sha256(secret.encode("utf-8", "surrogatepass")).digest()
        found = None
        for token in self._current():
            # All are compared, so that the time tells nothing.
            if compare_digest(token.digest, digest):
                found = token
        return None if found is None or found.expired else found

    def __bool__(self) -> bool:
        return bool(self._current())

    def grant(self, *scopes: str) -> bool:
        """Return whether any token has one of these scopes."""
        return any(not token.scopes.isdisjoint(scopes) for token in self._current())

    def all(self) -> tuple[Token, ...]:
        """Return them in the order of the file."""
        return self._current()

    def _current(self) -> tuple[Token, ...]:
        """Return the tokens of the file as it is now; with a mistake in it, those of before."""
        seen = _fingerprint(self._file)
        if self._file is not None and seen != self._seen:
            self._seen = seen
            try:
                self._tokens = _read(self._file) if seen is not None else ()
                log.info("read the tokens in %s: %d", self._file, len(self._tokens))
            except DataError as error:
                log.error("the tokens stay as they were: %s", error)
        return self._tokens


def is_name(name: str) -> bool:
    """Return whether a token may have this name."""
    return _NAME.fullmatch(name) is not None


def is_graph(pattern: str) -> bool:
    """Return whether a token may have this among its graphs."""
    return pattern == DEFAULT or _GRAPH.fullmatch(pattern) is not None


def _fingerprint(file: Path | None) -> _Fingerprint | None:
    """Return what changes with the content of a file; None where there is none."""
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(file: Path) -> tuple[Token, ...]:
    top = read_toml(file)
    return tuple(_token(top, name) for name in top.values)


def _token(top: TomlTable, name: str) -> Token:
    table = top.table(name)
    if not is_name(name):
        raise top.error("must have a name of letters, digits, dots, hyphens and underscores", name)
    table.check_keys(_KEYS)
    digest = table.text("sha256")
    if not _DIGEST.fullmatch(digest):
        raise table.error("must be the SHA-256 of the secret, 64 hexadecimal digits", "sha256")
    scopes = table.texts("scopes", ())
    for scope in scopes:
        if scope not in SCOPES:
            raise table.error(f"has the scope {scope!r}; {alternatives(scope, SCOPES)}", "scopes")
    return Token(
        name,
        bytes.fromhex(digest),
        frozenset(scopes),
        _budget(table),
        _graphs(table),
        _expires(table),
    )


def _graphs(table: TomlTable) -> tuple[str, ...]:
    graphs = tuple(table.texts("graphs", ()))
    for graph in graphs:
        if not is_graph(graph):
            raise table.error(
                f"has {graph[:200]!r}, which is neither default nor an absolute IRI, maybe with * at its end",
                "graphs",
            )
    return graphs


def _budget(table: TomlTable) -> float | None:
    budget = table.values.get("budget")
    if budget is None:
        return None
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < 10**7:
        raise table.error("must be a positive number of seconds", "budget")
    return float(budget)


def _expires(table: TomlTable) -> datetime | None:
    """Return when the token ends; a day without a time is over at its beginning, without a zone in UTC."""
    expires = table.values.get("expires")
    if expires is None:
        return None
    if isinstance(expires, datetime):
        return expires if expires.tzinfo is not None else expires.replace(tzinfo=UTC)
    if isinstance(expires, date):
        return datetime(expires.year, expires.month, expires.day, tzinfo=UTC)
    raise table.error("must be a date or a time, such as 2027-01-01 or 2027-01-01T12:00:00Z", "expires")
