"""The base of all designed failures."""

from __future__ import annotations

from typing import ClassVar


class EndpointError(Exception):
    """The base of all designed failures; over HTTP also the code of an unexpected failure.

    ``detail`` is one clear sentence or a few lines of text.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal Server Error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def fields(self) -> dict[str, object]:
        """Extra members of the problem document (RFC 9457 section 3.2)."""
        return {}
