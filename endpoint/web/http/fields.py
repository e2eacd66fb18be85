"""The header fields of a request."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from starlette.datastructures import Headers

from endpoint.errors import MalformedRequest, UnsupportedMediaType


class Fields(Headers):
    """The header fields of a request, each decoded once: most are looked for, and few are there."""

    @cached_property
    def _first(self) -> dict[str, str]:
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(self.raw)}

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._first

    def get(self, key: str, default: Any = None) -> Any:
        """Return the first field of this name, else ``default``."""
        return self._first.get(key.lower(), default)

    def getlist(self, key: str) -> list[str]:
        """Return all fields of this name."""
        return super().getlist(key) if key.lower() in self._first else []

    @property
    def authorization(self) -> str | None:
        """The Authorization header. Raises MalformedRequest for several, of which none counts more."""
        sent = self.getlist("authorization")
        if len(sent) > 1:
            raise MalformedRequest("The request has several Authorization headers; send one.")
        return sent[0] if sent else None

    def refuse_coding(self) -> None:
        """Raise UnsupportedMediaType for a body that is compressed (RFC 9110 section 8.4)."""
        coding = self.get("content-encoding", "").strip().lower()
        if coding not in ("", "identity"):
            raise UnsupportedMediaType(
                f"The body has the Content-Encoding {coding[:80]}. Only files for the graph store are read "
                "so; send it as it is."
            )
