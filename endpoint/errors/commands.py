"""Failures of commands, and of a start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from endpoint.errors.base import EndpointError


class ConfigurationError(EndpointError):
    """A setting, a flag or a file of settings is wrong; the command line exits with 2."""

    code = "configuration-error"
    title = "Configuration error"


class DataError(EndpointError):
    """A data file, ontology or saved query is wrong; ``str()`` reads ``file:line:column: detail``."""

    code = "data-error"
    title = "Data error"

    def __init__(
        self, detail: str, file: Path | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(detail)
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.detail}" if place else self.detail


class DataErrors(DataError):
    """Several data errors at once (``errors``); ``str()`` has one line for each."""

    def __init__(self, errors: Sequence[DataError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


class ValidationFailed(EndpointError):
    """The data violates the SHACL shapes of the dataset; the report was printed."""

    code = "validation-failed"
    title = "Validation failed"


class StoreError(EndpointError):
    """The data directory cannot be used: locked, damaged, or not writable."""

    code = "store-error"
    title = "Store error"


class NotConfirmed(StoreError):
    """A generation was published, and the disk has not confirmed that it lasts."""
