"""Checks of OpenAPI documents by the validators of the specification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

Document = dict[str, Any]


def faults(document: Document) -> list[str]:
    """Return the violations of OpenAPI 3.1."""
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in invalid(document)]


def invalid(document: Document) -> Iterator[Any]:
    """The errors of the validator."""
    yield from OpenAPIV31SpecValidator(document).iter_errors()


def mistakes(document: Document, schema: Document, value: object) -> list[str]:
    """Return the violations of ``schema``, one of the document's, in ``value``."""
    whole = {**schema, "components": document["components"]}
    errors = OAS31Validator(whole).iter_errors(value)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors]


def resolved(document: Document, part: Document) -> Document:
    """The part, or what it refers to."""
    while "$ref" in part:
        found: Any = document
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        part = found
    return part


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Path, method and operation of all."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def answer_of(document: Document, operation: Document, status: int = 200) -> Document:
    """The response of an operation for a status."""
    return resolved(document, operation["responses"][str(status)])
