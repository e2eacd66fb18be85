"""The builder of columns: a process that reads statements from its standard input and writes the files.

    python -m endpoint.ingest.column_builder FOLDER < STATEMENTS

:mod:`endpoint.columns.build` describes the stream; what it asks to derive is answered on standard output.
This is a process of its own, at a low priority, because its memory is then returned. It ends with 0 when
everything is written, and else says why not on standard error and leaves a folder without a description: with
:data:`~endpoint.columns.ANOTHER_STREAM` where the statements may have columns when they are read from the
store.
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from functools import partial
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, RdfFormat, Store, parse

from endpoint.columns import ANOTHER_STREAM
from endpoint.columns.build import build
from endpoint.columns.derivation import Derivation
from endpoint.columns.intake import Intake
from endpoint.columns.numbering import Numberer
from endpoint.columns.terms import Unreadable
from endpoint.engine.scratch import evaluate_alone

# Added to the niceness of whoever publishes.
NICE: Final = 10

# Terms that the engine writes in the same way: IRIs, literals without a datatype or of one whose values it
# does not keep, and some values.
_WRITTEN_SO: Final = re.compile(
    rb'<[^\x00-\x20<>"{}|^`\\]*>|'
    rb'"(?:[^"\\\x00-\x1f\x7f]*(?:\\[btnfr"\\][^"\\\x00-\x1f\x7f]*)*"'
    rb"(?:@[a-z]{1,8}(?:-[a-z0-9]{1,8})*|\^\^<http://www\.w3\.org/2001/XMLSchema#anyURI>)?|"
    rb'(?:0|-?[1-9][0-9]{0,17})"\^\^<http://www\.w3\.org/2001/XMLSchema#integer>|'
    rb'[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"\^\^<http://www\.w3\.org/2001/XMLSchema#date>)'
)
# How those characters begin that it escapes, though they are no control characters: U+FFFE and U+FFFF.
_ESCAPED: Final = b"\xef\xbf"


class Canonical:
    """The terms of N-Triples as the engine writes them, which keeps the values of many literals only."""

    def __init__(self) -> None:
        # No text has this name, so that what is read as one term is one.
        self._graph = NamedNode(f"urn:uuid:{uuid.uuid4()}")

    def __call__(self, term: bytes) -> bytes:
        """Return the term. Raises :class:`Unreadable`."""
        if _WRITTEN_SO.fullmatch(term) and _ESCAPED not in term:
            return term
        line = b"<x:> <x:> %b %b ." % (term, str(self._graph).encode())
        try:
            (quad,) = parse(line, RdfFormat.N_QUADS, lenient=True)
        except (SyntaxError, ValueError):
            raise Unreadable(term[:200].decode("utf-8", "replace")) from None
        if quad.graph_name != self._graph:
            raise Unreadable(term[:200].decode("utf-8", "replace"))
        store = Store()  # to empty one takes longer
        store.add(quad)
        written = store.dump(format=RdfFormat.N_TRIPLES, from_graph=self._graph) or b""
        return written[len(b"<x:> <x:> ") : -len(b" .\n")]


def _derive(derivation: Derivation, intake: Intake, numberer: Numberer, line: bytes) -> None:
    """Derive what the stream asks for, and answer with a line of JSON."""
    wanted = json.loads(line)
    graph, path = wanted["graph"].encode(), Path(wanted["path"])
    derived = derivation.derive(intake, numberer, wanted["rules"], graph, path)
    print(json.dumps(derived), flush=True)


def main(path: Path) -> int:
    """Build from standard input; return the exit status."""
    os.nice(NICE)
    try:
        build(sys.stdin.buffer, path, Canonical(), partial(_derive, Derivation(evaluate_alone)))
    except Unreadable as error:
        print(f"N-Triples cannot express {error}", file=sys.stderr)
        return ANOTHER_STREAM
    except ValueError as error:
        print(str(error), file=sys.stderr)
        return ANOTHER_STREAM
    except (OSError, MemoryError) as error:
        print(str(error) or "out of memory", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
