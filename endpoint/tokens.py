"""Access tokens: the secrets that let their holders do more than everybody may.

The file of the setting ``tokens`` has a table for each token::

    [night-watch]
    sha256 = "5e884898…"            # of the secret, in hexadecimal; the secret itself is in no file
    scopes = ["admin", "metrics"]   # none: the holder only has the larger budget
    budget = 600                    # evaluation seconds per minute, in place of the setting
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final

from endpoint.toml_file import TomlTable, alternatives, read_toml

SCOPES: Final = ("admin", "metrics")

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")
_KEYS: Final = ("sha256", "scopes", "budget")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    ``digest`` is the SHA-256 of its secret, ``budget`` the evaluation seconds per minute of its holder, None
    for those of everybody.
    """

    name: str
    digest: bytes
    scopes: frozenset[str]
    budget: float | None


class Tokens:
    """The tokens of one server."""

    def __init__(self, tokens: tuple[Token, ...] = ()) -> None:
        self._tokens = tokens

    @classmethod
    def read(cls, file: Path | None) -> Tokens:
        """Read a file of tokens; None is a server without any.

        Raises :class:`~endpoint.errors.DataError` with the line of a mistake.
        """
        if file is None:
            return cls()
        top = read_toml(file)
        return cls(tuple(_token(top, name) for name in top.values))

    def find(self, secret: str) -> Token | None:
        """Return the token with this secret, None where there is none."""
        digest = sha256(secret.encode("utf-8", "surrogatepass")).digest()
        found = None
        for token in self._tokens:
            # All are compared, so that the time tells nothing.
            if compare_digest(token.digest, digest):
                found = token
        return found

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def grant(self, scope: str) -> bool:
        """Return whether any token has this scope."""
        return any(scope in token.scopes for token in self._tokens)


def _token(top: TomlTable, name: str) -> Token:
    table = top.table(name)
    if not _NAME.fullmatch(name):
        raise top.error("must have a name of letters, digits, dots, hyphens and underscores", name)
    table.check_keys(_KEYS)
    digest = table.text("sha256")
    if not _DIGEST.fullmatch(digest):
        raise table.error("must be the SHA-256 of the secret, 64 hexadecimal digits", "sha256")
    scopes = table.texts("scopes", ())
    for scope in scopes:
        if scope not in SCOPES:
            raise table.error(f"has the scope {scope!r}; {alternatives(scope, SCOPES)}", "scopes")
    budget = table.values.get("budget")
    if budget is not None and (
        isinstance(budget, bool) or not isinstance(budget, int | float) or not 0 < budget < 10**7
    ):
        raise table.error("must be a positive number of seconds", "budget")
    return Token(name, bytes.fromhex(digest), frozenset(scopes), None if budget is None else float(budget))
