"""Rules that no schema can express, for schemathesis, which loads this file (``SCHEMATHESIS_HOOKS``)."""

from __future__ import annotations

from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

Case = schemathesis.Case[Any]

# A deadline that is too short for a busy machine would be a 504, and rightly so.
_PATIENCE = 3.0
# A client takes these from an answer; made up, they lead nowhere.
_FROM_ANSWERS = ("after", "generation")
_PROTOCOL = (
    "page",
    "pageSize",
    "after",
    "count",
    "generation",
    "languageTags",
    "timeout",
    "explain",
    "format",
)
_FLAGS = ("count", "languageTags", "explain")


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: Case) -> Case:
    """The case without what only an answer can tell, where it is to be right."""
    right = case.meta is not None and case.meta.generation.mode is schemathesis.GenerationMode.POSITIVE
    for members in (case.query, case.body):
        if not isinstance(members, dict):
            continue
        for name in _FROM_ANSWERS if right else ():
            members.pop(name, None)
        timeout = members.get("timeout")
        if isinstance(timeout, int | float) and not isinstance(timeout, bool) and 0 <= timeout < _PATIENCE:
            members["timeout"] = _PATIENCE
    return case


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext,
    failure: Failure,
    case: Case,
    response: schemathesis.Response,
) -> bool:
    """Return whether a failure counts."""
    given = _given(case.query) | _given(case.body)
    if isinstance(failure, RejectedPositiveData):
        return not (_says_too_much(given) or response.status_code == HTTPStatus.GONE)
    if isinstance(failure, AcceptedNegativeData):
        return not (_refuses_a_call(response) or any(_is_meant(name, given) for name in given))
    return True


def _given(members: object) -> dict[str, object]:
    if not isinstance(members, dict):
        return {}
    return {name: value for name, value in members.items() if value is not None}


def _says_too_much(given: dict[str, object]) -> bool:
    """Two parameters that both choose a page; for JSON 5.0 is whole, here numbers are as they are written."""
    whole = (isinstance(value, float) and value.is_integer() for value in given.values())
    return {"page", "after"} <= given.keys() or any(whole)


def _is_meant(name: str, given: dict[str, object]) -> bool:
    """A value that is taken for another, or not looked at.

    The empty one is none, an array in JSON stands for the values in it, 0 and 1 are booleans of XML Schema,
    and who asks for all pages gets them, whatever else is said of pages.
    """
    value = given[name]
    return (
        (name in _PROTOCOL and value == "")
        or (isinstance(value, list) and len([item for item in value if item is not None]) < 2)
        or (name in _FLAGS and value in (0, 1, "0", "1") and not isinstance(value, bool))
        or (name == "page" and value == "all")
    )


def _refuses_a_call(response: schemathesis.Response) -> bool:
    """Return whether a batch has a failure in the place of one of its calls."""
    try:
        calls = response.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return False
    if not isinstance(calls, list):
        return False
    return any(call.keys() == {"status", "body"} and call["status"] >= 400 for call in calls)
