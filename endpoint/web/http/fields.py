"""The header fields of a request."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from starlette.datastructures import Headers


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
