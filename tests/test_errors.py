"""The tree of failures: one stable code each, a status that fits, a sentence, and its fields."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

from endpoint import errors
from endpoint.errors import (
    BadParameter,
    DataError,
    EndpointError,
    MalformedQuery,
    MethodNotAllowed,
    NotAcceptable,
    Overloaded,
    RequestError,
)
from endpoint.web.http.boundary import problem_json, problem_text

CLASSES = [
    value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, EndpointError)
]


def test_codes_are_unique() -> None:
    codes = [error.code for error in CLASSES if "code" in vars(error)]
    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and " " not in code for code in codes)


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_the_clients_mistakes_are_4xx_and_the_servers_5xx(error: type[EndpointError]) -> None:
    assert (400 <= error.status < 500) == issubclass(error, RequestError)
    assert error.title
    assert error.__name__ in (errors.__doc__ or "") or error is DataError or error.__doc__


def test_the_docstring_of_the_module_is_the_tree() -> None:
    for error in CLASSES:
        assert error.__name__ in (errors.__doc__ or ""), error.__name__


FIELDS: list[tuple[EndpointError, dict[str, object]]] = [
    (BadParameter("year", "x", "20a"), {"parameter": "year", "value": "20a"}),
    (BadParameter("year", "x"), {"parameter": "year"}),
    (MalformedQuery("x", 2, 3), {"line": 2, "column": 3}),
    (MalformedQuery("x"), {}),
    (NotAcceptable("x", ["text/csv"]), {"offered": ["text/csv"]}),
    (MethodNotAllowed("x", ["GET"]), {"allowed": ["GET"]}),
    (Overloaded("x", 5), {"retryAfter": 5}),
]


@pytest.mark.parametrize(("error", "fields"), FIELDS, ids=lambda value: type(value).__name__)
def test_a_problem_document_has_the_members_of_rfc_9457_and_its_own(
    error: EndpointError, fields: dict[str, object]
) -> None:
    assert json.loads(problem_json(error)) == {
        "type": f"urn:endpoint:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": "x",
        "code": error.code,
        "message": "x",
        **fields,
    }


def test_the_text_of_a_problem_begins_with_the_status() -> None:
    text = problem_text(MalformedQuery("Line 1, column 2: no.\n\n  x\n  ^")).decode()
    assert text == "400 Bad Request – SPARQL syntax error\n\nLine 1, column 2: no.\n\n  x\n  ^\n"


def test_a_data_error_says_where() -> None:
    assert str(DataError("no", Path("a.ttl"), 3, 4)) == "a.ttl:3:4: no"
    assert str(DataError("no", Path("a.ttl"))) == "a.ttl: no"
    assert str(DataError("no")) == "no"
