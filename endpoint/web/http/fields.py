"""The header fields of a request."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers

from endpoint.errors import MalformedRequest, UnsupportedMediaType


class Fields(Headers):
    """The header fields of a request, each decoded once: most are looked for, and few are there."""

    _decoded: dict[str, list[str]] | None = None

    @property
    def _named(self) -> dict[str, list[str]]:
        named = self._decoded
        if named is None:
            named = self._decoded = {}
            for name, value in self.raw:
                named.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return named

    def __getitem__(self, key: str) -> str:
        return self._named[key.lower()][0]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._named

    def get(self, key: str, default: Any = None) -> Any:
        """Return the first field of this name, else ``default``."""
        found = self._named.get(key.lower())
        return default if found is None else found[0]

    def getlist(self, key: str) -> list[str]:
        """Return all fields of this name."""
        return [*self._named.get(key.lower(), ())]

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
