"""A call of a saved query as code in several languages, to copy and paste.

Every value is written as a literal of the language, so that a value is never read as code.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from endpoint.formats import QueryForm
from endpoint.web.http.view import query_string

Pairs = list[tuple[str, str]]

_JSON: Final = "application/json"
_MEMBERS: Final = {QueryForm.ASK: "boolean"}


class CodeExample(NamedTuple):
    """Code in one language: its heading, a short name for its address on the page, the text."""

    title: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class ApiCall:
    """The call in the code: the parameters ``pairs`` at ``url``, or the bound ``query`` at ``endpoint``.

    ``media_type`` is the first choice of the saved query where it has no JSON, None where it has.
    """

    url: str
    pairs: Pairs
    endpoint: str
    query: str
    form: QueryForm
    media_type: str | None = None

    @property
    def accept(self) -> str:
        """The value of its Accept header."""
        return self.media_type or _JSON

    @property
    def member(self) -> str:
        """The member of the envelope that has the answer."""
        return _MEMBERS.get(self.form, "rows")

    @property
    def address(self) -> str:
        """The whole URL."""
        return f"{self.url}?{query_string(self.pairs)}" if self.pairs else self.url


def code_examples(call: ApiCall) -> tuple[CodeExample, ...]:
    """Return the call in every language."""
    return (
        CodeExample("curl", "curl", _curl(call)),
        CodeExample("Python: requests", "requests", _requests(call)),
        CodeExample("Python: SPARQLWrapper", "sparqlwrapper", _sparqlwrapper(call)),
        CodeExample("JavaScript: fetch", "fetch", _fetch(call)),
        CodeExample("R: httr2", "r", _r(call)),
    )


def batch_example(url: str, name: str, parameters: Mapping[str, str]) -> str:
    """Return a batch of one call, for curl."""
    body = json.dumps([{"query": name, "parameters": parameters}], ensure_ascii=False)
    lines = (
        f"curl --fail-with-body {shlex.quote(url)}",
        "--header 'Content-Type: application/json'",
        f"--data-binary {shlex.quote(body)}",
    )
    return " \\\n  ".join(lines)


def _curl(call: ApiCall) -> str:
    lines = [f"curl --fail-with-body --get {shlex.quote(call.url)}"]
    lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in call.pairs]
    lines.append(f"--header 'Accept: {call.accept}'")
    return " \\\n  ".join(lines)


def _requests(call: ApiCall) -> str:
    parameters = ", ".join(f"({_python(name)}, {_python(value)})" for name, value in call.pairs)
    lines = [
        "import requests",
        "",
        "response = requests.get(",
        f"    {_python(call.url)},",
        *([f"    params=[{parameters}],"] if call.pairs else []),
        f'    headers={{"Accept": "{call.accept}"}},',
        "    timeout=60,",
        ")",
        "response.raise_for_status()",
    ]
    if call.media_type:
        lines.append("print(response.text)")
    elif call.member == "boolean":
        lines.append('print(response.json()["boolean"])')
    else:
        lines += ['for row in response.json()["rows"]:', "    print(row)"]
    return "\n".join(lines)


def _sparqlwrapper(call: ApiCall) -> str:
    returned, printed = {
        QueryForm.SELECT: (
            "JSON",
            'for row in client.queryAndConvert()["results"]["bindings"]:\n'
            '    print({name: term["value"] for name, term in row.items()})',
        ),
        QueryForm.ASK: ("JSON", 'print(client.queryAndConvert()["boolean"])'),
    }.get(call.form, ("TURTLE", "print(client.queryAndConvert().decode())"))
    return "\n".join(
        (
            f"from SPARQLWrapper import {returned}, POST, SPARQLWrapper",
            "",
            f"client = SPARQLWrapper({_python(call.endpoint)})",
            "client.setMethod(POST)",
            f"client.setReturnFormat({returned})",
            f"client.setQuery({_python_text(call.query)})",
            printed,
        )
    )


def _fetch(call: ApiCall) -> str:
    pairs = "".join(f"  [{_json(name)}, {_json(value)}],\n" for name, value in call.pairs)
    read = "await response.text()" if call.media_type else f"(await response.json()).{call.member}"
    return "\n".join(
        (
            f"const url = new URL({_json(call.url)});",
            *([f"url.search = new URLSearchParams([\n{pairs}]);"] if call.pairs else []),
            f'const response = await fetch(url, {{ headers: {{ Accept: "{call.accept}" }} }});',
            "if (!response.ok) throw new Error(await response.text());",
            f"console.log({read});",
        )
    )


def _r(call: ApiCall) -> str:
    # The parameters are in the URL, where they are percent-encoded: one spelling for every value.
    read = "resp_body_string()" if call.media_type else "resp_body_json(simplifyVector = TRUE)"
    lines = [
        "library(httr2)",
        "",
        f"answer <- request({_json(call.address)}) |>",
        f'  req_headers(Accept = "{call.accept}") |>',
        "  req_perform() |>",
        f"  {read}",
        "answer" if call.media_type else f"answer${call.member}",
    ]
    return "\n".join(lines)


def _json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _python(text: str) -> str:
    # A string of JSON is also one of Python, since no value has a lone surrogate.
    return json.dumps(text, ensure_ascii=False)


def _python_text(text: str) -> str:
    """Return a text of several lines as a literal, over several lines where Python can express it."""
    lines = f"\n{text.strip()}\n"
    raw_characters = '"""' not in lines and "\r" not in lines and "\x00" not in lines
    return f'r"""{lines}"""' if raw_characters else _python(lines)
