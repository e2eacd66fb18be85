"""Tests that are not run, and those that are known to fail, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Suites of which no test is run.
SUITES: Final[Mapping[str, str]] = dict.fromkeys(
    ("sparql11/service", "sparql11/syntax-fed"), "The server calls no other services."
)

_CANONICAL: Final = "The store keeps literals in canonical form: 001 is 1 (docs/protocol.md)."
_GRAMMAR: Final = "The engine's grammar is not that strict."

KNOWN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *("sparql10/distinct distinct-1", "sparql10/distinct distinct-9"),
            *("sparql10/expr-builtin dawg-str-1", "sparql10/expr-builtin dawg-str-2"),
            *("sparql10/expr-builtin sameTerm-simple", "sparql10/expr-builtin sameTerm-eq"),
            *("sparql10/expr-builtin sameTerm-not-eq", "sparql10/open-world open-eq-01"),
            *("sparql10/expr-equals eq-graph-1", "sparql10/expr-equals eq-graph-2"),
            *("sparql11/csv-tsv-res csv03", "sparql12/grouping group01"),
        ),
        _CANONICAL,
    ),
    **dict.fromkeys(
        (
            *("sparql10/syntax-sparql3 syn-bad-26", "sparql12/syntax nested-aggregate-functions"),
            "sparql12/syntax-triple-terms-negative tripleterm-subject-03",
            "sparql12/syntax-triple-terms-negative tripleterm-subject-06",
        ),
        _GRAMMAR,
    ),
    "sparql10/expr-builtin case-insensitive-booleans": "The engine reads true and false in lower case only.",
    "sparql10/open-world date-2": "For the engine dates with time differ from dates; it is no error.",
    "sparql11/functions bnode01": "The engine makes a new blank node for each call of BNODE.",
    "sparql12/grouping select-variable-reuse": "The engine refuses a column in those after it.",
    **dict.fromkeys(
        ("sparql11/update-silent load-silent", "sparql11/update-silent load-into-silent"),
        "What no prefix allows is refused, also to LOAD SILENT (docs/writes.md).",
    ),
}
