from __future__ import annotations

import pytest

from endpoint.web.admin.state import SHORT, shortened


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("SELECT * { ?s ?p ?o }", "SELECT * { ?s ?p ?o }"),
        (
            "PREFIX a: <http://example.org/select/>\n# who\nselect ?x\n\t{ ?x a:b 1 }",
            "select ?x { ?x a:b 1 }",
        ),
        ("BASE <http://example.org/> ASK {}", "ASK {}"),
        ("no query at all", "no query at all"),
        ("ASK {\x1b[31m \u202e}", "ASK {\ufffd[31m \ufffd}"),
        ("", ""),
    ],
)
def test_a_query_is_shown_on_one_line_from_its_form_on(text: str, short: str) -> None:
    assert shortened(text) == short


@pytest.mark.parametrize(
    "text", ["ASK { " + "?s ?p ?o . " * 10_000 + "}", "ASK {" + " " * 10_000 + "}", "a" * 10**6]
)
def test_what_is_left_out_is_marked(text: str) -> None:
    short = shortened(text)
    assert short.endswith("…")
    assert len(short) <= SHORT
