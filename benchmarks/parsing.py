"""Reading queries of three lengths, and the engine beside it.

    python -m benchmarks.parsing [--rounds 200]

Each step is run once in each round, in turn. Printed are the medians in microseconds of the processor: for
tokens; the grammar's recognition; tokens and syntax tree; tokens, tree and algebra. The engine parses and
plans the query and evaluates it on an empty store.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Final

from pyoxigraph import Store

from endpoint.sparql.algebra.translation import translate
from endpoint.sparql.lexer import lex
from endpoint.sparql.syntax.grammar import recognize
from endpoint.sparql.syntax.parser import parse

_PROLOGUE: Final = "PREFIX ex: <http://example.org/ns/> PREFIX dct: <http://purl.org/dc/terms/>\n"
_SHORT: Final = "SELECT * { ?s ?p ?o } LIMIT 10"
_MIDDLE: Final = f"""{_PROLOGUE}SELECT ?title (COUNT(DISTINCT ?author) AS ?n) WHERE {{
  ?pub a ex:Publication ; dct:title ?title ; dct:creator ?author .
  OPTIONAL {{ ?author ex:name ?name }}
  FILTER(?year >= 2010 && CONTAINS(LCASE(?title), "korea"))
}} GROUP BY ?title ORDER BY DESC(?n) LIMIT 20"""
_PART: Final = "{ ?pub a ex:Paper ; dct:issued ?year ; ex:in [ ex:name 'a'@en ] FILTER(?year > 2000 + 10) }"
_PARTS: Final = " UNION ".join([_PART] * 12)
_LONG: Final = f"{_PROLOGUE}SELECT DISTINCT ?pub WHERE {{ {_PARTS} }} ORDER BY ?pub LIMIT 20"


def measure(rounds: int) -> None:
    """Measure all texts and print them."""
    store = Store()
    steps: dict[str, Callable[[str], object]] = {
        "lex": lex,
        "recognize": recognize,
        "parse": parse,
        "translate": lambda text: translate(parse(text)),
        "engine": store.query,
    }
    print(f"{'tokens':>6} " + " ".join(f"{name:>10}" for name in steps))
    for text in (_SHORT, _MIDDLE, _LONG):
        taken: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(rounds):
            for name, step in steps.items():
                started = time.thread_time_ns()
                step(text)
                taken[name].append((time.thread_time_ns() - started) / 1000)
        medians = (f"{statistics.median(times):7.0f} µs" for times in taken.values())
        print(f"{len(lex(text).tokens):6} " + " ".join(medians))


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
